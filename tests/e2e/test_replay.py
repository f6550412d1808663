"""P7 as bots meet it: a request of a stock client is sent twice, byte for byte, and the client gets the second answer."""

import ccxt
import pytest
from binance.exceptions import BinanceAPIException
from clients import near
from repeat import Repeater
from test_ccxt_js import run
from test_futures import KINDS
from test_python_binance import FUTURES, Futures
from test_python_binance import make as binance_make  # noqa: F401
from test_python_okx import Okx

MARKETS = {
    "spot": ("binance", "spot", "BTC/USDT", 0.002, {}),
    "okxspot": ("okx", "okx", "BTC/USDT", 0.002, {}),
    **KINDS,
}


@pytest.fixture
def repeater(stack, tmp_path):
    relay = Repeater(stack, tmp_path / "relay")
    yield relay
    relay.close()


def sent_once(stack, exchange, orders_before, relay):
    """The first was accepted, the second refused for its age, and the exchange saw one."""
    assert len(stack.sim.orders(exchange)) == orders_before + 1
    (request, first, second), = relay.pairs
    assert first.startswith(b"HTTP/1.1 200 "), first
    assert not second.startswith(b"HTTP/1.1 200 "), second
    return request


@pytest.mark.parametrize("market", MARKETS)
def test_ccxt(clients, stack, repeater, market):
    exchange, bot, symbol, amount, options = MARKETS[market]
    c = clients(stack, exchange, bot, repeater, **options)
    c.load_markets()
    price, params = near(c, symbol, 0.985), {"tdMode": "cross"} if market == "okx" else {}
    before = len(stack.sim.orders(exchange))
    with pytest.raises(ccxt.InvalidNonce) as caught:
        c.create_order(symbol, "limit", "buy", amount, price, params)
    assert "claviger" in str(caught.value)
    sent_once(stack, exchange, before, repeater)
    alive = c.fetch_open_orders(symbol)[-1]["id"]
    c = clients(stack, exchange, bot, **options)
    c.load_markets()
    c.cancel_order(alive, symbol)


@pytest.mark.parametrize("exchange, bot", [("binance", "spot"), ("okx", "okx")])
def test_ccxt_read_that_comes_again_late(clients, stack, tmp_path, exchange, bot):
    """An equal read is answered again within a second, and not later."""
    relay = Repeater(stack, tmp_path / "relay", gap=1.2)
    c = clients(stack, exchange, bot, relay)
    with pytest.raises(ccxt.InvalidNonce):
        c.private_get_account_balance() if exchange == "okx" else c.private_get_account()
    relay.close()


@pytest.mark.parametrize("way", ["base", "connect"])
@pytest.mark.parametrize("exchange, bot", [("binance", "spot"), ("okx", "okx")])
def test_ccxt_js(stack, repeater, exchange, bot, way):
    before = len(stack.sim.orders(exchange))
    order = run(stack, exchange, bot, way, repeater, only="order")["order"]
    assert order.get("error") == "InvalidNonce" and "claviger" in order["message"], order
    sent_once(stack, exchange, before, repeater)


def test_python_binance(binance_make, stack, repeater):  # noqa: F811
    c = binance_make("spot", repeater)
    price = f"{round(float(c.get_symbol_ticker(symbol='BTCUSDT')['price']) * 0.985, 1):.1f}"
    before = len(stack.sim.orders("binance"))
    with pytest.raises(BinanceAPIException) as caught:
        c.order_limit_buy(symbol="BTCUSDT", quantity="0.002", price=price)
    assert caught.value.code == -1021 and "claviger" in caught.value.message, caught.value
    sent_once(stack, "binance", before, repeater)


@pytest.mark.parametrize("of", FUTURES)
def test_python_binance_futures(binance_make, stack, repeater, of):  # noqa: F811
    c = Futures(binance_make("perp", repeater), of)
    before = len(stack.sim.orders("binance"))
    with pytest.raises(BinanceAPIException) as caught:
        c.limit("BUY", 0.985)
    assert caught.value.code == -1021 and "claviger" in caught.value.message, caught.value
    sent_once(stack, "binance", before, repeater)


@pytest.mark.parametrize("way", ["base", "connect"])
def test_python_okx(stack, repeater, monkeypatch, way):
    c = Okx(stack, way, "okx", monkeypatch, repeater)
    before = len(stack.sim.orders("okx"))
    answer = c.order(px=c.near(0.985))
    assert answer["code"] == "50102" and "claviger" in answer["msg"], answer
    sent_once(stack, "okx", before, repeater)
