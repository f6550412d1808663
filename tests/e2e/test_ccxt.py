"""Unmodified ccxt for Python, sync and async, by both ways in, on both exchanges."""

import ccxt
import pytest
from clients import near

SPOT = [("binance", "spot", "BTC/USDT"), ("okx", "okx", "BTC/USDT")]
PERP = [("binance", "perp", "BTC/USDT:USDT"), ("okx", "okxperp", "BTC/USDT:USDT")]


@pytest.mark.parametrize("exchange, bot, symbol", SPOT)
def test_spot_orders_from_markets_to_history(client, exchange, bot, symbol):
    c = client(exchange, bot)
    assert symbol in c.load_markets()
    assert c.fetch_balance()["USDT"]["total"] > 0
    price = near(c, symbol, 0.99)
    order = c.create_order(symbol, "limit", "buy", 0.002, price)
    assert order["id"]
    assert c.fetch_order(order["id"], symbol)["status"] == "open"
    assert order["id"] in [o["id"] for o in c.fetch_open_orders(symbol)]
    if exchange == "okx":
        c.edit_order(order["id"], symbol, "limit", "buy", 0.001, price)
        assert c.fetch_order(order["id"], symbol)["amount"] == 0.001
    c.cancel_order(order["id"], symbol)
    assert c.fetch_order(order["id"], symbol)["status"] == "canceled"
    bought = c.create_order(symbol, "market", "buy", 0.002)
    assert c.fetch_order(bought["id"], symbol)["filled"] > 0
    sold = c.create_order(symbol, "market", "sell", 0.002)
    assert c.fetch_order(sold["id"], symbol)["filled"] > 0
    assert bought["id"] in [t["order"] for t in c.fetch_my_trades(symbol)]


@pytest.mark.parametrize("exchange, bot, symbol", PERP)
def test_perpetuals(client, exchange, bot, symbol):
    c = client(exchange, bot, defaultType="swap")
    c.load_markets()
    c.set_leverage(3, symbol, {"mgnMode": "cross"} if exchange == "okx" else {})
    amount = 0.01 if exchange == "binance" else 1
    params = {"tdMode": "cross"} if exchange == "okx" else {}
    resting = c.create_order(symbol, "limit", "buy", amount, near(c, symbol, 0.99), params)
    assert resting["id"] in [o["id"] for o in c.fetch_open_orders(symbol)]
    c.cancel_order(resting["id"], symbol)
    c.create_order(symbol, "market", "buy", amount, None, params)
    assert any(p["contracts"] for p in c.fetch_positions([symbol]))
    c.create_order(symbol, "market", "sell", amount, None, {**params, "reduceOnly": True})


def test_leverage_above_its_limit(client):
    c = client("binance", "perp", defaultType="swap")
    c.load_markets()
    with pytest.raises(ccxt.InvalidOrder):
        c.set_leverage(20, "BTC/USDT:USDT")


REFUSED = {
    "too large": (ccxt.InvalidOrder, lambda c, s: c.create_order(s, "limit", "buy", 5, near(c, s, 0.99))),
    "sell far below": (ccxt.InvalidOrder, lambda c, s: c.create_order(s, "limit", "sell", 0.002, near(c, s, 0.8))),
    "wrong symbol": (ccxt.PermissionDenied, lambda c, s: c.create_order("BTC/USDC", "limit", "buy", 0.002, near(c, s, 0.99))),
    "perp on a spot bot": (
        ccxt.PermissionDenied,
        lambda c, s: c.create_order("BTC/USDT:USDT", "limit", "buy", 1, near(c, s, 0.99), {"tdMode": "cross"} if c.raw.id == "okx" else {}),
    ),
    "unknown parameter": (ccxt.BadRequest, lambda c, s: c.create_order(s, "limit", "buy", 0.002, near(c, s, 0.99), {"surprise": "1"})),
    "withdrawal": (
        ccxt.PermissionDenied,
        lambda c, s: c.withdraw("USDT", 10, "TXxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", {"network": "TRC20", **({"fee": "1"} if c.raw.id == "okx" else {})}),
    ),
    "transfer": (ccxt.PermissionDenied, lambda c, s: c.transfer("USDT", 1, "spot", "linear" if c.raw.id == "binance" else "funding")),
}


@pytest.mark.parametrize("exchange, bot, symbol", SPOT)
@pytest.mark.parametrize("what", REFUSED)
def test_refusals_raise_the_right_class(client, stack, exchange, bot, symbol, what):
    expected, act = REFUSED[what]
    c = client(exchange, bot)
    c.load_markets()
    before = len(stack.sim.orders(exchange))
    with pytest.raises(expected) as caught:
        act(c, symbol)
    assert not isinstance(caught.value, ccxt.NetworkError), "a refusal must not be retried"
    assert "claviger" in str(caught.value)
    assert len(stack.sim.orders(exchange)) == before, "a refused order reached the exchange"


@pytest.mark.parametrize("exchange, bot, symbol", [("binance", "small", "BTC/USDT"), ("okx", "okxsmall", "BTC/USDT")])
def test_day_budget_spent(client, exchange, bot, symbol):
    c = client(exchange, bot)
    c.load_markets()
    with pytest.raises(ccxt.BaseError) as caught:
        for _ in range(40):
            order = c.create_order(symbol, "limit", "buy", 0.001, near(c, symbol, 0.99))
            assert order["id"]
    assert "max_day" in str(caught.value)
    assert not isinstance(caught.value, ccxt.NetworkError) or isinstance(caught.value, ccxt.RateLimitExceeded)


@pytest.mark.parametrize("exchange, bot, symbol", SPOT)
def test_frozen_and_thawed(client, stack, exchange, bot, symbol):
    c = client(exchange, bot)
    c.load_markets()
    price = near(c, symbol, 0.99)
    stack.run("bot", "freeze", bot)
    with pytest.raises(ccxt.PermissionDenied):
        c.create_order(symbol, "limit", "buy", 0.002, price)
    assert c.fetch_balance()["USDT"]["total"] >= 0
    stack.run("bot", "thaw", bot)
    order = c.create_order(symbol, "limit", "buy", 0.002, near(c, symbol, 0.99))
    c.cancel_order(order["id"], symbol)
