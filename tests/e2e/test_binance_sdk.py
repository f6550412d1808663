"""Binance's own SDKs for Python, unmodified, by both ways in: spot and USDⓈ-M futures."""

import pytest
from binance_common.configuration import ConfigurationRestAPI
from binance_common.errors import BadRequestError, ForbiddenError
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import DerivativesTradingUsdsFutures
from binance_sdk_spot.spot import Spot


@pytest.fixture(params=["base", "connect"])
def settings(request, stack, monkeypatch):
    """How a bot is set up for one of the exchange's hosts."""
    def build(bot, prefix, url):
        keys = stack.secrets(bot)
        where = {"base_path": stack.base(prefix)}
        if request.param == "connect":
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", stack.ca)
            where = {"base_path": url, "proxy": {"protocol": "http", "host": "127.0.0.1", "port": stack.port}}
        return ConfigurationRestAPI(api_key=keys["apiKey"], api_secret=keys["secret"], timeout=20_000, retries=0, **where)

    return build


@pytest.fixture
def make(settings):
    return lambda bot: Spot(config_rest_api=settings(bot, "binance", "https://api.binance.com")).rest_api


@pytest.fixture
def futures(settings):
    return lambda bot: DerivativesTradingUsdsFutures(
        config_rest_api=settings(bot, "binance-usdm", "https://fapi.binance.com"),
    ).rest_api


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


def futures_price(c, share):
    return round(float(c.symbol_price_ticker(symbol="BTCUSDT").data().actual_instance.price) * share, 1)


def future(c, share=0.99, **more):
    order = dict(symbol="BTCUSDT", side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.01, price=futures_price(c, share))
    return c.new_order(**{**order, **more}).data()


def stop(c, **more):
    order = dict(algo_type="CONDITIONAL", symbol="BTCUSDT", side="SELL", type="STOP_MARKET", trigger_price=futures_price(c, 0.9))
    return c.new_algo_order(**{**order, **more}).data()


def held(c):
    return sum(float(one.position_amt) for one in c.position_information_v3(symbol="BTCUSDT").data())


def test_futures(futures):
    c = futures("perp")
    assert c.futures_account_balance_v3().data()
    assert c.change_initial_leverage(symbol="BTCUSDT", leverage=3).data().leverage == 3
    order = future(c)
    assert c.query_order(symbol="BTCUSDT", order_id=order.order_id).data().status == "NEW"
    c.modify_order(symbol="BTCUSDT", side="BUY", quantity=0.02, price=futures_price(c, 0.985), order_id=order.order_id)
    assert float(c.query_order(symbol="BTCUSDT", order_id=order.order_id).data().orig_qty) == 0.02
    assert c.cancel_order(symbol="BTCUSDT", order_id=order.order_id).data().status == "CANCELED"
    before = held(c)
    c.new_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity=0.01)
    assert held(c) == pytest.approx(before + 0.01)
    guard = stop(c, quantity=0.01, reduce_only="true")
    assert c.query_algo_order(algo_id=guard.algo_id).data().algo_status == "NEW"
    # It cancels an algo order without saying of which instrument, which claviger must know: all of one, then.
    with pytest.raises(BadRequestError) as caught:
        c.cancel_algo_order(algo_id=guard.algo_id)
    assert "`symbol` is missing" in str(caught.value), caught.value
    assert c.query_algo_order(algo_id=guard.algo_id).data().algo_status == "NEW"
    c.cancel_all_algo_open_orders(symbol="BTCUSDT")
    assert c.query_algo_order(algo_id=guard.algo_id).data().algo_status == "CANCELED"
    c.new_order(symbol="BTCUSDT", side="SELL", type="MARKET", quantity=0.01, reduce_only="true")
    assert held(c) == pytest.approx(before)


@pytest.mark.parametrize("error, code, act", [
    pytest.param(BadRequestError, -2010, lambda c: future(c, quantity=5), id="too large"),
    pytest.param(BadRequestError, -2010, lambda c: future(c, side="SELL", share=0.8), id="sells far below"),
    pytest.param(ForbiddenError, -1002, lambda c: future(c, symbol="SOLUSDT"), id="another symbol"),
    pytest.param(BadRequestError, -2010, lambda c: stop(c, quantity=0.01), id="a stop at the market that could open"),
    pytest.param(BadRequestError, -2010, lambda c: c.change_initial_leverage(symbol="BTCUSDT", leverage=20), id="too much leverage"),
    pytest.param(ForbiddenError, -1002, lambda c: c.change_position_mode(dual_side_position="true"), id="a setting that is not granted"),
])
def test_futures_refusals(futures, stack, error, code, act):
    c = futures("perp")
    before = len(stack.sim.orders("binance"))
    with pytest.raises(error) as caught:
        act(c)
    assert "claviger" in str(caught.value), caught.value
    assert len(stack.sim.orders("binance")) == before


def test_futures_that_a_refused_amendment_leaves_as_they_are(futures):
    c = futures("perp")
    order = future(c)
    with pytest.raises(BadRequestError) as caught:
        c.modify_order(symbol="BTCUSDT", side="BUY", quantity=5, price=futures_price(c, 0.985), order_id=order.order_id)
    assert "claviger" in str(caught.value), caught.value
    assert float(c.query_order(symbol="BTCUSDT", order_id=order.order_id).data().orig_qty) == 0.01
    c.cancel_order(symbol="BTCUSDT", order_id=order.order_id)
