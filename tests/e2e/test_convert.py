"""Conversions at a quoted price, by unmodified ccxt and both ways in: each bot accepts its own quotes, once, within its limits."""

import ccxt
import pytest
from clients import Client
from stack import until

WIDE = dict(grants=["market-data", "read", "trade", "convert"], markets=["spot"], price_band="2%")
BINANCE = dict(key="binance-main", exchange="binance", symbols=["BTCUSDT"], **WIDE)
OKX = dict(key="okx-main", exchange="okx", symbols=["BTC-USDT"], **WIDE)
LIMITS = dict(max_order="1000 USDT", max_day="20000 USDT")
BOTS = {
    "first": dict(BINANCE, **LIMITS), "second": dict(BINANCE, **LIMITS), "short": dict(BINANCE, max_order="1000 USDT", max_day="150 USDT"),
    "okxfirst": dict(OKX, **LIMITS), "okxsecond": dict(OKX, **LIMITS), "okxshort": dict(OKX, max_order="1000 USDT", max_day="150 USDT"),
}
EXCHANGES = [("binance", ""), ("okx", "okx")]


@pytest.fixture(scope="module")
def desk(make_stack):
    stack = make_stack(BOTS)
    stack.serve()
    return stack


def accepted(stack, exchange):
    """How many acceptances came to the exchange."""
    paths = {"binance": b"/sapi/v1/convert/acceptQuote", "okx": b"/api/v5/asset/convert/trade"}
    return sum(paths[exchange] in request for _, request in stack.sim.record())


def quoted(c, amount, pay="USDT", get="BTC"):
    quote = c.fetch_convert_quote(pay, get, amount)
    assert quote["id"] and quote["fromAmount"] == amount
    return quote["id"], pay, get, amount


def refused(error, c, trade, text):
    with pytest.raises(error) as caught:
        c.create_convert_trade(*trade)
    assert "claviger" in str(caught.value) and text in str(caught.value), caught.value


@pytest.mark.parametrize("exchange, bot", EXCHANGES)
def test_within_and_beyond_the_limits(desk, clients, exchange, bot):
    c = clients(desk, exchange, f"{bot}first")
    c.load_markets()
    until(lambda: reference_is_fresh(c))
    before = accepted(desk, exchange)
    held = c.fetch_balance()["BTC"]["total"]
    trade = quoted(c, 100)
    c.create_convert_trade(*trade)
    assert c.fetch_balance()["BTC"]["total"] > held
    c.create_convert_trade(*quoted(c, 0.001, "BTC", "USDT"))
    assert accepted(desk, exchange) == before + 2
    # A second acceptance is the bot's own signature anew, so no replay.
    if exchange == "binance":
        refused(ccxt.InvalidOrder, c, trade, "was accepted before")
    refused(ccxt.InvalidOrder, c, quoted(c, 1500), "max_order")
    refused(ccxt.InvalidOrder, c, quoted(c, 0.5, "BTC", "USDT"), "max_order")
    assert accepted(desk, exchange) - before == 2


def reference_is_fresh(c):
    """Whether claviger knows what a BTC is worth, which a conversion of it is measured by."""
    try:
        return c.create_convert_trade(*quoted(c, 0.0001, "BTC", "USDT"))
    except ccxt.InvalidOrder:
        return False


@pytest.mark.parametrize("exchange, bot", EXCHANGES)
def test_the_day(desk, clients, exchange, bot):
    c = clients(desk, exchange, f"{bot}short")
    c.load_markets()
    spent = ccxt.RateLimitExceeded if exchange == "binance" else ccxt.InvalidOrder
    before = accepted(desk, exchange)
    try:
        c.create_convert_trade(*quoted(c, 100))
    except spent:
        # Another way in spent it.
        pass
    refused(spent, c, quoted(c, 100), "max_day")
    assert accepted(desk, exchange) - before in (0, 1)


def test_another_bots_quote_and_none_at_all(desk, clients):
    first, second = (clients(desk, "binance", bot) for bot in ("first", "second"))
    for c in (first, second):
        c.load_markets()
    trade = quoted(first, 100)
    before = accepted(desk, "binance")
    refused(ccxt.InvalidOrder, second, trade, "none that this bot was told of")
    refused(ccxt.InvalidOrder, first, ("999999", *trade[1:]), "none that this bot was told of")
    assert accepted(desk, "binance") == before
    first.create_convert_trade(*trade)
    assert accepted(desk, "binance") == before + 1


def test_of_what_is_got_okxs_quote_says_the_price(desk, clients):
    first, second = (clients(desk, "okx", bot) for bot in ("okxfirst", "okxsecond"))
    for c in (first, second):
        c.load_markets()
    words = {"baseCcy": "BTC", "quoteCcy": "USDT", "side": "buy"}
    offer = first.raw.privatePostAssetConvertEstimateQuote
    offer = run(first, offer({**words, "rfqSz": "0.001", "rfqSzCcy": "BTC"}))["data"][0]
    trade = {**words, "quoteId": offer["quoteId"], "sz": "0.001", "szCcy": "BTC"}
    with pytest.raises(ccxt.InvalidOrder) as caught:
        run(second, second.raw.privatePostAssetConvertTrade(trade))
    assert "none that this bot was told of" in str(caught.value)
    done = run(first, first.raw.privatePostAssetConvertTrade(trade))
    assert done["data"][0]["state"] == "fullyFilled"


def run(c, value):
    return c.loop.run_until_complete(value) if c.loop else value


def test_over_a_restart(own):
    stack = own({"first": BOTS["first"]})
    stack.serve()
    c = Client(stack, "sync", "base", "binance", "first")
    c.load_markets()
    used, open_ = quoted(c, 100), quoted(c, 110)
    c.create_convert_trade(*used)
    stack.stop()
    stack.serve()
    refused(ccxt.InvalidOrder, c, used, "was accepted before")
    c.create_convert_trade(*open_)
    assert f"quote {open_[0]} gives 110 USDT" in stack.run("journal", "tail", "--lines", "100").stdout
