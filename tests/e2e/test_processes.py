"""What the two processes give away, and what operators and signals can rely on: P2, P9, P13, P14 from outside."""

import base64
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import time

import pytest
import raw
from stack import BOTS, PASSPHRASE, Sim, Stack, binary, stop, until

KEEP_ENDED = 23
KEEP_LOST_SECONDS = 15


def processes(stack):
    """The gateway's process and the keep's."""
    gateway = stack.serve_process.pid
    keep, = open(f"/proc/{gateway}/task/{gateway}/children").read().split()
    return gateway, int(keep)


def status_of(pid, field):
    return re.search(rf"^{field}:\s+(.*)$", open(f"/proc/{pid}/status").read(), re.M)[1]


def gone(pid):
    try:
        return open(f"/proc/{pid}/stat").read().split(") ")[1][0] == "Z"
    except OSError:
        return True


def ok(answer):
    """Whether a request did what was asked: OKX tells refusals of orders with status 200."""
    status, headers, _ = answer
    return status == 200 and "x-claviger-denial" not in headers


def buy(stack, keys, client_id, exchange="binance", **more):
    return raw.send(stack.port, raw.order(exchange, keys, client_id, "49900", "0.0002", **more))


def prices(stack):
    stack.sim.set_price("binance", "BTCUSDT", "50000")
    stack.sim.set_price("okx", "BTC-USDT", "50000")


class Desk:
    """The operators' socket, spoken by hand."""

    FREEZE_BOT, FREEZE_KEY = b"\x00\x00", b"\x00\x01"
    open = []

    def __init__(self, stack, greet=True):
        self.socket = socket.socket(socket.AF_UNIX)
        Desk.open.append(self.socket)
        self.socket.settimeout(20)
        self.socket.connect(str(stack.home / "control.sock"))
        if greet:
            version = subprocess.run([binary(), "--version"], capture_output=True, text=True).stdout.split()[1].encode()
            self.send(0, b"claviger" + bytes([len(version)]) + version)
            self.read()

    def send(self, number, message):
        self.socket.sendall(struct.pack("<IQ", len(message), number) + message)

    def read(self):
        length, number = struct.unpack("<IQ", self.exactly(12))
        return number, self.exactly(length)

    def exactly(self, length):
        got = b""
        while len(got) < length:
            more = self.socket.recv(length - len(got))
            if not more:
                raise ConnectionError("the desk hung up")
            got += more
        return got

    def freeze(self, what, name):
        self.send(1, what + bytes([len(name)]) + name.encode())
        _, said = self.read()
        assert said == b"\x00\x00", said
        return time.time()


@pytest.fixture(autouse=True)
def desks_are_closed():
    yield
    while Desk.open:
        Desk.open.pop().close()


# P9: freeze.

@pytest.mark.parametrize("of", ["bot", "key"])
def test_freeze_holds_when_it_returns(own, of):
    """Orders stream in by 16 connections; nothing that changes state leaves after the freeze was answered."""
    bots = {f"b{n}": {**BOTS["spot"], "max_day": "100000000 USDT", "max_open_orders": 5000} for n in range(3)}
    stack = own(bots if of == "bot" else {"b0": bots["b0"], "okx": BOTS["okx"]}).serve()
    prices(stack)
    for name in [n for n in stack.bots if n.startswith("b")]:
        keys, halt, sent, passed = stack.secrets(name), threading.Event(), [], []

        def storm(worker):
            n = 0
            while not halt.is_set():
                client_id = f"{name}w{worker}n{n}"
                n += 1
                sent.append((time.time(), client_id))
                if ok(buy(stack, keys, client_id)):
                    passed.append(client_id)

        workers = [threading.Thread(target=storm, args=(w,)) for w in range(16)]
        for worker in workers:
            worker.start()
        until(lambda: len(passed) > 30)
        desk = Desk(stack)
        frozen_at = desk.freeze(Desk.FREEZE_BOT if of == "bot" else Desk.FREEZE_KEY, name if of == "bot" else "binance-main")
        time.sleep(0.5)
        halt.set()
        for worker in workers:
            worker.join()
        late = [(at, request) for at, request in orders_at(stack) if at / 1000 > frozen_at + 0.002 and f"{name}w".encode() in request]
        assert not late, f"{len(late)} orders reached the exchange up to {1000 * (late[-1][0] / 1000 - frozen_at):.0f} ms after the freeze of {name} was answered"
        assert any(at > frozen_at for at, _ in sent)
        assert not ok(buy(stack, keys, f"{name}late"))
    if of == "key":
        assert ok(buy(stack, stack.secrets("okx"), "other1", "okx")), "a bot of another key goes on"
    assert stack.json("bot", "show", "b0")["frozen"] is True
    stack.stop()
    stack.serve()
    assert stack.json("bot", "show", "b0")["frozen"] is True
    assert not ok(buy(stack, stack.secrets("b0"), "again"))


