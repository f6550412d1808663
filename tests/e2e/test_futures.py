"""Unmodified ccxt and python-binance trade futures by both ways in: USDⓈ-M, COIN-M and OKX's swaps, leverage and margin mode."""

import ccxt
import pytest
from clients import near
from stack import BOTS

LINEAR, INVERSE = "BTC/USDT:USDT", "BTC/USD:BTC"

# (exchange, bot, symbol, smallest amount, what the client is told of the kind of market)
KINDS = {
    "usdm": ("binance", "perp", LINEAR, 0.01, dict(defaultType="swap")),
    "coinm": ("binance", "perp", INVERSE, 1, dict(defaultType="swap", defaultSubType="inverse")),
    "okx": ("okx", "okxperp", LINEAR, 1, dict(defaultType="swap")),
}
OTHER = {"usdm": "ETH/USDT:USDT", "coinm": "ETH/USD:ETH", "okx": "ETH/USDT:USDT"}


@pytest.fixture(params=KINDS)
def of(request):
    return request.param


def opened(make, of, bot=None):
    exchange, usual, symbol, amount, options = KINDS[of]
    c = make(exchange, bot or usual, **options)
    assert symbol in c.load_markets()
    return c, symbol, amount, {"tdMode": "cross"} if of == "okx" else {}


def test_from_markets_to_history(client, of):
    c, symbol, amount, params = opened(client, of)
    coin = "BTC" if of == "coinm" else "USDT"
    assert c.fetch_balance()[coin]["total"] > 0
    resting = c.create_order(symbol, "limit", "buy", amount, near(c, symbol, 0.99), params)
    assert c.fetch_order(resting["id"], symbol)["status"] == "open"
    assert resting["id"] in [o["id"] for o in c.fetch_open_orders(symbol)]
    edited = c.edit_order(resting["id"], symbol, "limit", "buy", 2 * amount, near(c, symbol, 0.985))
    assert c.fetch_order(edited["id"], symbol)["amount"] == 2 * amount
    c.cancel_order(edited["id"], symbol)
    assert c.fetch_order(edited["id"], symbol)["status"] == "canceled"
    before = position(c, symbol)
    bought = c.create_order(symbol, "market", "buy", amount, None, params)
    assert c.fetch_order(bought["id"], symbol)["filled"] == amount
    assert position(c, symbol) == pytest.approx(before + amount)
    c.create_order(symbol, "market", "sell", amount, None, {**params, "reduceOnly": True})
    assert position(c, symbol) == pytest.approx(before)
    assert bought["id"] in [t["order"] for t in c.fetch_my_trades(symbol)]


def position(c, symbol):
    sides = {"long": 1, "short": -1}
    return sum(p["contracts"] * sides[p["side"]] for p in c.fetch_positions([symbol]) if p["contracts"])


@pytest.mark.parametrize("of", ["usdm", "coinm"])
def test_cancel_all(client, of):
    c, symbol, amount, params = opened(client, of)
    placed = [c.create_order(symbol, "limit", "buy", amount, near(c, symbol, 0.985), params)["id"] for _ in range(2)]
    c.cancel_all_orders(symbol)
    assert not set(placed) & {o["id"] for o in c.fetch_open_orders(symbol)}


def test_refusals(client, stack, of):
    c, symbol, amount, params = opened(client, of)
    exchange = KINDS[of][0]
    before = len(stack.sim.orders(exchange))
    other = OTHER[of] if of == "coinm" else None
    refused = [
        (ccxt.InvalidOrder, "max_order", lambda: c.create_order(symbol, "limit", "buy", 1000 * amount, near(c, symbol, 0.99), params)),
        (ccxt.InvalidOrder, "price_band", lambda: c.create_order(symbol, "limit", "sell", amount, near(c, symbol, 0.8), params)),
        (ccxt.BadRequest, "surprise", lambda: c.create_order(symbol, "limit", "buy", amount, near(c, symbol, 0.99), {**params, "surprise": "1"})),
    ]
    if other:
        refused.append((ccxt.PermissionDenied, "symbols", lambda: c.create_order(other, "limit", "buy", amount, near(c, other, 0.99), params)))
    for expected, rule, act in refused:
        with pytest.raises(expected) as caught:
            act()
        assert "claviger" in str(caught.value) and rule in str(caught.value), caught.value
        assert not isinstance(caught.value, ccxt.NetworkError), caught.value
    assert len(stack.sim.orders(exchange)) == before, "a refused order reached the exchange"


