"""Binance's own SDK for Python, unmodified, by both ways in."""

import pytest
from binance_common.configuration import ConfigurationRestAPI
from binance_common.errors import BadRequestError, ForbiddenError
from binance_sdk_spot.spot import Spot


@pytest.fixture(params=["base", "connect"])
def make(request, stack, monkeypatch):
    def build(bot):
        keys = stack.secrets(bot)
        where = {"base_path": stack.base("binance")}
        if request.param == "connect":
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", stack.ca)
            where = {"base_path": "https://api.binance.com", "proxy": {"protocol": "http", "host": "127.0.0.1", "port": stack.port}}
        settings = ConfigurationRestAPI(api_key=keys["apiKey"], api_secret=keys["secret"], timeout=20_000, retries=0, **where)
        return Spot(config_rest_api=settings).rest_api

    return build


def spot_price(c, share):
    return round(float(c.ticker_price(symbol="BTCUSDT").data().actual_instance.price) * share, 1)


def limit(c, share=0.99, **more):
    order = dict(symbol="BTCUSDT", side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.002, price=spot_price(c, share))
    return c.new_order(**{**order, **more}).data()


def test_spot(make):
    c = make("spot")
    assert c.get_account().data().balances
    order = limit(c)
    assert c.get_order(symbol="BTCUSDT", order_id=order.order_id).data().status == "NEW"
    c.order_amend_keep_priority(symbol="BTCUSDT", order_id=order.order_id, new_qty=0.001)
    assert float(c.get_order(symbol="BTCUSDT", order_id=order.order_id).data().orig_qty) == 0.001
    assert c.delete_order(symbol="BTCUSDT", order_id=order.order_id).data().status == "CANCELED"
    assert float(c.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.002).data().executed_qty) > 0


def test_spot_refusals(make, stack):
    c = make("spot")
    before = len(stack.sim.orders("binance"))
    for error, code, act in [
        (BadRequestError, -2010, lambda: limit(c, quantity=5)),
        (ForbiddenError, -1002, lambda: limit(c, symbol="BTCUSDC")),
        (BadRequestError, -2010, lambda: limit(c, side="SELL", share=0.8)),
    ]:
        with pytest.raises(error) as caught:
            act()
        assert "claviger" in str(caught.value), caught.value
    assert len(stack.sim.orders("binance")) == before


def oco(c, quantity=0.002, below=0.98):
    return c.order_list_oco(
        symbol="BTCUSDT", side="SELL", quantity=quantity, above_type="LIMIT_MAKER", above_price=spot_price(c, 1.01), below_type="STOP_LOSS_LIMIT",
        below_stop_price=spot_price(c, 0.98), below_price=spot_price(c, below - 0.005), below_time_in_force="GTC",
    ).data()


def test_order_list(make):
    c = make("spot")
    c.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.002)
    placed = oco(c)
    assert len(placed.orders) == 2
    assert placed.order_list_id in [one.order_list_id for one in c.open_order_list().data()]
    assert c.delete_order_list(symbol="BTCUSDT", order_list_id=placed.order_list_id).data().list_order_status == "ALL_DONE"


def test_cancel_replace(make):
    c = make("spot")
    order = limit(c)
    new = c.order_cancel_replace(
        symbol="BTCUSDT", side="BUY", type="LIMIT", cancel_replace_mode="STOP_ON_FAILURE", cancel_order_id=order.order_id,
        time_in_force="GTC", quantity=0.001, price=spot_price(c, 0.985),
    ).data()
    assert (new.cancel_result, new.new_order_result) == ("SUCCESS", "SUCCESS")
    c.delete_order(symbol="BTCUSDT", order_id=new.new_order_response.order_id)


@pytest.mark.parametrize("what, act", [
    ("a list that is too large", lambda c, order: oco(c, quantity=5)),
    ("a leg that sells far below", lambda c, order: oco(c, below=0.7)),
    ("a replacement that is too large", lambda c, order: c.order_cancel_replace(
        symbol="BTCUSDT", side="BUY", type="LIMIT", cancel_replace_mode="ALLOW_FAILURE", cancel_order_id=order, time_in_force="GTC", quantity=5,
        price=spot_price(c, 0.985))),
])
def test_nothing_of_a_refused_request_of_several_steps_is_done(make, stack, what, act):
    c = make("spot")
    order = limit(c).order_id
    before = len(stack.sim.orders("binance"))
    with pytest.raises(BadRequestError) as caught:
        act(c, order)
    assert "claviger" in str(caught.value), caught.value
    assert len(stack.sim.orders("binance")) == before
    assert c.get_order(symbol="BTCUSDT", order_id=order).data().status == "NEW", "what was to be replaced is still there"
    c.delete_order(symbol="BTCUSDT", order_id=order)