def orders_at(stack):
    """Every order that Binance saw: when, by the machine's clock, and the bytes."""
    rows = stack.sim.admin("/record")
    rows = [(row["at"], base64.b64decode(row["bytes"])) for row in rows if row["exchange"] == "binance"]
    return [(at, request) for at, request in rows if request.startswith(b"POST /api/v3/order")]


def test_freeze_holds_over_an_order_that_still_waits_to_leave(own):
    """An order held up on its way out when the freeze comes never leaves after it was answered."""
    stack = own({"spot": BOTS["spot"]}).serve()
    prices(stack)
    keys = stack.secrets("spot")
    assert ok(buy(stack, keys, "first"))
    os.kill(stack.sim.process.pid, signal.SIGSTOP)
    try:
        results = []
        # More than there are open connections, so that some have to connect anew.
        waiting = [threading.Thread(target=lambda n=n: results.append(buy(stack, keys, f"held{n}"))) for n in range(8)]
        for one in waiting:
            one.start()
        time.sleep(0.3)
        began = time.monotonic()
        frozen_at = Desk(stack).freeze(Desk.FREEZE_BOT, "spot")
        assert time.monotonic() - began < 4
    finally:
        os.kill(stack.sim.process.pid, signal.SIGCONT)
    for one in waiting:
        one.join()
    begun = [client_id(request) for _, request in orders_at(stack)]
    journal = stack.run("journal", "show", "--all", "--json").stdout
    for n in range(8):
        assert f"held{n}" not in begun or f'"held{n}"' in journal
    assert frozen_at
    assert not ok(buy(stack, keys, "late"))


def client_id(request):
    return re.search(rb"newClientOrderId=([\w-]+)", request)[1].decode()


# P13: bots that share a key.

def pair(own, exchange):
    name, market = ("spot", {}) if exchange == "binance" else ("okx", {})
    stack = own({"one": {**BOTS[name], **market}, "two": {**BOTS[name], **market}}).serve()
    prices(stack)
    return stack, stack.secrets("one"), stack.secrets("two")


