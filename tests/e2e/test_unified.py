"""ccxt's whole unified API through the gateway: every call ends as the policy says, and docs/clients.md lists what is refused."""

import json
import re
import subprocess
from collections import Counter

import ccxt
import pytest
import unified
from page import Page
from stack import BOTS, binary
from unified import READERS, Survey

EXCHANGES = ["binance", "okx"]
EVERY = [
    "market-data", "read", "read-identity", "trade", "borrow", "convert", "earn", "copy", "exchange-bot", "block", "position-mode",
    "account", "sub-accounts", "transfer", "withdraw", "manage-keys",
]
SYMBOLS = {
    "binance": ["BTCUSDT", "ETHUSDT", "BTCUSD_PERP", "ETHUSD_PERP", unified.OPTIONS["binance"][1]],
    "okx": ["BTC-USDT", "ETH-USDT", "BTC-USDT-SWAP", "ETH-USDT-SWAP", "BTC-USD-SWAP", unified.OPTIONS["okx"][1]],
}
MARKETS = {"binance": ["spot", "margin", "usdm", "coinm", "option"], "okx": ["spot", "margin", "usdm", "coinm"]}
OPEN = {
    f"open-{exchange}": dict(
        key=f"{exchange}-main", exchange=exchange, grants=EVERY, markets=MARKETS[exchange], symbols=SYMBOLS[exchange],
        max_order="unlimited", max_day="unlimited", price_band="5%", max_leverage="20", danger_account_wide=True,
        **dict.fromkeys(["withdraw_to", "max_withdraw", "transfer_routes", "max_transfer"], "unlimited"),
    )
    for exchange in EXCHANGES
}
PRESETS = {
    "read-only": [],
    "spot-trader": ["--symbols", {"binance": "BTCUSDT", "okx": "BTC-USDT"}, "--max-order", "5000 USDT", "--max-day", "1000000 USDT", "--order-rate", "1000/s", "--allow-same-user"],
}

# What claviger itself asks an exchange for, whatever a bot may: facts of the key, and what became of orders.
HOUSE = [
    ("GET", "/sapi/v1/account/apiRestrictions"), ("GET", "/api/v5/account/config"), ("GET", "/api/v5/trade/order"), ("GET", "/api/v5/trade/orders-pending"),
    ("GET", "/api/v3/order"), ("GET", "/fapi/v1/order"), ("GET", "/dapi/v1/order"),
    ("GET", "/api/v3/openOrders"), ("GET", "/fapi/v1/openOrders"), ("GET", "/dapi/v1/openOrders"),
]


@pytest.fixture(scope="module")
def rows():
    """The catalogue's rows by verb and path, as `claviger exchange show` tells them."""
    found = {}
    for exchange in EXCHANGES:
        shown = subprocess.run([binary(), "exchange", "show", exchange, "--json"], capture_output=True, text=True, check=True).stdout
        found |= {(exchange, row["method"], row["path"]): row for row in map(json.loads, shown.splitlines())}
    return found


class Swept:
    """What a bot's calls ended in, and what of them came to the exchange."""

    def __init__(self, stack, exchange, bot, may):
        before = len(stack.sim.record())
        survey = Survey(stack, exchange, bot)
        self.ended = list(survey.every(may))
        self.asked = Counter((a.verb, a.path) for a in survey.all)
        self.passed = Counter((a.verb, a.path) for a in survey.all if not a.rule)
        self.arrived = Counter(filter(None, (private(request) for name, request in stack.sim.record()[before:] if name == exchange)))

    def calls(self):
        return [(ended, asked) for ended in self.ended for asked in ended.asked]


def private(request):
    """Verb and path of a request that carries a key."""
    head = request.split(b"\r\n\r\n", 1)[0]
    line = re.match(rb"(\S+) ([^ ?]+)", head)
    return (line[1].decode(), line[2].decode()) if line and re.search(rb"\r\n(x-mbx-apikey|ok-access-key):", head, re.I) else None


@pytest.fixture(scope="module")
def opened(make_stack):
    stack = make_stack(OPEN)
    stack.serve()
    return {exchange: Swept(stack, exchange, f"open-{exchange}", may=True) for exchange in EXCHANGES}


