"""Requests of several orders, and orders that wait, by unmodified python-okx and both ways in."""

import itertools
from collections import namedtuple

import pytest

from test_python_okx import make  # noqa: F401 (a fixture)

NUMBERS = itertools.count()

#: Where orders are placed: by which bot, of what, and how the exchange is told of it.
Where = namedtuple("Where", "bot inst mode size more")
SPOT = Where("okx", "BTC-USDT", "cash", "0.002", "0.004")
SWAP = Where("okxperp", "BTC-USDT-SWAP", "cross", "1", "2")


def changes(stack):
    return [request for _, request in stack.sim.record() if not request.startswith(b"GET ")]


def near(c, where, share):
    last = float(c.market.get_ticker(where.inst)["data"][0]["last"])
    return f"{round(last * share, 1):.1f}"


def name():
    return f"n{next(NUMBERS)}x"


def one(c, where, **more):
    order = {"instId": where.inst, "tdMode": where.mode, "side": "buy", "ordType": "limit", "sz": where.size, "px": near(c, where, 0.985)}
    return {**order, **more}


def state(c, where, order):
    return c.trade.get_order(where.inst, ordId=order)["data"][0]


def done(answer):
    assert answer["code"] == "0", answer
    assert all(item.get("sCode", "0") == "0" for item in answer["data"]), answer
    return answer["data"]


def refused(answer, code, words):
    assert answer["code"] == code and "claviger" in str(answer) and words in str(answer), answer


@pytest.fixture(params=[SPOT, SWAP], ids=["spot", "swap"])
def where(request):
    return request.param


@pytest.fixture
def unsent(stack):
    """Nothing that could change something may reach the exchange between the call of this and the test's end."""
    marked = []
    yield lambda: marked.append(changes(stack))
    assert changes(stack) == marked[-1], "nothing was sent"


# --- batches ---------------------------------------------------------------------------------------------------------


def placed(c, where, *more):
    return [item["ordId"] for item in done(c.trade.place_multiple_orders([one(c, where, **item) for item in more or ({}, {})]))]


def test_batches(make, where):
    c, called = make(where.bot), name()
    orders = placed(c, where, {}, {"clOrdId": called})
    assert [state(c, where, order)["state"] for order in orders] == ["live", "live"]
    done(c.trade.amend_multiple_orders([
        {"instId": where.inst, "ordId": orders[0], "newSz": where.more},
        {"instId": where.inst, "clOrdId": called, "newPx": near(c, where, 0.986)},
    ]))
    assert state(c, where, orders[0])["sz"] == where.more
    done(c.trade.cancel_multiple_orders([{"instId": where.inst, "ordId": orders[0]}, {"instId": where.inst, "clOrdId": called}]))
    assert [state(c, where, order)["state"] for order in orders] == ["canceled", "canceled"]


@pytest.mark.parametrize("what, code, words, wrong", [
    ("too large", "1", "above max_order", {"sz": "5000"}),
    ("sells far below", "1", "price_band", {"side": "sell", "px": "1000"}),
    ("another instrument", "50027", "item 2: BTC-USDC is not in symbols", {"instId": "BTC-USDC", "tdMode": "cash"}),
    ("a price in another currency", "51000", "pxUsd", {"pxUsd": "1"}),
    ("what nobody knows", "51000", "surprise", {"surprise": "1"}),
])
def test_batches_refused_whole(make, unsent, what, code, words, wrong):
    c = make(SPOT.bot)
    orders = [one(c, SPOT), one(c, SPOT, **wrong)]
    unsent()
    refused(c.trade.place_multiple_orders(orders), code, words)


def test_batches_of_changes_refused_whole(make, stack, where):
    c = make(where.bot)
    orders = placed(c, where)
    before = changes(stack)
    mine, strange = ({"instId": where.inst, "ordId": order} for order in (orders[0], "1"))
    refused(c.trade.amend_multiple_orders([{**mine, "newSz": where.more}, {"instId": where.inst, "ordId": orders[1], "newSz": "5000"}]), "1", "above max_order")
    refused(c.trade.amend_multiple_orders([{**mine, "newSz": where.more}, {**strange, "newSz": where.more}]), "50027", "the order is not known")
    refused(c.trade.cancel_multiple_orders([mine, strange]), "50027", "item 2: the order is not known")
    refused(c.trade.cancel_multiple_orders([mine, mine]), "1", "twice")
    assert changes(stack) == before, "nothing was sent"
    done(c.trade.cancel_multiple_orders([{"instId": where.inst, "ordId": order} for order in orders]))


# --- orders that wait ------------------------------------------------------------------------------------------------


def stop(c, where, **more):
    """Sells what was bought once it falls."""
    legs = {"ordType": "conditional", "slTriggerPx": near(c, where, 0.97), "slOrdPx": near(c, where, 0.969)}
    return waiting(c, where, **{**legs, **more})


def waiting(c, where, **more):
    common = {"instId": where.inst, "tdMode": where.mode, "side": "sell", "sz": where.size}
    closes = {"reduceOnly": "true"} if where is SWAP and more.get("side", "sell") == "sell" else {}
    return c.trade.place_algo_order(**{**common, **closes, **more})


def both(c, where, **more):
    legs = {"ordType": "oco", "tpTriggerPx": near(c, where, 1.03), "tpOrdPx": near(c, where, 1.029)}
    return stop(c, where, **{**legs, **more})


