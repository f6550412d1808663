"""Unmodified python-binance by both ways in."""

import pytest
from binance.client import Client
from binance.exceptions import BinanceAPIException


@pytest.fixture(params=["base", "connect"])
def make(request, stack):
    def build(bot, door=stack):
        keys = stack.secrets(bot)
        if request.param == "connect":
            proxies = {"https": door.proxy}
            return Client(keys["apiKey"], keys["secret"], {"proxies": proxies, "verify": door.ca})
        Client.API_URL = door.base("binance") + "/api"
        Client.FUTURES_URL = door.base("binance-usdm") + "/fapi"
        Client.FUTURES_COIN_URL = door.base("binance-coinm") + "/dapi"
        Client.MARGIN_API_URL = door.base("binance") + "/sapi"
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


# (what its methods begin with, symbol, smallest size, the asset of its balance)
FUTURES = {"usdm": ("futures_", "BTCUSDT", "0.01", "USDT"), "coinm": ("futures_coin_", "BTCUSD_PERP", "1", "BTC")}


class Futures:
    """The methods of one kind of futures, as python-binance names them."""

    def __init__(self, client, of):
        self.client = client
        self.prefix, self.symbol, self.size, self.asset = FUTURES[of]

    def __getattr__(self, name):
        return getattr(self.client, self.prefix + name)

    def price(self, share):
        mark = self.mark_price(symbol=self.symbol)
        mark = mark[0] if isinstance(mark, list) else mark
        return f"{round(float(mark['markPrice']) * share, 1):.1f}"

    def limit(self, side, share, **more):
        order = dict(symbol=self.symbol, side=side, type="LIMIT", timeInForce="GTC", quantity=self.size, price=self.price(share))
        return self.create_order(**{**order, **more})

    def held(self):
        rows = [p for p in self.position_information() if p["symbol"] == self.symbol]
        return sum(float(p["positionAmt"]) for p in rows)


@pytest.fixture(params=FUTURES)
def futures(request, make):
    return lambda bot: Futures(make(bot), request.param)


def test_futures(futures):
    c = futures("perp")
    assert c.symbol in [s["symbol"] for s in c.exchange_info()["symbols"]]
    assert any(float(b["balance"]) > 0 for b in c.account_balance() if b["asset"] == c.asset)
    assert c.change_leverage(symbol=c.symbol, leverage=3)["leverage"] == 3
    order = c.limit("BUY", 0.99)
    assert c.get_order(symbol=c.symbol, orderId=order["orderId"])["status"] == "NEW"
    assert order["orderId"] in [o["orderId"] for o in c.get_open_orders(symbol=c.symbol)]
    assert c.cancel_order(symbol=c.symbol, orderId=order["orderId"])["status"] == "CANCELED"
    before = c.held()
    bought = c.create_order(symbol=c.symbol, side="BUY", type="MARKET", quantity=c.size)
    assert c.held() == pytest.approx(before + float(c.size))
    c.create_order(symbol=c.symbol, side="SELL", type="MARKET", quantity=c.size, reduceOnly="true")
    assert c.held() == pytest.approx(before)
    assert bought["orderId"] in [t["orderId"] for t in c.account_trades(symbol=c.symbol)]


def test_futures_margin_mode(futures, stack):
    c = futures("perp")
    for mode in ("ISOLATED", "CROSSED"):
        assert c.change_margin_type(symbol=c.symbol, marginType=mode)["code"] == 200
        # claviger's own questions go on between: the last that changed something is meant.
        changes = [request for _, request in stack.sim.record() if not request.startswith(b"GET ")]
        assert f"marginType={mode}".encode() in changes[-1]
    with pytest.raises(BinanceAPIException) as caught:
        c.change_margin_type(symbol=c.symbol, marginType="CROSSED")
    assert caught.value.code == -4046, "the exchange's own answer"


@pytest.mark.parametrize("what, code, rule, act", [
    ("too large", -2010, "max_order", lambda c: c.limit("BUY", 0.99, quantity="1000")),
    ("sell far below", -2010, "price_band", lambda c: c.limit("SELL", 0.8)),
    ("wrong symbol", -1002, "symbols", lambda c: c.limit("BUY", 0.99, symbol={"BTCUSDT": "BNBUSDT", "BTCUSD_PERP": "ETHUSD_PERP"}[c.symbol])),
    ("unknown parameter", -1100, "surprise", lambda c: c.limit("BUY", 0.99, surprise="1")),
    ("leverage", -2010, "max_leverage", lambda c: c.change_leverage(symbol=c.symbol, leverage=20)),
    ("the account's leverage", -1002, "danger_account_wide", lambda c: c.change_leverage(symbol=c.symbol, leverage=3)),
    ("the account's margin mode", -1002, "danger_account_wide", lambda c: c.change_margin_type(symbol=c.symbol, marginType="ISOLATED")),
    ("all orders of the account", -1002, "danger_account_wide", lambda c: c.cancel_all_open_orders(symbol=c.symbol)),
])
def test_futures_refusals(futures, stack, what, code, rule, act):
    c = futures("perpshared" if rule == "danger_account_wide" else "perp")
    before = [r for _, r in stack.sim.record() if not r.startswith(b"GET ")]
    with pytest.raises(BinanceAPIException) as caught:
        act(c)
    assert caught.value.code == code, caught.value
    assert "claviger" in caught.value.message and rule in caught.value.message, caught.value
    assert [r for _, r in stack.sim.record() if not r.startswith(b"GET ")] == before


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
