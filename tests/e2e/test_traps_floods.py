"""P14 from outside, by raw bytes to the running binary: many at once.

Each attack is refused, reaches no exchange, and harms nobody else.
"""

import concurrent.futures
import re
import time

import raw
from traps import attack, connect, form, GOOD, new_source, refused, sign


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1])


def processes(stack):
    parent = stack.serve_process.pid
    return [parent, *map(int, open(f"/proc/{parent}/task/{parent}/children").read().split())]


def journal_bytes(stack):
    return sum(p.stat().st_size for p in stack.home.rglob("*") if p.is_file())


def test_a_flood_of_unknown_keys_is_bounded(trapped):
    """Unknown ids from one address use neither memory nor disk without end, and a bot that is known is served meanwhile."""
    source = new_source()
    assert trapped.honest("binance", source), "known from there"
    memory, disk = [resident_kib(p) for p in processes(trapped.stack)], journal_bytes(trapped.stack)
    before = trapped.seen()
    end = time.monotonic() + 4

    def flood(n):
        count, statuses = 0, set()
        while time.monotonic() < end:
            keys = {"apiKey": f"{n:04d}{count:060d}", "secret": "x" * 64}
            got = b""
            with connect(trapped.port, source) as s:
                for _ in range(20):
                    s.sendall(sign(keys, "", form(GOOD)))
                    got = s.recv(65536)
                    statuses.update(refused(got))
                    count += 1
                    if time.monotonic() > end or not got:
                        break
        return count, statuses

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        floods = [pool.submit(flood, n) for n in range(8)]
        time.sleep(2)
        began = time.monotonic()
        assert trapped.honest("binance", source) and trapped.honest("okx")
        assert time.monotonic() - began < 2
        total = sum(f.result()[0] for f in floods)
    assert total > 200
    assert trapped.seen() == before
    for old, new in zip(memory, (resident_kib(p) for p in processes(trapped.stack))):
        assert new < old + 16 * 1024, (memory, new)
    assert journal_bytes(trapped.stack) < disk + 1024 * 1024


def test_unknown_keys_cannot_be_told_from_bad_signatures_by_work(trapped):
    """Both are refused; neither says whether source, time or meaning would have passed."""
    known, unknown = dict(trapped.keys["binance"], secret="x" * 64), {"apiKey": "a" * 64, "secret": "x" * 64}
    for keys, code in ((known, b"-1022"), (unknown, b"-2014")):
        old = form(GOOD, str(raw.now_ms() - 3_600_000))
        for text in (form(GOOD), old, form(GOOD + "&unknown=1")):
            assert code in attack(trapped, sign(keys, "", text)), code