def entry(c, where, **more):
    legs = {"ordType": "trigger", "side": "buy", "triggerPx": near(c, where, 0.97), "orderPx": near(c, where, 0.971)}
    return waiting(c, where, **{**legs, **more})


def trailing(c, where, **more):
    return waiting(c, where, **{"ordType": "move_order_stop", "callbackRatio": "0.02", **more})


@pytest.fixture
def held(make, where):
    """A client with something to sell, so that what waits has something to end; it is sold again."""
    c = make(where.bot)
    unit = {"tgtCcy": "base_ccy"} if where is SPOT else {}
    at_market = {"instId": where.inst, "tdMode": where.mode, "ordType": "market", "sz": where.size, **unit}
    done(c.trade.place_order(side="buy", **at_market))
    yield c
    done(c.trade.place_order(side="sell", **at_market, **({"reduceOnly": "true"} if where is SWAP else {})))


@pytest.mark.parametrize("make_one, kind", [(stop, "conditional"), (both, "oco"), (entry, "trigger")])
def test_waiting_orders(held, where, make_one, kind):
    c, called = held, name()
    order = done(make_one(c, where, algoClOrdId=called))[0]["algoId"]
    assert order in [o["algoId"] for o in c.trade.order_algos_list(ordType=kind)["data"]]
    trigger, price = ("TriggerPx", "OrdPx") if kind == "trigger" else ("SlTriggerPx", "SlOrdPx")
    change = {f"new{trigger}": near(c, where, 0.96), f"new{price}": near(c, where, 0.9605 if kind == "trigger" else 0.9595)}
    assert done(c.trade.amend_algo_order(instId=where.inst, algoId=order, **change))[0]["algoId"] == order
    shown = c.trade.get_algo_order_details(algoId=order)["data"][0]
    assert float(shown[trigger[0].lower() + trigger[1:]]) == float(change[f"new{trigger}"]) and shown["state"] == "live", shown
    assert done(c.trade.cancel_algo_order([{"instId": where.inst, "algoId": order}]))[0]["algoId"] == order
    assert c.trade.get_algo_order_details(algoId=order)["data"][0]["state"] == "canceled"


def test_trailing_stop(make, stack):
    """An exit may leave at the market; on spot nothing bounds it."""
    c = make(SWAP.bot)
    at_market = {"instId": SWAP.inst, "tdMode": SWAP.mode, "ordType": "market", "sz": SWAP.size}
    done(c.trade.place_order(side="buy", **at_market))
    order = done(trailing(c, SWAP))[0]["algoId"]
    assert order in [o["algoId"] for o in c.trade.order_algos_list(ordType="move_order_stop")["data"]]
    done(c.trade.cancel_algo_order([{"instId": SWAP.inst, "algoId": order}]))
    done(c.trade.place_order(side="sell", reduceOnly="true", **at_market))
    spot, before = make(SPOT.bot), changes(stack)
    refused(trailing(spot, SPOT), "1", "limit price")
    assert changes(stack) == before, "nothing was sent"


@pytest.mark.parametrize("what, code, words, act", [
    ("a stop that sells far below its trigger", "1", "price_band", lambda c: stop(c, SPOT, slOrdPx=near(c, SPOT, 0.5))),
    ("a stop at the market", "1", "limit price", lambda c: stop(c, SPOT, slOrdPx="-1")),
    ("a trigger far away", "1", "trigger", lambda c: entry(c, SPOT, triggerPx=near(c, SPOT, 0.2), orderPx=near(c, SPOT, 0.2))),
    ("too large", "1", "above max_order", lambda c: both(c, SPOT, sz="5")),
    ("too large to open", "1", "above max_order", lambda c: entry(c, SPOT, sz="5")),
    ("another instrument", "50027", "BTC-USDC is not in symbols", lambda c: stop(c, SPOT, instId="BTC-USDC")),
    ("a perpetual on a spot bot", "50027", "usdm market is not in markets", lambda c: entry(c, SPOT, instId="BTC-USDT-SWAP", tdMode="cross", sz="1")),
    ("what is borrowed", "50027", "grants does not include borrow", lambda c: stop(c, SPOT, tdMode="cross")),
    ("a price that is none", "51000", "tpOrdPx", lambda c: both(c, SPOT, tpOrdPx="nothing")),
])
def test_waiting_orders_refused(make, unsent, what, code, words, act):
    c = make(SPOT.bot)
    unsent()
    refused(act(c), code, words)


def test_changes_of_waiting_orders_refused(held, stack, where):
    c = held
    order = done(entry(c, where))[0]["algoId"]
    before = changes(stack)
    refused(c.trade.amend_algo_order(instId=where.inst, algoId=order, newSz="5000"), "1", "above max_order")
    far = {"newTriggerPx": near(c, where, 0.97), "newOrdPx": near(c, where, 1.5)}
    refused(c.trade.amend_algo_order(instId=where.inst, algoId=order, **far), "1", "price_band")
    refused(c.trade.amend_algo_order(instId=where.inst, algoId="1", newSz=where.more), "50027", "the order is not known")
    refused(c.trade.cancel_algo_order([{"instId": where.inst, "algoId": "1"}]), "50027", "the order is not known")
    assert changes(stack) == before, "nothing was sent"
    done(c.trade.cancel_algo_order([{"instId": where.inst, "algoId": order}]))