@pytest.fixture(scope="module")
def preset(make_stack):
    """The bots of each preset, made as their users make them, each alone on its real key."""
    swept = {}
    for name, more in PRESETS.items():
        stack = make_stack({})
        for exchange in EXCHANGES:
            values = [value[exchange] if isinstance(value, dict) else value for value in more]
            stack.run("bot", "add", f"{name}-{exchange}", "--key", f"{exchange}-main", "--preset", name, *values)
        stack.serve()
        swept |= {(name, exchange): Swept(stack, exchange, f"{name}-{exchange}", may=False) for exchange in EXCHANGES}
    return swept


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_method_was_called(opened, exchange):
    """A method that was never asked anything, in no market, was not tried: only what ccxt itself refuses everywhere is that."""
    methods = {}
    for ended in opened[exchange].ended:
        methods.setdefault(ended.method, []).append(ended)
    silent = {name: [e.text for e in calls] for name, calls in methods.items() if not any(e.asked or e.public or not e.error for e in calls)}
    assert {name: texts for name, texts in silent.items() if not all("NotSupported" in text for text in texts)} == {}
    assert len(methods) > {"binance": 115, "okx": 100}[exchange]
    assert sum(opened[exchange].asked.values()) > {"binance": 400, "okx": 230}[exchange]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_nothing_is_refused_with_every_grant_but_what_the_page_lists(opened, exchange):
    found = {}
    for ended, asked in opened[exchange].calls():
        if asked.rule:
            found.setdefault((f"{asked.verb} {asked.path}", asked.rule, asked.detail), set()).add(f"{ended.method} in {ended.where}")
    Page.check(exchange, found)


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_ends_as_its_grants_say(preset, opened, rows, name, exchange):
    grants = {"read-only": {"market-data", "read"}, "spot-trader": {"market-data", "read", "trade"}}[name]
    listed = {(row.endpoint, row.rule) for row in Page.rows(exchange)}
    wrong, seen = [], Counter()
    for ended, asked in preset[name, exchange].calls():
        row = rows[exchange, asked.verb, asked.path]
        wanted = expected(row, grants, ended, asked, listed)
        seen[wanted[0] or "passed"] += 1
        if asked.rule not in wanted:
            wrong.append(f"{ended.method} in {ended.where}: {asked} needs {row['permission']}, wanted {wanted}")
        if asked.rule in PERMISSION and asked is ended.asked[-1] and not (ended.error is None or isinstance(ended.error, ccxt.PermissionDenied)):
            wrong.append(f"{ended.method} in {ended.where}: {asked} was raised as {ended.text}")
    assert wrong == []
    assert seen["grants"] > 5 and seen["passed"] > 20, seen


PERMISSION = ["grants", "markets", "symbols", "danger_account_wide", "own_order", "endpoint"]


# What ccxt sends to OKX as a margin order also where a spot market is named.
MARGIN = ["createStopLossOrder", "createTakeProfitOrder", "closePosition"]


def expected(row, grants, ended, asked, listed):
    """The rules that may answer a call, by what the catalogue says of its endpoint."""
    if asked.rule in READERS:
        return [asked.rule] if (f"{asked.verb} {asked.path}", asked.rule) in listed else ["one that docs/clients.md lists"]
    if asked.rule == "clock" and asked.path.startswith("/eapi/"):
        # claviger asks for the time of options only where a bot trades in them.
        return ["clock"]
    if row["decision"] != "read":
        return ["endpoint"]
    if row["permission"] not in grants | {"public"}:
        return ["grants"]
    if row["kind"] == "read":
        return [None]
    if row["market"] not in (None, "spot"):
        return ["markets", "grants"] if row["market"] == "margin" else ["markets"]
    # Whether it is a margin order the request alone tells on OKX, not the row.
    margin = "margin" in ended.where or asked.path.startswith("/api/v5/account/") or ended.method in MARGIN
    borrows = "does not include borrow" in asked.said and row["market"] is None and margin
    everywhere = [rule for endpoint, rule in listed if endpoint == f"{asked.verb} {asked.path}"]
    return ["grants"] if borrows else [None, "symbols", "own_order", "danger_account_wide", "max_leverage", "markets", *everywhere]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_nothing_that_was_refused_arrived(preset, opened, exchange):
    for swept in [opened[exchange], *(preset[name, exchange] for name in PRESETS)]:
        refused = {call for call in swept.asked if swept.asked[call] > swept.passed[call]} - set(HOUSE)
        more = {call: (swept.arrived[call], swept.passed[call]) for call in refused if swept.arrived[call] > swept.passed[call]}
        assert more == {}, "requests that were refused came to the exchange"
        assert len(refused) > 3 and sum(swept.arrived.values()) > 50
        lost = {call for call in set(swept.passed) - set(swept.arrived) if swept.passed[call]}
        assert not lost, f"what passed did not come to the exchange: {lost}"
