"""Unmodified python-binance by both ways in."""

import pytest
from binance.client import Client
from binance.exceptions import BinanceAPIException


@pytest.fixture(params=["base", "connect"])
def make(request, stack):
    def build(bot):
        keys = stack.secrets(bot)
        if request.param == "connect":
            proxies = {"https": stack.proxy}
            return Client(keys["apiKey"], keys["secret"], {"proxies": proxies, "verify": stack.ca})
        Client.API_URL = stack.base("binance") + "/api"
        Client.FUTURES_URL = stack.base("binance-usdm") + "/fapi"
        Client.FUTURES_COIN_URL = stack.base("binance-coinm") + "/dapi"
        Client.MARGIN_API_URL = stack.base("binance") + "/sapi"
        return Client(keys["apiKey"], keys["secret"])

    saved = {n: getattr(Client, n) for n in ("API_URL", "FUTURES_URL", "FUTURES_COIN_URL", "MARGIN_API_URL")}
    yield build
    for name, value in saved.items():
        setattr(Client, name, value)


def near(c, share):
    return f"{round(float(c.get_symbol_ticker(symbol='BTCUSDT')['price']) * share, 1):.1f}"


def test_spot(make):
    c = make("spot")
    assert any(s["symbol"] == "BTCUSDT" for s in c.get_exchange_info()["symbols"])
    assert c.get_account()["balances"]
    order = c.order_limit_buy(symbol="BTCUSDT", quantity="0.002", price=near(c, 0.99))
    assert c.get_order(symbol="BTCUSDT", orderId=order["orderId"])["status"] == "NEW"
    assert order["orderId"] in [o["orderId"] for o in c.get_open_orders(symbol="BTCUSDT")]
    c.cancel_order(symbol="BTCUSDT", orderId=order["orderId"])
    bought = c.order_market_buy(symbol="BTCUSDT", quantity="0.002")
    assert float(bought["executedQty"]) > 0
    assert float(c.order_market_sell(symbol="BTCUSDT", quantity="0.002")["executedQty"]) > 0
    assert c.get_my_trades(symbol="BTCUSDT")


def test_futures(make):
    c = make("perp")
    assert c.futures_account_balance()
    c.futures_change_leverage(symbol="BTCUSDT", leverage=3)
    price = f"{round(float(c.futures_mark_price(symbol='BTCUSDT')['markPrice']) * 0.99, 1):.1f}"
    order = c.futures_create_order(symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price=price)
    assert c.futures_get_order(symbol="BTCUSDT", orderId=order["orderId"])["status"] == "NEW"
    c.futures_cancel_order(symbol="BTCUSDT", orderId=order["orderId"])
    assert c.futures_position_information(symbol="BTCUSDT") is not None


@pytest.mark.parametrize("what, code, act", [
    ("too large", -2010, lambda c: c.order_limit_buy(symbol="BTCUSDT", quantity="5", price=near(c, 0.99))),
    ("sell far below", -2010, lambda c: c.order_limit_sell(symbol="BTCUSDT", quantity="0.002", price=near(c, 0.8))),
    ("wrong symbol", -1002, lambda c: c.order_limit_buy(symbol="BTCUSDC", quantity="0.002", price=near(c, 0.99))),
    ("perp on a spot bot", -1002,
     lambda c: c.futures_create_order(symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price=near(c, 0.99))),
    ("withdrawal", -1002, lambda c: c.withdraw(coin="USDT", address="TXxx", amount=10, network="TRX")),
])
def test_refusals(make, what, code, act):
    with pytest.raises(BinanceAPIException) as caught:
        act(make("spot"))
    assert caught.value.code == code, caught.value
    assert "claviger" in caught.value.message


def test_unknown_parameter(make):
    with pytest.raises(BinanceAPIException) as caught:
        c = make("spot")
        c.order_limit_buy(symbol="BTCUSDT", quantity="0.002", price=near(c, 0.99), surprise="1")
    assert caught.value.code == -1100 and "surprise" in caught.value.message


def test_frozen(make, stack):
    c = make("spot")
    price = near(c, 0.99)
    stack.run("bot", "freeze", "spot")
    try:
        with pytest.raises(BinanceAPIException) as caught:
            c.order_limit_buy(symbol="BTCUSDT", quantity="0.002", price=price)
        assert caught.value.code == -1002 and "frozen" in caught.value.message
    finally:
        stack.run("bot", "thaw", "spot")


def test_day_budget_spent(make):
    c = make("small")
    with pytest.raises(BinanceAPIException) as caught:
        for _ in range(40):
            c.order_limit_buy(symbol="BTCUSDT", quantity="0.001", price=near(c, 0.99))
    assert caught.value.code == -1015 and "max_day" in caught.value.message