def changes(stack):
    return [request for _, request in stack.sim.record() if not request.startswith(b"GET ")]


def leverage(c, of, symbol, value, mode="cross"):
    return c.set_leverage(value, symbol, {"mgnMode": mode} if of == "okx" else {})


def margin_mode(c, of, symbol, mode):
    """On OKX the mode is part of the leverage that is set and of each order."""
    return c.set_margin_mode(mode, symbol, {"lever": 3} if of == "okx" else {})


def test_leverage_and_margin_mode(client, stack, of):
    c, symbol, amount, params = opened(client, of)
    leverage(c, of, symbol, 3)
    before = changes(stack)
    with pytest.raises(ccxt.InvalidOrder, match="max_leverage"):
        leverage(c, of, symbol, 20)
    assert changes(stack) == before
    for mode in ("isolated", "cross"):
        margin_mode(c, of, symbol, mode)
        sent = changes(stack)[-1].decode()
        word = {"isolated": "isolated", "cross": "cross"}[mode] if of == "okx" else {"isolated": "ISOLATED", "cross": "CROSSED"}[mode]
        assert word in sent and (b"leverage" if of == "okx" else b"marginType") in changes(stack)[-1], sent
    if of == "okx":
        for mode in ("isolated", "cross"):
            placed = c.create_order(symbol, "limit", "buy", amount, near(c, symbol, 0.985), {"tdMode": mode})
            assert f'"tdMode":"{mode}"'.encode() in changes(stack)[-1]
            c.cancel_order(placed["id"], symbol)


def test_the_mode_that_is_set_already(client, of):
    """The exchange's own answer reaches the client."""
    c, symbol, *_ = opened(client, of)
    margin_mode(c, of, symbol, "isolated")
    if of == "okx":
        margin_mode(c, of, symbol, "isolated")
    else:
        with pytest.raises(ccxt.MarginModeAlreadySet):
            margin_mode(c, of, symbol, "isolated")
    margin_mode(c, of, symbol, "cross")


def test_settings_of_other_symbols(client, stack, of):
    c, symbol, *_ = opened(client, of, "okxperpshared" if of == "okx" else "perpshared")
    before = changes(stack)
    for act in (leverage, margin_mode):
        with pytest.raises(ccxt.PermissionDenied, match="symbols|danger_account_wide") as caught:
            act(c, of, OTHER[of], 3 if act is leverage else "isolated")
        assert not isinstance(caught.value, ccxt.NetworkError)
    assert changes(stack) == before


def test_settings_under_a_shared_key(client, stack, of):
    """P13: leverage and margin mode are the whole account's; a bot that shares it may not set them unless told so."""
    c, symbol, amount, params = opened(client, of, "okxperpshared" if of == "okx" else "perpshared")
    before = changes(stack)
    for act in (leverage, margin_mode):
        with pytest.raises(ccxt.PermissionDenied, match="danger_account_wide"):
            act(c, of, symbol, 3 if act is leverage else "isolated")
    if of != "okx":
        with pytest.raises(ccxt.PermissionDenied, match="danger_account_wide"):
            c.cancel_all_orders(symbol)
    assert changes(stack) == before
    placed = c.create_order(symbol, "limit", "buy", amount, near(c, symbol, 0.99), params)
    c.cancel_order(placed["id"], symbol)


@pytest.fixture(scope="module")
def alone(make_stack):
    """Two bots, each alone with its real key."""
    return make_stack({"perpshared": BOTS["perpshared"], "okxperpshared": BOTS["okxperpshared"]}).serve()


def test_settings_of_a_bot_alone(clients, alone, of):
    """Whoever is alone with a real key needs no leave of others."""
    c, symbol, *_ = opened(lambda *a, **k: clients(alone, *a, **k), of, "okxperpshared" if of == "okx" else "perpshared")
    leverage(c, of, symbol, 3)
    margin_mode(c, of, symbol, "isolated")
    margin_mode(c, of, symbol, "cross")
    before = changes(alone)
    for act in (leverage, margin_mode):
        with pytest.raises(ccxt.PermissionDenied, match="symbols"):
            act(c, of, OTHER[of], 3 if act is leverage else "isolated")
    with pytest.raises(ccxt.InvalidOrder, match="max_leverage"):
        leverage(c, of, symbol, 6)
    assert changes(alone) == before
