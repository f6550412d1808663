"""`isolation = "none"`: everything in one process, for systems without the means to keep two apart."""

import os
import re
import signal

import ccxt
import pytest
import raw
from clients import near
from stack import BOTS, until
from test_processes import Desk, gone, ok, prices, status_of

EXCHANGES = {"binance": ("spot", "BTC/USDT"), "okx": ("okx", "BTC/USDT")}


def bots(**more):
    return {name: {**BOTS[name], **more} for name in ("spot", "okx")}


@pytest.fixture(scope="module")
def one(make_stack):
    return make_stack(bots(), isolation="none").serve()


def children(pid):
    return open(f"/proc/{pid}/task/{pid}/children").read().split()


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_trade(clients, one, exchange):
    bot, symbol = EXCHANGES[exchange]
    c = clients(one, exchange, bot)
    assert symbol in c.load_markets()
    assert c.fetch_balance()["USDT"]["total"] > 0
    order = c.create_order(symbol, "limit", "buy", 0.002, near(c, symbol, 0.99))
    assert order["id"] in [o["id"] for o in c.fetch_open_orders(symbol)]
    c.cancel_order(order["id"], symbol)
    bought = c.create_order(symbol, "market", "buy", 0.002)
    assert c.fetch_order(bought["id"], symbol)["filled"] > 0
    with pytest.raises(ccxt.InvalidOrder, match="max_order"):
        c.create_order(symbol, "limit", "buy", 5, near(c, symbol, 0.99))
    one.run("bot", "freeze", bot)
    with pytest.raises(ccxt.PermissionDenied, match="frozen"):
        c.create_order(symbol, "limit", "buy", 0.002, near(c, symbol, 0.99))
    one.run("bot", "thaw", bot)
    c.cancel_order(c.create_order(symbol, "limit", "buy", 0.002, near(c, symbol, 0.99))["id"], symbol)


def test_one_process_that_says_so(one):
    """No second process and no filter of system calls, but no core file; the log says that it is so."""
    pid = one.serve_process.pid
    assert not children(pid) and status_of(pid, "Seccomp") == "0"
    assert re.search(r"Max core file size\s+0\s+0", open(f"/proc/{pid}/limits").read())
    assert 'isolation = "none"' in one.log.read_text().replace("\\", "")


def test_freeze_kill_and_restart(own):
    stack = own(bots(max_day="1000 USDT"), isolation="none").serve()
    prices(stack)
    keys = {exchange: stack.secrets(bot) for exchange, (bot, _) in EXCHANGES.items()}
    def buy(exchange, name):
        return raw.order(exchange, keys[exchange], name, "49900", "0.002")
    first = {exchange: buy(exchange, "first") for exchange in EXCHANGES}
    for request in first.values():
        assert ok(raw.send(stack.port, request))
    # An answer that never comes counts in full, also after the end of the process.
    for exchange, path in (("binance", "/api/v3/order"), ("okx", "/api/v5/trade/order")):
        stack.sim.fault(exchange=exchange, method="POST", path=path, kind={"cut": 0}, times=1)
        stack.sim.fault(exchange=exchange, method="GET", path=path, kind={"html": 503})
        assert not ok(raw.send(stack.port, buy(exchange, "unknown")))
    assert Desk(stack).freeze(Desk.FREEZE_BOT, "okx")
    os.kill(stack.serve_process.pid, signal.SIGKILL)
    stack.serve_process.wait()
    assert gone(stack.serve_process.pid)
    stack.serve()
    stack.run("journal", "verify")
    assert stack.json("bot", "show", "okx")["frozen"] is True
    for exchange, request in first.items():
        status, _, body = raw.send(stack.port, request)
        assert b"-1021" in body or b"50102" in body, (status, body)
    stack.run("bot", "thaw", "okx")
    for exchange in EXCHANGES:
        spent = [raw.send(stack.port, buy(exchange, f"more{n}")) for n in range(10)]
# Both orders from before count: at 100 USDT each or, where the price of before was still the reference, 120.
        assert sum(map(ok, spent)) in (7, 8) and b"max_day" in spent[-1][2], spent
        assert len(stack.sim.orders(exchange)) <= 10
    os.kill(stack.serve_process.pid, signal.SIGTERM)
    assert stack.serve_process.wait(15) == 0
    stack.run("journal", "verify")
    stack.serve()
    until(lambda: stack.ready())


def test_two_do_not_serve_one_home(own):
    stack = own({"spot": BOTS["spot"]}, isolation="none").serve()
    done = stack.run("serve", check=False)
    assert done.returncode == 14 and "because" in done.stderr, done
    assert ok(raw.send(stack.port, raw.binance(stack.secrets("spot"), "GET", "/api/v3/account", {})))