def test_a_bot_cannot_cancel_anothers_orders_on_binance(own):
    stack, one, two = pair(own, "binance")
    got = buy(stack, one, "mine1")
    assert ok(got)
    order_id = re.search(rb'"orderId":\s*(\d+)', got[2])[1].decode()
    def ask(keys, method, path, **params):
        return raw.send(stack.port, raw.binance(keys, method, path, {"symbol": "BTCUSDT", **params}))
    assert not ok(ask(two, "DELETE", "/api/v3/order", orderId=order_id))
    assert not ok(ask(two, "DELETE", "/api/v3/order", origClientOrderId="mine1"))
    assert not ok(ask(two, "DELETE", "/api/v3/order", orderId=order_id, origClientOrderId="mine1"))
    ok(ask(two, "DELETE", "/api/v3/openOrders"))
    for path in ("/api/v3/order/cancelReplace", "/api/v3/order/amend/keepPriority"):
        method = "POST" if "Replace" in path else "PUT"
        more = dict(side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.0002", price="49900", cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=order_id)
        assert not ok(ask(two, method, path, **(more if method == "POST" else dict(orderId=order_id, newQty="0.0001"))))
    open_now = ask(one, "GET", "/api/v3/openOrders")
    assert b'"mine1"' in open_now[2], "the other bot's order is gone"
    assert b'"NEW"' in ask(one, "GET", "/api/v3/order", orderId=order_id)[2]
    # A client id of the other bot's cannot be taken over.
    assert not ok(buy(stack, two, "mine1"))
    assert ok(ask(one, "DELETE", "/api/v3/order", origClientOrderId="mine1"))


def test_a_bot_cannot_cancel_anothers_orders_on_okx(own):
    stack, one, two = pair(own, "okx")
    got = buy(stack, one, "mine1", "okx")
    assert ok(got)
    order_id = re.search(rb'"ordId":\s*"(\d+)"', got[2])[1].decode()
    def ask(keys, path, body):
        return raw.send(stack.port, raw.okx(keys, "POST", path, body))
    for which in ({"ordId": order_id}, {"clOrdId": "mine1"}, {"ordId": order_id, "clOrdId": "mine1"}):
        which = {"instId": "BTC-USDT", **which}
        assert not ok(ask(two, "/api/v5/trade/cancel-order", which))
        assert not ok(ask(two, "/api/v5/trade/cancel-batch-orders", [which]))
        assert not ok(ask(two, "/api/v5/trade/amend-order", {**which, "newSz": "0.0001"}))
        assert not ok(ask(two, "/api/v5/trade/amend-batch-orders", [{**which, "newSz": "0.0001"}]))
    assert not ok(ask(two, "/api/v5/trade/cancel-all-after", {"timeOut": "10"}))
    still = raw.send(stack.port, raw.okx(one, "GET", f"/api/v5/trade/order?instId=BTC-USDT&ordId={order_id}"))
    assert b'"live"' in still[2], still
    assert ok(ask(one, "/api/v5/trade/cancel-order", {"instId": "BTC-USDT", "clOrdId": "mine1"}))


def test_settings_of_an_account_are_not_one_bots_to_change(own):
    perp = {**BOTS["perp"], "danger_account_wide": False}
    swap = {**BOTS["okxperp"], "danger_account_wide": False}
    stack = own({"one": perp, "two": perp, "okxone": swap, "okxtwo": swap}).serve()
    before = len(changes(stack))
    keys, okx_keys = stack.secrets("one"), stack.secrets("okxone")
    for path, params in (
        ("/fapi/v1/leverage", dict(symbol="BTCUSDT", leverage="3")),
        ("/fapi/v1/marginType", dict(symbol="BTCUSDT", marginType="ISOLATED")),
        ("/fapi/v1/positionSide/dual", dict(dualSidePosition="true")),
        ("/fapi/v1/countdownCancelAll", dict(symbol="BTCUSDT", countdownTime="1000")),
    ):
        answer = raw.send(stack.port, raw.binance(keys, "POST", path, params, prefix="binance-usdm"))
        assert not ok(answer), (path, answer)
    for path, body in (
        ("/api/v5/account/set-leverage", dict(instId="BTC-USDT-SWAP", lever="3", mgnMode="cross")),
        ("/api/v5/account/set-position-mode", dict(posMode="long_short_mode")),
        ("/api/v5/trade/close-position", dict(instId="BTC-USDT-SWAP", mgnMode="cross")),
        ("/api/v5/trade/cancel-all-after", dict(timeOut="10")),
    ):
        answer = raw.send(stack.port, raw.okx(okx_keys, "POST", path, body))
        assert not ok(answer), (path, answer)
    assert len(changes(stack)) == before, changes(stack)[before:]


def changes(stack):
    seen = [base64.b64decode(row["bytes"]) for row in stack.sim.admin("/record")]
    return [request for request in seen if not request.startswith(b"GET ")]


# The operators' socket.

def test_the_operators_socket_shrugs_off_noise(own):
    stack = own({"spot": BOTS["spot"]}).serve()
    prices(stack)
    keys = stack.secrets("spot")
    path = stack.home / "control.sock"
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    gateway, keep = processes(stack)
    before = resident_kib(keep)
    noises = [b"", b"\0", b"x" * 5, b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 12, struct.pack("<IQ", 0, 0), struct.pack("<IQ", 8 * 1024 * 1024, 0),
              struct.pack("<IQ", 2**32 - 1, 0) + b"x" * 100_000, struct.pack("<IQ", 4, 0) + b"\xff" * 4, os.urandom(4096)]
    for noise in noises * 3:
        with Desk(stack, greet=False).socket as desk, contextlib.suppress(OSError):
            desk.sendall(noise)
            desk.shutdown(socket.SHUT_WR)
            while desk.recv(4096):
                pass
    for command in (b"", b"\xff", b"\x00", b"\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x00\x07", b"\x02\x01\x01\xff\xff\xff\xff\x0f", os.urandom(500)):
        desk = Desk(stack)
        desk.send(1, command)
        with contextlib.suppress(OSError):
            desk.read()
    assert not gone(keep) and stack.ready()
    assert ok(buy(stack, keys, "noise1"))
    assert resident_kib(keep) < before + 32 * 1024
    assert "panicked" not in stack.log.read_text()


def test_slow_operators_hold_up_nobody(own):
    """Connections that say nothing, or half of something, keep neither bots nor a freeze waiting."""
    stack = own({"spot": BOTS["spot"]}).serve()
    prices(stack)
    keys = stack.secrets("spot")
    silent = [Desk(stack, greet=False) for _ in range(8)]
    greeted = [Desk(stack) for _ in range(8)]
    for desk in silent[:4] + greeted[:4]:
        desk.socket.sendall(struct.pack("<IQ", 4_000_000, 1) + b"x")
    began = time.monotonic()
    assert ok(buy(stack, keys, "slow1"))
    stack.run("bot", "freeze", "spot")
    assert time.monotonic() - began < 3
    assert not ok(buy(stack, keys, "slow2"))


def test_silent_connections_do_not_lock_operators_out(own):
    """Whoever can connect can take every place; the next one gets the place of who is silent longest."""
    stack = own({"spot": BOTS["spot"]}).serve()
    flood = []
    for _ in range(64):
        with contextlib.suppress(OSError):
            flood.append(Desk(stack, greet=False))
    stack.run("bot", "freeze", "spot")
    assert stack.json("bot", "show", "spot")["frozen"] is True


def test_wrong_factors_do_not_delay_a_freeze(own):
    """Guesses at the passphrase cost seconds of work each; a freeze does not queue behind them."""
    stack = own({"spot": BOTS["spot"]}).serve()
    wrong = b"\x01\x00\x04spot\x05wrong"
    desks = [Desk(stack) for _ in range(12)]
    for desk in desks:
        desk.send(1, wrong)
    time.sleep(0.1)
    began = time.monotonic()
    Desk(stack).freeze(Desk.FREEZE_BOT, "spot")
    assert time.monotonic() - began < 1.5, f"{time.monotonic() - began:.1f} s"
    answers = [desk.read()[1] for desk in desks]
    assert all(answer[0] == 1 for answer in answers), "a wrong passphrase must be refused"
    assert stack.json("bot", "show", "spot")["frozen"] is True


# What lies open.

def test_files_are_the_owners_alone(own):
    stack = own({"spot": BOTS["spot"], "okx": BOTS["okx"]})
    before = os.umask(0)
    try:
        stack.serve()
    finally:
        os.umask(before)
    prices(stack)
    assert ok(buy(stack, stack.secrets("spot"), "mode1"))
    stack.run("bot", "freeze", "okx")
    for path in [stack.home, *stack.home.rglob("*")]:
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, f"{path} {stat.S_IMODE(path.lstat().st_mode):o}"
    stack.stop()
    for path in [stack.home, *stack.home.rglob("*")]:
        assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path


def test_the_keep_is_closed_off(own):
    stack = own({"spot": BOTS["spot"], "okx": BOTS["okx"]}).serve()
    gateway, keep = processes(stack)
    assert status_of(keep, "Seccomp") == "2" and status_of(keep, "NoNewPrivs") == "1"
    core = re.search(r"Max core file size\s+(\S+)\s+(\S+)", open(f"/proc/{keep}/limits").read())
    assert core.groups() == ("0", "0")
    assert re.search(r"Max core file size\s+0", open(f"/proc/{gateway}/limits").read())
    for pid in (gateway, keep):
        told = open(f"/proc/{pid}/cmdline", "rb").read() + open(f"/proc/{pid}/environ", "rb").read()
        for name, secret in secrets(stack).items():
            assert secret not in told, name
    internet = set()
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        internet |= {line.split()[9] for line in open(f"/proc/{keep}/net/{table}").readlines()[1:]}
    for fd in os.listdir(f"/proc/{keep}/fd"):
        with contextlib.suppress(FileNotFoundError):
            leads = os.readlink(f"/proc/{keep}/fd/{fd}")
            assert not leads.startswith("pipe:") and "stack.py" not in leads, leads
            assert leads.removeprefix("socket:[").removesuffix("]") not in internet, leads


def test_the_same_user_cannot_look_into_the_keep(tmp_path):
    """Another process of claviger's own user reads neither the keep's memory nor its environment nor its descriptors."""
    if os.getuid() != 0:
        pytest.fail("run as root: running claviger as another user needs it")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="claviger"))
    folder.chmod(0o755)
    sim, user = Sim(folder / "sim"), 61234
    try:
        shutil.copy(sim.facts["ca"], folder / "ca.pem")
        (folder / "ca.pem").chmod(0o644)
        sim.facts["ca"] = str(folder / "ca.pem")
        stack = Stack(folder / "stack", sim, {"spot": BOTS["spot"]})
        shutil.copy(binary(), folder / "claviger")
        for path in [stack.folder, *stack.folder.rglob("*")]:
            os.chown(path, user, user)
        read, write = os.pipe()
        os.write(write, PASSPHRASE.encode())
        os.close(write)
        with open(folder / "log", "w") as log:
            serving = subprocess.Popen([str(folder / "claviger"), "--home", str(stack.home), "serve", "--passphrase-fd", str(read)],
                                       pass_fds=(read,), stdout=subprocess.DEVNULL, stderr=log, user=user, group=user, extra_groups=[])
        os.close(read)
        try:
            def keep():
                assert serving.poll() is None, (folder / "log").read_text()
                found = open(f"/proc/{serving.pid}/task/{serving.pid}/children").read().split()
                return found and (stack.home / "status.json").exists() and found[0]
            pid = until(keep)
            look = "import os,sys\nfor f in ('mem','environ','maps','auxv','syscall','stack'):\n  try:\n    open(f'/proc/{sys.argv[1]}/{f}','rb').read(1); print('read', f)\n  except (OSError, ValueError): pass\ntry:\n  os.listdir(f'/proc/{sys.argv[1]}/fd'); print('read fd')\nexcept OSError: pass\n"
            looking = subprocess.run(["/usr/bin/env", "python3", "-c", look, str(pid)], user=user, group=user, extra_groups=[], capture_output=True, text=True, cwd="/")
            assert (looking.returncode, looking.stdout) == (0, ""), looking
            assert os.stat(f"/proc/{pid}/mem").st_uid == 0, "the keep can be dumped"
        finally:
            stop(serving)
        assert serving.returncode == 0, (folder / "log").read_text()
    finally:
        sim.stop()
        # For the search at the end: no other test's folder is open to another user.
        shutil.copytree(folder, tmp_path / "kept", ignore=shutil.ignore_patterns("*.sock"))
        sim.tell(folder=tmp_path / "kept" / "sim")
        stack.tell(folder=tmp_path / "kept" / "stack")
        shutil.rmtree(folder)


