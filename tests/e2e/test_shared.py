"""Bots that share a real key: stock clients see their own orders and fills, and nobody else's."""

import ccxt
import pytest
from clients import Client, near
from stack import BOTS, until

# Two bots a key and market, and one that has a third market of the same account to itself.
SHARED = {
    "binance": ("spot", "small", "BTC/USDT", {}),
    "okx": ("okx", "okxsmall", "BTC/USDT", {}),
    "binance-usdm": ("perpshared", "perptoo", "BTC/USDT:USDT", {"defaultType": "swap"}),
    "okx-swap": ("okxperpshared", "okxperptoo", "BTC/USDT:USDT", {"defaultType": "swap"}),
}
NAMES = {"spot", "small", "okx", "okxsmall", "perpshared", "okxperpshared"}


@pytest.fixture(scope="module")
def stack(make_stack):
    bots = {name: BOTS[name] for name in NAMES}
    bots["perptoo"], bots["okxperptoo"] = bots["perpshared"], bots["okxperpshared"]
    bots["watch"] = dict(key="binance-main", exchange="binance", grants=["market-data", "read"], danger_account_wide=True)
    return make_stack(bots).serve()


def pair(stack, name):
    one, other, symbol, options = SHARED[name]
    exchange = name.split("-")[0]
    return [Client(stack, "sync", "base", exchange, bot, **options) for bot in (one, other)] + [symbol]


def ids(orders, key="id"):
    return {order[key] for order in orders}


def rest(client, symbol):
    """An order that rests."""
    amount = 1 if client.raw.id == "okx" and ":" in symbol else 0.002
    return client.create_order(symbol, "limit", "buy", amount, near(client, symbol, 0.985))["id"]


def fill(client, symbol):
    amount = 1 if client.raw.id == "okx" and ":" in symbol else 0.002
    return client.create_order(symbol, "market", "buy", amount)["id"]


@pytest.mark.parametrize("name", SHARED)
def test_each_sees_its_own(stack, name):
    one, other, symbol = pair(stack, name)
    mine, theirs = [rest(client, symbol) for client in (one, other)]
    filled, others_filled = [fill(client, symbol) for client in (one, other)]
    for client, own, hidden in ((one, {mine, filled}, {theirs, others_filled}), (other, {theirs, others_filled}, {mine, filled})):
        opened = ids(client.fetch_open_orders(symbol))
        assert opened & own and not opened & hidden, opened
        trades = ids(client.fetch_my_trades(symbol), "order")
        assert trades & own and not trades & hidden, trades
        closed = ids(client.fetch_closed_orders(symbol) if client.raw.id == "okx" else client.fetch_orders(symbol))
        assert closed & own and not closed & hidden, closed
        for id in own:
            assert client.fetch_order(id, symbol)["id"] == id
        for id in hidden:
            with pytest.raises(ccxt.OrderNotFound):
                client.fetch_order(id, symbol)
            with pytest.raises(ccxt.BaseError):
                client.cancel_order(id, symbol)
        balance = client.fetch_balance()
        assert balance["USDT"]["total"] > 0, "balances are the account's"
    one.cancel_order(mine, symbol)
    assert theirs in ids(other.fetch_open_orders(symbol)), "the other's order still stands"
    other.cancel_order(theirs, symbol)
    if name != "okx" and name != "okx-swap":
        assert mine in ids(one.fetch_orders(symbol)), "an order that has ended is still its bot's"


def test_old_orders_are_remembered_over_a_restart(stack):
    one, other, symbol = pair(stack, "binance")
    mine = rest(one, symbol)
    one.cancel_order(mine, symbol)
    stack.stop()
    stack.serve()
    assert mine in ids(one.fetch_orders(symbol))
    assert mine not in ids(other.fetch_orders(symbol))


def test_what_cannot_be_told_apart_is_refused(stack):
    one, _, _ = pair(stack, "binance")
    with pytest.raises(ccxt.PermissionDenied) as refused:
        one.raw.privateGetMyPreventedMatches({"symbol": "BTCUSDT", "orderId": 1})
    assert "danger_account_wide" in str(refused.value)
    one, _, _ = pair(stack, "okx")
    with pytest.raises(ccxt.PermissionDenied):
        one.raw.privateGetTradingBotGridOrdersAlgoPending({"algoOrdType": "grid"})


def test_a_bot_that_may_act_on_the_account_sees_it(stack):
    one, other, symbol = pair(stack, "binance")
    orders = {rest(one, symbol), rest(other, symbol)}
    watch = Client(stack, "sync", "base", "binance", "watch")
    assert orders <= ids(until(lambda: watch.fetch_open_orders(symbol)))


def test_cancel_all_is_refused(stack):
    for name in ("binance", "binance-usdm"):
        one, _, symbol = pair(stack, name)
        with pytest.raises(ccxt.PermissionDenied):
            one.cancel_all_orders(symbol)
