"""Requests of several orders, and orders that wait, by unmodified python-binance and both ways in."""

import itertools

import pytest
from binance.exceptions import BinanceAPIException

from test_python_binance import make, near  # noqa: F401 (a fixture)


NUMBERS = itertools.count()


def changes(stack):
    return [request for _, request in stack.sim.record() if not request.startswith(b"GET ")]


def bought(c, size="0.004"):
    assert float(c.order_market_buy(symbol="BTCUSDT", quantity=size)["executedQty"]) > 0


def oco(c, **more):
    legs = dict(
        symbol="BTCUSDT", side="SELL", quantity="0.002", aboveType="LIMIT_MAKER", abovePrice=near(c, 1.02),
        belowType="STOP_LOSS_LIMIT", belowStopPrice=near(c, 0.98), belowPrice=near(c, 0.979), belowTimeInForce="GTC",
    )
    return c.create_oco_order(**{**legs, **more})


def oto(c, **more):
    legs = dict(
        symbol="BTCUSDT", workingType="LIMIT", workingSide="BUY", workingPrice=near(c, 0.985), workingQuantity="0.002",
        workingTimeInForce="GTC", pendingType="LIMIT", pendingSide="SELL", pendingPrice=near(c, 1.02), pendingQuantity="0.002",
        pendingTimeInForce="GTC",
    )
    return c.v3_post_order_list_oto(**{**legs, **more})


def test_lists(make):
    c = make("spot")
    bought(c)
    placed = oco(c)
    assert sorted(o["type"] for o in placed["orderReports"]) == ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]
    ended = c.v3_delete_order_list(symbol="BTCUSDT", orderListId=placed["orderListId"])
    assert ended["listOrderStatus"] == "ALL_DONE"
    name, work, wait = (f"{what}-{next(NUMBERS)}" for what in ("list", "work", "wait"))
    placed = oto(c, listClientOrderId=name, workingClientOrderId=work, pendingClientOrderId=wait)
    assert {o["clientOrderId"]: o["status"] for o in placed["orderReports"]} == {work: "NEW", wait: "PENDING_NEW"}
    assert c.v3_delete_order_list(symbol="BTCUSDT", listClientOrderId=name)["orderListId"] == placed["orderListId"]
    c.order_market_sell(symbol="BTCUSDT", quantity="0.004")


def test_cancel_replace(make):
    c = make("spot")
    order = c.order_limit_buy(symbol="BTCUSDT", quantity="0.002", price=near(c, 0.985))
    new = dict(symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", cancelReplaceMode="STOP_ON_FAILURE", price=near(c, 0.986))
    both = c.cancel_replace_order(**new, quantity="0.003", cancelOrderId=order["orderId"])
    assert (both["cancelResult"], both["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    with pytest.raises(BinanceAPIException) as caught:
        c.cancel_replace_order(**new, quantity="5", cancelOrderId=both["newOrderResponse"]["orderId"])
    assert caught.value.code == -2010 and "item 2: order of" in caught.value.message, "replaced by more"
    with pytest.raises(BinanceAPIException) as caught:
        c.cancel_replace_order(**new, quantity="0.003", cancelOrderId=order["orderId"])
    assert caught.value.code == -1002, "on a shared key nobody cancels what is not known as its own: it is gone"
    c.cancel_order(symbol="BTCUSDT", orderId=both["newOrderResponse"]["orderId"])


@pytest.mark.parametrize("what, code, words, act", [
    ("what waits is too large", -2010, "item 2: order of", lambda c: oto(c, pendingQuantity="5")),
    ("what waits sells far below", -2010, "item 2: selling at", lambda c: oto(c, pendingPrice=near(c, 0.8))),
    ("a leg sells far below its trigger", -2010, "item 2: selling at", lambda c: oco(c, belowPrice=near(c, 0.5))),
    ("wrong symbol", -1002, "ETHBTC is not in symbols", lambda c: oco(c, symbol="ETHBTC")),
    ("a third leg", -1100, "unknown parameter `pendingQuantity`", lambda c: oco(c, pendingQuantity="1")),
    ("replaced, but not its own", -1002, "item 1: the order is not known", lambda c: c.cancel_replace_order(
        symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", cancelReplaceMode="ALLOW_FAILURE", quantity="0.002",
        price=near(c, 0.985), cancelOrderId=1)),
    ("what is borrowed", -1002, "grants does not include borrow", lambda c: c.create_margin_order(
        symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.002", price=near(c, 0.985), sideEffectType="MARGIN_BUY")),
])
def test_refused_whole(make, stack, what, code, words, act):
    c = make("spot")
    before = changes(stack)
    with pytest.raises(BinanceAPIException) as caught:
        act(c)
    assert caught.value.code == code and words in caught.value.message, caught.value
    assert changes(stack) == before, "nothing was sent"


def batch(c, *more):
    mark = float(c.futures_mark_price(symbol="BTCUSDT")["markPrice"])
    one = dict(symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price=f"{mark * 0.985:.1f}")
    return c.futures_place_batch_order(batchOrders=[{**one, **item} for item in more])


def test_batch(make, stack):
    c = make("perp")
    orders = batch(c, {}, {"newClientOrderId": "second"})
    assert [o["status"] for o in orders] == ["NEW", "NEW"] and orders[1]["clientOrderId"] == "second"
    for order in orders:
        c.futures_cancel_order(symbol="BTCUSDT", orderId=order["orderId"])
    before = changes(stack)
    items = batch(c, {}, {"quantity": "1"})
    assert [item["code"] for item in items] == [-2010, -2010]
    assert "item 2 was refused" in items[0]["msg"] and "above max_order" in items[1]["msg"]
    with pytest.raises(BinanceAPIException) as caught:
        batch(c, {}, {"symbol": "BNBUSDT"})
    assert caught.value.code == -1002 and "item 2: BNBUSDT is not in symbols" in caught.value.message
    assert changes(stack) == before, "nothing was sent"


def test_stop(make, stack):
    c = make("perp")
    mark = float(c.futures_mark_price(symbol="BTCUSDT")["markPrice"])
    stop = dict(symbol="BTCUSDT", type="STOP_MARKET", quantity="0.01")
    placed = c.futures_create_algo_order(**stop, side="SELL", triggerPrice=f"{mark * 0.95:.1f}", reduceOnly="true")
    assert placed["algoStatus"] == "NEW"
    assert c.futures_cancel_algo_order(symbol="BTCUSDT", algoId=placed["algoId"])["algoId"] == placed["algoId"]
    before = changes(stack)
    with pytest.raises(BinanceAPIException) as caught:
        c.futures_create_algo_order(**stop, side="BUY", triggerPrice=f"{mark * 1.05:.1f}")
    assert caught.value.code == -2010 and "give it a limit price" in caught.value.message
    assert changes(stack) == before, "nothing was sent"