def secrets(stack):
    keys = stack.sim.facts["keys"]
    return {
        "the vault's passphrase": PASSPHRASE.encode(),
        "Binance's secret": keys["binance"]["secret"].encode(),
        "OKX's secret": keys["okx"]["secret"].encode(),
    }


def forms(secret):
    yield "as it is", secret
    yield "its first half", secret[: len(secret) // 2 + 1]
    yield "in hexadecimal", secret.hex().encode()
    yield "in base64", base64.b64encode(secret)[: len(secret) // 3 * 4]
    padded = secret.ljust(64, b"\0")
    if len(secret) <= 64:
        yield "as HMAC's inner pad", bytes(b ^ 0x36 for b in padded)
        yield "as HMAC's outer pad", bytes(b ^ 0x5C for b in padded)


def memory(pid):
    """Everything that root can read of a process's memory."""
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in open(f"/proc/{pid}/maps").read().splitlines():
            where, rights, *_ = line.split()
            if "r" in rights and "[v" not in line:
                start, end = (int(x, 16) for x in where.split("-"))
                with contextlib.suppress(OSError, OverflowError):
                    mem.seek(start)
                    yield line, mem.read(end - start)


def test_memory_holds_no_secret(own):
    """P2: after signing, a wrong and a right factor, a reveal and a new key, neither process's memory holds a secret."""
    stack = own({"spot": BOTS["spot"], "okx": BOTS["okx"]}).serve()
    prices(stack)
    spot, okx = stack.secrets("spot"), stack.secrets("okx")
    for n in range(20):
        assert ok(buy(stack, spot, f"m{n}"))
        assert ok(buy(stack, okx, f"m{n}", "okx"))
    added = "ThisIsTheSecretOfAKeyThatWasAddedWhileTheGatewayRan0123456789abc"
    toml = stack.home / "claviger.toml"
    toml.write_text(toml.read_text() + '[key.second]\nexchange = "binance"\n')
    stack.run("key", "add", "second", "--exchange", "binance", "--id", "b" * 64, "--fd", "3", fds={3: added})
    stack.run("bot", "freeze", "spot")
    stack.run("bot", "thaw", "spot")
    assert ok(buy(stack, spot, "thawed"))
    gateway, keep = processes(stack)
    found = []
    wanted = {**secrets(stack), "the added secret": added.encode()}
    for who, pid in (("gateway", gateway), ("keep", keep)):
        size = 0
        for line, data in memory(pid):
            size += len(data)
            for name, secret in wanted.items():
                found += [f"{who}: {name} {form} in {line}" for form, bytes_ in forms(secret) if bytes_ in data]
        assert size > 1024 * 1024, "the memory could not be read"
    assert not found, "\n".join(found)
    passphrase = stack.sim.facts["keys"]["okx"]["passphrase"].encode()
    left = [line for line, data in memory(keep) if passphrase in data]
    assert not left, f"OKX's passphrase stays in the keep: {left}"
    wanted["OKX's passphrase"] = passphrase
    files = [p for p in [*stack.home.rglob("*"), stack.log] if p.is_file()]
    for path in files:
        data = path.read_bytes()
        assert not [name for name, secret in wanted.items() if secret in data], path


# Signals and ends.

def test_sigterm_lets_what_is_in_flight_finish(own):
    stack = own({"spot": BOTS["spot"]}).serve()
    prices(stack)
    keys = stack.secrets("spot")
    assert ok(buy(stack, keys, "before"))
    stack.sim.fault(exchange="binance", method="POST", path="/api/v3/order", kind={"delay_ms": 1500})
    results = []
    waiting = threading.Thread(target=lambda: results.append(buy(stack, keys, "flying")))
    waiting.start()
    time.sleep(0.5)
    stack.serve_process.terminate()
    time.sleep(0.2)
    with contextlib.suppress(OSError):
        late = buy(stack, keys, "late")
        assert not ok(late)
    waiting.join()
    assert ok(results[0]), results
    assert stack.serve_process.wait(15) == 0
    stack.run("journal", "verify")
    journal = stack.run("journal", "show", "--all", "--json").stdout
    assert '"flying"' in journal and '"late"' not in journal
    assert not (stack.home / "control.sock").exists()
    stack.serve()
    assert ok(raw.send(stack.port, raw.binance(keys, "DELETE", "/api/v3/order", {"symbol": "BTCUSDT", "origClientOrderId": "flying"})))


def test_sighup_applies_what_is_not_wider(own):
    bot = {**BOTS["spot"], "max_order": "1000 USDT"}
    stack = own({"spot": bot}).serve()
    prices(stack)
    keys = stack.secrets("spot")
    def order(client_id, quantity="0.01"):
        return ok(raw.send(stack.port, raw.order("binance", keys, client_id, "49900", quantity)))
    assert order("hup1")
    stack.write_config({"spot": {**bot, "max_order": "100 USDT"}})
    os.kill(stack.serve_process.pid, signal.SIGHUP)
    until(lambda: "was applied" in stack.log.read_text())
    assert not order("hup2") and order("hup3", "0.0002")
    assert stack.json("status")["file"] == {"state": "active"}
    stack.write_config({"spot": {**bot, "max_order": "5000 USDT"}})
    os.kill(stack.serve_process.pid, signal.SIGHUP)
    until(lambda: "wider" in stack.log.read_text())
    assert not order("hup4")
    assert stack.json("status")["file"] == {"state": "changed"}
    stack.run("status", "--check")


def test_a_reload_that_fails_keeps_the_old_policy_and_says_so(own):
    bot = {**BOTS["spot"], "max_order": "100 USDT"}
    stack = own({"spot": bot}).serve()
    prices(stack)
    keys = stack.secrets("spot")
    def order(client_id, quantity):
        return ok(raw.send(stack.port, raw.order("binance", keys, client_id, "49900", quantity)))
    before = stack.json("status")["policy"]
    file = stack.home / "claviger.toml"
    good = file.read_text()
    file.write_text(good.replace("max_order", "max_ordr"))
    os.kill(stack.serve_process.pid, signal.SIGHUP)
    until(lambda: "stays in use" in stack.log.read_text())
    line, = (line for line in stack.log.read_text().splitlines() if "stays in use" in line)
    assert "ERROR" in line and "claviger.toml:" in line and "max_ordr" in line, line
    assert not order("bad1", "0.01") and order("bad2", "0.0002")
    status = stack.json("status")
    assert status["policy"] == before and status["file"]["state"] == "unusable", status
    assert "max_ordr" in status["file"]["because"][-1]
    shown = stack.run("status").stdout
    assert "claviger.toml cannot be used; the policy from before stays in use" in shown and "max_ordr" in shown
    checked = stack.run("status", "--check", check=False)
    assert checked.returncode != 0 and "max_ordr" in checked.stderr
    refused = stack.run("apply", check=False)
    assert refused.returncode == checked.returncode and "max_ordr" in refused.stderr
    file.write_text(good)
    stack.run("status", "--check")
    assert stack.json("status")["file"] == {"state": "active"}


def test_the_end_of_the_keep_ends_everything(own):
    stack = own({"spot": BOTS["spot"]}).serve()
    prices(stack)
    keys = stack.secrets("spot")
    gateway, keep = processes(stack)
    os.kill(keep, signal.SIGKILL)
    assert stack.serve_process.wait(KEEP_LOST_SECONDS) == KEEP_ENDED
    log = stack.log.read_text()
    assert "because" in log and "panicked" not in log
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", stack.port), timeout=2)
    stack.serve()
    assert ok(buy(stack, keys, "anew"))


def test_a_keep_that_hangs_lets_nothing_through(own):
    """Nothing leaves on a guess while the keep does not answer."""
    stack = own({"spot": BOTS["spot"]}).serve()
    prices(stack)
    keys = stack.secrets("spot")
    gateway, keep = processes(stack)
    before = len(changes(stack))
    os.kill(keep, signal.SIGSTOP)
    try:
        with pytest.raises(TimeoutError):
            raw.send(stack.port, raw.order("binance", keys, "hung", "49900", window=1000), timeout=2.5)
        assert len(changes(stack)) == before
    finally:
        os.kill(keep, signal.SIGCONT)
    time.sleep(1)
    assert len(changes(stack)) == before, "an order left after its window"
    assert ok(buy(stack, keys, "awake"))


def test_the_end_of_the_gateway_ends_the_keep(own):
    stack = own({"spot": BOTS["spot"]}).serve()
    prices(stack)
    keys = stack.secrets("spot")
    gateway, keep = processes(stack)
    os.kill(gateway, signal.SIGKILL)
    stack.serve_process.wait()
    until(lambda: gone(keep), 15)
    stack.serve()
    assert ok(buy(stack, keys, "anew"))
    stack.stop()
    stack.run("journal", "verify")


# Floods.

def resident_kib(pid):
    return int(status_of(pid, "VmRSS").split()[0])


def test_connections_without_end_use_bounded_memory(own):
    """One address cannot take every place, and bodies that never end hold little."""
    stack = own({"spot": {**BOTS["spot"], "sources": ["127.0.0.0/8"]}}).serve()
    prices(stack)
    keys = stack.secrets("spot")
    gateway, keep = processes(stack)
    before = resident_kib(gateway), resident_kib(keep)
    big = b"POST /binance/api/v3/order HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + b"x" * 65536
    small = b"GET /binance/api/v3/account HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 15000
    flood = []
    for n in range(700):
        with contextlib.suppress(OSError):
            s = socket.create_connection(("127.0.0.1", stack.port), timeout=5, source_address=("127.0.0.9", 0))
            s.setblocking(False)
            flood.append(s)
            s.send(big if n % 2 else small)
    during = resident_kib(gateway), resident_kib(keep)
    assert ok(buy(stack, keys, "flood1"))
    assert during[0] < before[0] + 96 * 1024 and during[1] < before[1] + 16 * 1024, (before, during)
    time.sleep(0.5)
    assert ok(buy(stack, keys, "flood2"))
    for s in flood:
        s.close()
    until(lambda: len(os.listdir(f"/proc/{gateway}/fd")) < 120, 20)
    assert ok(buy(stack, keys, "flood3"))
    assert "panicked" not in stack.log.read_text()
