"""P1, P6, P7, P8: `kill -9` at random points loses no intent, exceeds no budget, repeats nothing."""

import asyncio
import decimal
import os
import random
import re
import signal
import time

import raw
from stack import BOTS, until

ROUNDS = int(os.environ.get("CLAVIGER_KILLS", "200"))
EXCHANGES = ("binance", "okx")
MAX_DAY = decimal.Decimal(60000)


def processes(stack):
    """The gateway's process and its keep."""
    parent = stack.serve_process.pid
    children = open(f"/proc/{parent}/task/{parent}/children").read().split()
    return [parent, *map(int, children)]


def gone(pid):
    try:
        return open(f"/proc/{pid}/stat").read().split(") ")[1][0] == "Z"
    except OSError:
        return True


async def storm(stack, keys, price, number, victim, rng):
    """64 orders at once, and a kill in their midst: at a random time, or once a random number of them is answered."""
    sent, answered = [], asyncio.Event()
    after, left = rng.uniform(0, 0.3), rng.randint(0, 60)
    for n in range(32):
        for exchange in EXCHANGES:
            client_id = f"k{number}x{n}{exchange[0]}"
            request = raw.order(exchange, keys[exchange], client_id, price[exchange], window=60000)
            sent.append((exchange, client_id, request))

    async def kill():
        if left:
            await asyncio.wait_for(answered.wait(), 10)
            await asyncio.sleep(after / 30)
        else:
            await asyncio.sleep(after)
        for pid in victim:
            os.kill(pid, signal.SIGKILL)

    async def send(request):
        nonlocal left
        answer = await raw.send_async(stack.port, request)
        left -= 1
        if left <= 0:
            answered.set()
        return answer

    answers = await asyncio.gather(kill(), *(send(request) for _, _, request in sent))
    return [(*s, *a) for s, a in zip(sent, answers[1:])]


def journal_text(stack):
    return stack.run("journal", "show", "--all", "--json").stdout


def client_ids(record):
    """The client order ids of the orders that the exchanges saw."""
    seen = []
    for exchange, request in record:
        text = request.decode("latin-1")
        if exchange == "binance" and text.startswith("POST /api/v3/order "):
            seen += re.findall(r"newClientOrderId=([\w-]+)", text)
        if exchange == "okx" and text.startswith("POST /api/v5/trade/order "):
            seen += re.findall(r'"clOrdId":"([\w-]+)"', text)
    return seen


def test_kills(own):
    rng = random.Random(20261122)
    bots = {"spot": {**BOTS["spot"], "max_day": f"{MAX_DAY} USDT"}, "okx": {**BOTS["okx"], "max_day": f"{MAX_DAY} USDT"}}
    stack = own(bots)
    keys = {"binance": stack.secrets("spot"), "okx": stack.secrets("okx")}
    price = {"binance": "0", "okx": "0"}
    results, replayed = [], 0
    started = time.monotonic()
    stack.serve()
    for number in range(ROUNDS):
        for exchange, symbol in (("binance", "BTCUSDT"), ("okx", "BTC-USDT")):
            stack.sim.set_price(exchange, symbol, "50000")
            price[exchange] = "49800"
        gateway, keep = processes(stack)[:2]
        victim = rng.choice([[gateway], [keep], [keep, gateway]])
        got = asyncio.run(storm(stack, keys, price, number, victim, rng))
        results += got
        until(lambda: gone(gateway) and gone(keep))
        stack.serve_process.wait()
        stack.serve()
        for exchange, client_id, request, *_ in rng.sample(got, 2):
            # Only what the exchange saw must be refused now; what died before its intent was written may still pass once.
            if client_id in journal_text(stack):
                status, _, body = raw.send(stack.port, request)
                assert status in (400, 401), (status, body)
                assert b"-1021" in body or b"50102" in body, body
                replayed += 1
    stack.stop()
    assert replayed > ROUNDS // 4
    stack.run("journal", "verify")
    journal = journal_text(stack)
    seen = client_ids(stack.sim.record())
    assert len(seen) > ROUNDS * 4, "the storm hardly reached the exchanges"
    missing = [i for i in seen if f'"{i}"' not in journal]
    assert not missing, f"{len(missing)} requests left without an intent, such as {missing[:5]}"
    twice = {i for i in seen if seen.count(i) > 1}
    assert not twice, f"sent twice: {sorted(twice)[:5]}"
    for exchange in EXCHANGES:
        placed = [o for o in stack.sim.orders(exchange)]
        value = sum(decimal.Decimal(str(o["price"])) * decimal.Decimal(str(o["qty"])) for o in placed)
        assert value <= MAX_DAY, f"{exchange}: {value} USDT at the exchange, max_day = {MAX_DAY} USDT"
    print(f"{ROUNDS} kills, {len(seen)} orders seen, {replayed} replays refused, {time.monotonic() - started:.0f} s")


def test_budget_counts_unknown_outcomes_after_restart(own):
    """Orders whose answers never came count in full, before and after a restart."""
    bots = {"spot": {**BOTS["spot"], "max_day": "500 USDT"}}
    stack = own(bots)
    stack.serve()
    stack.sim.set_price("binance", "BTCUSDT", "50000")
    keys = stack.secrets("spot")
    stack.sim.fault(exchange="binance", method="POST", path="/api/v3/order", kind={"cut": 0})
    stack.sim.fault(exchange="binance", method="GET", path="/api/v3/order", kind={"html": 503})
    for n in range(4):
        status, _, body = raw.send(stack.port, raw.order("binance", keys, f"u{n}", "49900"))
        assert status >= 500 or status == 0, body
    stack.stop()
    stack.serve()
    statuses = [raw.send(stack.port, raw.order("binance", keys, f"v{n}", "49900")) for n in range(3)]
    assert any(b"max_day" in body for _, _, body in statuses), statuses
    assert len(client_ids(stack.sim.record())) <= 5
