"""Why an exchange did not take the real key: the exchange's own error, as the library raises it, with claviger's hint beside it."""

import ccxt
import pytest
from clients import Client
from stack import BOTS, until

ORDER = {
    "binance": ("spot", "BTC/USDT", ccxt.AuthenticationError),
    "okx": ("okx", "BTC/USDT", ccxt.PermissionDenied),
}
ALL = {"read": True, "trade": True, "withdraw": True, "transfer": True}
ELSEWHERE = {"addresses": ["192.0.2.7"]}
HERE = {"addresses": [], "permissions": ALL, "standing": "valid"}


@pytest.fixture
def stack(own):
    return own({name: BOTS[name] for name in ("spot", "perp", "okx")}).serve()


def change(stack, exchange, **how):
    stack.sim.admin("/key", {"exchange": exchange, **how})


def hint(client):
    return {k.lower(): v for k, v in client.raw.last_response_headers.items()}.get("x-claviger-hint")


def refused(client, symbol):
    """What an order that the exchange refuses for the key's sake says: the error, and the hint."""
    with pytest.raises(ccxt.BaseError) as raised:
        client.create_order(symbol, "limit", "buy", 0.001, round(client.fetch_ticker(symbol)["last"] * 0.99))
    return raised.value, hint(client)


def looks(stack, exchange):
    path = {"binance": b"/sapi/v1/account/apiRestrictions", "okx": b"/api/v5/account/config"}[exchange]
    return sum(path in request for who, request in stack.sim.record() if who == exchange)


CASES = [
    ("binance", {"permissions": {**ALL, "trade": False}}, "permission: at the exchange, the key lacks trading", True),
    ("binance", {"standing": "expired"}, "expired: ", True),
    ("binance", {"standing": "deleted"}, "unclear: the key worked from any address", True),
    ("binance", ELSEWHERE, "unclear: the key worked from any address", True),
    ("okx", {"permissions": {**ALL, "trade": False}}, "permission: at the exchange, the key lacks trading", True),
    ("okx", ELSEWHERE, "address: ", False),
    ("okx", {"standing": "deleted"}, "expired: ", False),
    ("okx", {"standing": "other_environment"}, "environment: ", False),
]


@pytest.mark.parametrize("exchange,how,begins,asks", CASES)
def test_an_order_says_why_the_key_is_not_taken(stack, exchange, how, begins, asks):
    bot, symbol, error = ORDER[exchange]
    client = Client(stack, "sync", "base", exchange, bot)
    client.load_markets()
    client.fetch_balance()
    until(lambda: looks(stack, exchange), 10)  # a key that works is looked at once
    change(stack, exchange, **how)
    before = looks(stack, exchange)
    raised, told = refused(client, symbol)
    assert told and told.startswith(begins), (raised, told)
    assert "claviger" not in str(raised), "the exchange's answer passes unchanged"
    assert looks(stack, exchange) - before == asks
    # Once a minute: the next one is told from memory.
    _, again = refused(client, symbol)
    assert again == told and looks(stack, exchange) - before == asks
    for secret in (stack.sim.facts["keys"][exchange]["id"], "192.0.2.7", "127.0.0.1"):
        assert secret not in told


def test_reads_say_it_too(stack):
    change(stack, "binance", standing="deleted")
    client = Client(stack, "sync", "base", "binance", "spot")
    with pytest.raises(ccxt.AuthenticationError):
        client.fetch_balance()
    assert hint(client).startswith("unclear: ")
    change(stack, "okx", permissions={**ALL, "read": False})
    client = Client(stack, "sync", "base", "okx", "okx")
    with pytest.raises(ccxt.BaseError):
        client.fetch_balance()
    assert hint(client).startswith("permission: ")


def test_a_key_that_worked_from_listed_addresses(stack):
    change(stack, "binance", addresses=["127.0.0.1"])
    client = Client(stack, "sync", "base", "binance", "spot")
    client.fetch_balance()
    assert hint(client) is None
    until(lambda: looks(stack, "binance"), 10)
    told = stack.json("key", "check", "binance-main")["told"]
    assert "bound to a list" in " ".join(told), told
    change(stack, "binance", **ELSEWHERE)
    _, told = refused(client, "BTC/USDT")
    assert told.startswith("address: "), told
    change(stack, "binance", **HERE)
    client.fetch_balance()
    assert hint(client) is None, "a key that is taken again has no hint"


def test_an_operator_asks(stack):
    said = stack.run("key", "check", "okx-main").stdout
    assert "reading" in said and "trading" in said and "14 days" in said, said
    change(stack, "okx", **ELSEWHERE)
    said = stack.run("key", "check", "okx-main").stdout
    assert "address" in said, said
    assert stack.run("key", "check", "nobody", check=False).returncode == 18


def test_an_exit_is_one_only_where_the_account_holds_orders_to_it(own):
    bots = {"okxperp": {**BOTS["okxperp"], "max_order": "50 USDT", "danger_account_wide": True}}
    stack = own(bots)
    change(stack, "okx", account_level="4")
    stack.serve()
    client = Client(stack, "sync", "base", "okx", "okxperp")
    client.load_markets()
    symbol, large = "BTC/USDT:USDT", 100
    price = client.fetch_ticker(symbol)["last"]

    def exits():
        with pytest.raises(ccxt.BaseError) as raised:
            client.create_order(symbol, "limit", "sell", large, price * 1.001, {"reduceOnly": True, "marginMode": "cross"})
        return str(raised.value)

    until(lambda: looks(stack, "okx"), 10)
    assert "reduceOnly may not hold in this account's mode" in exits()
    assert "may ignore `reduceOnly`" in stack.run("key", "check", "okx-main").stdout
    change(stack, "okx", account_level="2")
    stack.run("key", "check", "okx-main")
    said = exits()  # there is no position, so the exchange itself says no
    assert "claviger" not in said, said
    change(stack, "okx", account_level="4")
    stack.run("key", "check", "okx-main")
    assert "reduceOnly may not hold in this account's mode" in exits()
