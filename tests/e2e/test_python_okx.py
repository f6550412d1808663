"""Unmodified python-okx by both ways in."""

import pytest
import okx.Account
import okx.Funding
import okx.MarketData
import okx.PublicData
import okx.Trade


class Okx:
    def __init__(self, stack, way, bot, monkeypatch, door=None):
        door = door or stack
        keys = stack.secrets(bot)
        if way == "connect":
            monkeypatch.setenv("SSL_CERT_FILE", door.ca)
            where = {"domain": "https://www.okx.com", "proxy": door.proxy}
        else:
            where = {"domain": door.base("okx")}
        signed = (keys["apiKey"], keys["secret"], keys["password"])
        self.trade = okx.Trade.TradeAPI(*signed, flag="0", **where)
        self.account = okx.Account.AccountAPI(*signed, flag="0", **where)
        self.funding = okx.Funding.FundingAPI(*signed, flag="0", **where)
        self.market = okx.MarketData.MarketAPI(flag="0", **where)
        self.public = okx.PublicData.PublicAPI(flag="0", **where)

    def near(self, share):
        last = float(self.market.get_ticker("BTC-USDT")["data"][0]["last"])
        return f"{round(last * share, 1):.1f}"

    def order(self, **more):
        return self.trade.place_order(**{"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "0.002", "px": self.near(0.99), **more})


@pytest.fixture(params=["base", "connect"])
def make(request, stack, monkeypatch):
    return lambda bot: Okx(stack, request.param, bot, monkeypatch)


def test_spot(make):
    c = make("okx")
    assert c.public.get_instruments(instType="SPOT")["data"]
    assert c.account.get_account_balance()["data"]
    placed = c.order()
    assert placed["code"] == "0", placed
    order = placed["data"][0]["ordId"]
    assert c.trade.get_order("BTC-USDT", ordId=order)["data"][0]["state"] == "live"
    assert order in [o["ordId"] for o in c.trade.get_order_list(instType="SPOT")["data"]]
    amended = c.trade.amend_order("BTC-USDT", ordId=order, newSz="0.001")
    assert amended["code"] == "0", amended
    assert c.trade.get_order("BTC-USDT", ordId=order)["data"][0]["sz"] == "0.001"
    assert c.trade.cancel_order("BTC-USDT", ordId=order)["code"] == "0"
    assert c.order(ordType="market", px="", sz="0.002", tgtCcy="base_ccy")["code"] == "0"
    assert c.order(side="sell", ordType="market", px="", sz="0.002")["code"] == "0"
    assert c.trade.get_fills(instType="SPOT")["data"]


@pytest.mark.parametrize("what, code, act", [
    ("too large", "1", lambda c: c.order(sz="5")),
    ("sell far below", "1", lambda c: c.order(side="sell", px=c.near(0.8))),
    ("wrong symbol", "50027", lambda c: c.order(instId="BTC-USDC")),
    ("perp on a spot bot", "50027", lambda c: c.order(instId="BTC-USDT-SWAP", tdMode="cross", sz="1")),
    ("withdrawal", "50027", lambda c: c.funding.withdrawal("USDT", "10", "4", "TXxx")),
    ("transfer", "50027", lambda c: c.funding.funds_transfer("USDT", "1", "18", "6")),
])
def test_refusals(make, what, code, act):
    answer = act(make("okx"))
    assert answer["code"] == code, answer
    assert "claviger" in str(answer)


def test_unknown_parameter(make):
    c = make("okx")
    order = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "sz": "0.002", "px": c.near(0.99), "surprise": "1"}
    answer = c.trade._request_with_params("POST", "/api/v5/trade/order", order)
    assert answer["code"] == "51000" and "surprise" in answer["msg"], answer


def test_frozen(make, stack):
    c = make("okx")
    stack.run("bot", "freeze", "okx")
    try:
        answer = c.order()
        assert answer["code"] == "50027" and "frozen" in answer["msg"], answer
    finally:
        stack.run("bot", "thaw", "okx")


def test_day_budget_spent(make):
    c = make("okxsmall")
    answers = [c.order(sz="0.001") for _ in range(12)]
    assert answers[-1]["code"] == "1" and "max_day" in str(answers[-1]), answers[-1]
