"""Calls every method of ccxt's unified API, and says how each ended.

`Survey` holds one ccxt client of one bot and watches every answer that it gets: which private endpoints were asked,
and which of them claviger refused, by which rule. A method is called once in each market where it can be called.
"""

import copy
import dataclasses
import inspect
import os
import re
import time

import ccxt

# Where a method may be called. `params` go along where ccxt reads them; `type` is ccxt's own default for calls without a symbol.
VARIANTS = {
    "binance": {
        "spot": dict(symbol="BTC/USDT", type="spot", sub=None, amount=0.002, params={}),
        "cross margin": dict(symbol="BTC/USDT", type="margin", sub=None, amount=0.002, params={"marginMode": "cross"}),
        "isolated margin": dict(symbol="BTC/USDT", type="margin", sub=None, amount=0.002, params={"marginMode": "isolated"}),
        "usdm": dict(symbol="BTC/USDT:USDT", type="swap", sub="linear", amount=0.01, params={}),
        "coinm": dict(symbol="BTC/USD:BTC", type="swap", sub="inverse", amount=1, params={}),
        "portfolio usdm": dict(symbol="BTC/USDT:USDT", type="swap", sub="linear", amount=0.01, params={"portfolioMargin": True}),
        "portfolio coinm": dict(symbol="BTC/USD:BTC", type="swap", sub="inverse", amount=1, params={"portfolioMargin": True}),
        "portfolio margin": dict(symbol="BTC/USDT", type="margin", sub=None, amount=0.002, params={"portfolioMargin": True}),
        "option": dict(symbol="BTC/USDT:USDT-261225-60000-C", type="option", sub="linear", amount=0.01, params={}, price=500.0),
    },
    "okx": {
        "spot": dict(symbol="BTC/USDT", type="spot", sub=None, amount=0.002, params={}),
        "margin": dict(symbol="BTC/USDT", type="margin", sub=None, amount=0.002, params={"marginMode": "cross"}),
        "linear": dict(symbol="BTC/USDT:USDT", type="swap", sub="linear", amount=1, params={}),
        "inverse": dict(symbol="BTC/USD:BTC", type="swap", sub="inverse", amount=1, params={}),
        "option": dict(symbol="BTC/USD:BTC-261225-60000-C", type="option", sub="inverse", amount=1, params={}, price=0.01),
    },
}

# The simulators list no options: one of each exchange, made of a perpetual, so that ccxt knows what to ask.
OPTIONS = {"binance": ("BTC/USDT:USDT", "BTC-261225-60000-C"), "okx": ("BTC/USD:BTC", "BTC-USD-261225-60000-C")}

# Kinds of methods in the order in which they are called: settings before orders, so that nothing is open yet.
FIRST = ["setPositionMode", "setMarginMode", "setLeverage"]
LAST = ["reduceMargin", "closePosition", "cancelAllOrders", "withdraw"]

# The same method asked for something else: the label, and what is added to its parameters.
MORE = {
    "fetchOrder": {"trigger": {"trigger": True}},
    "fetchOpenOrders": {"trigger": {"trigger": True}},
    "fetchClosedOrders": {"trigger": {"trigger": True}},
    "fetchCanceledOrders": {"trigger": {"trigger": True}},
    "cancelOrder": {"trigger": {"trigger": True}},
    "cancelOrders": {"trigger": {"trigger": True}},
    "cancelAllOrders": {"trigger": {"trigger": True}},
}


@dataclasses.dataclass
class Ended:
    """How one call ended: its private requests, and how many public ones there were."""

    exchange: str
    method: str
    where: str
    asked: list = dataclasses.field(default_factory=list)
    public: int = 0
    error: Exception | None = None

    @property
    def text(self):
        return f"{type(self.error).__name__}: {self.error}" if self.error else ""


@dataclasses.dataclass
class Asked:
    """One private request, and what was said to it. Without a rule claviger let it pass."""

    verb: str
    path: str
    rule: str | None = "no answer"
    said: str = ""

    @property
    def detail(self):
        """What a refusal of a reader is about: it has no numbers that change from run to run."""
        about = re.search(r"claviger: (unknown parameter `\w+`|parameter `\w+`|.*)", self.said)
        return about[1] if about and self.rule in ("parameter", "encoding", "meaning", "order") else ""

    @property
    def decided(self):
        """Why the catalogue refuses the endpoint."""
        about = re.search(r"(?:needs|refused|is) .*", self.said)
        return about[0] if about and self.rule == "endpoint" else ""


# Rules of claviger's readers; every other rule is one of policy.
READERS = ["endpoint", "parameter", "encoding", "meaning"]


def attribute(client, method):
    """The Python name of a unified method; its conversion trips over capitals in a row."""
    for name in (client.un_camel_case(method), client.un_camel_case(method.replace("ADL", "Adl"))):
        if hasattr(client, name):
            return getattr(client, name)
    return None


def methods(client):
    """What `has` says true or emulated, streams left out."""
    names = [name for name, has in client.has.items() if has and not name.startswith(("watch", "unWatch")) and not name.endswith("Ws")]
    found = [name for name in names if attribute(client, name) is not None]
    middle = [name for name in found if name not in FIRST and name not in LAST]
    return [n for n in FIRST if n in found] + middle + [n for n in LAST if n in found]


def find(answer, name):
    """The last text of that name in an answer, items of a list first."""
    if isinstance(answer, list):
        return next((found for found in map(lambda one: find(one, name), answer) if found), None)
    if not isinstance(answer, dict):
        return None
    return next((found for found in map(lambda one: find(one, "sMsg"), answer.values()) if found), None) or answer.get(name)


class Survey:
    """One bot's client, watched."""

    def __init__(self, stack, exchange, bot):
        keys = stack.secrets(bot)
        os.environ["REQUESTS_CA_BUNDLE"] = stack.ca
        self.exchange = exchange
        self.client = getattr(ccxt, exchange)({"enableRateLimit": False, "httpsProxy": stack.proxy, "requests_trust_env": True})
        self.client.options["warnOnFetchOpenOrdersWithoutSymbol"] = False
        # Without a key first: with one, ccxt also asks for private facts of the currencies, and a bot may not be allowed to.
        self.client.load_markets()
        self.list_option()
        self.client.apiKey, self.client.secret, self.client.password = keys["apiKey"], keys["secret"], keys.get("password")
        # Those of one call, and those of all, also what prepared a call.
        self.asked, self.all, self.public, self.number = [], [], 0, 0
        self.watch()

    def list_option(self):
        model, name = OPTIONS[self.exchange]
        symbol = VARIANTS[self.exchange]["option"]["symbol"]
        market = copy.deepcopy(self.client.markets[model]) | {
            "id": name, "symbol": symbol, "type": "option", "option": True, "swap": False, "contract": True, "strike": 60000.0,
            "optionType": "call", "expiry": 1798185600000, "expiryDatetime": "2026-12-25T08:00:00.000Z",
        }
        market["precision"]["price"] = 0.0001
        self.client.set_markets([*self.client.markets.values(), market])

    def watch(self):
        """Notes each request that carries the key, and which rule refused it."""
        fetch, handle = self.client.fetch, self.client.handle_errors

        def fetched(url, method="GET", headers=None, body=None):
            if self.client.apiKey in (headers or {}).values():
                path = "/" + url.split("//", 1)[1].split("/", 1)[1].split("?", 1)[0]
                self.asked.append(Asked(method, path))
            else:
                self.public += 1
            return fetch(url, method, headers, body)

        def handled(code, reason, url, method, headers, body, response, request_headers, request_body):
            if self.client.apiKey in (request_headers or {}).values():
                asked = self.asked[-1]
                asked.rule = {k.lower(): v for k, v in headers.items()}.get("x-claviger-denial")
                asked.said = str(find(response, "msg") or find(response, "sMsg") or body) if asked.rule else ""
            return handle(code, reason, url, method, headers, body, response, request_headers, request_body)

        self.client.fetch, self.client.handle_errors = fetched, handled

    def price(self, variant, share):
        if variant.get("price"):
            return float(self.client.price_to_precision(variant["symbol"], variant["price"] * share))
        ticker = self.client.fetch_ticker(variant["symbol"])
        return float(self.client.price_to_precision(variant["symbol"], ticker["last"] * share))

    def source(self, method):
        """The source of a method and of what builds its request, to know which parameters it reads."""
        text = ""
        for name in (method, method + "Request", {"createOrders": "createOrderRequest", "editOrder": "editSpotOrder"}.get(method, method)):
            found = attribute(self.client, name)
            text += inspect.getsource(found) if found else ""
        if method.startswith("create") and method.endswith(("Order", "OrderWithCost", "StopLoss")):
            text += inspect.getsource(self.client.create_order) + inspect.getsource(self.client.create_order_request)
        return text

    def params(self, method, variant):
        text = self.source(method)
        reads = {"marginMode": "margin_mode" in text or "'marginMode'" in text, "portfolioMargin": "'portfolioMargin'" in text}
        return {name: value for name, value in variant["params"].items() if reads[name]}

    def fits(self, method, variant):
        """A variant of margin or portfolio margin only where the method knows it."""
        return not variant["params"] or bool(self.params(method, variant))

    def resting(self, variant, trigger=False):
        """The id of an order that rests, or of none where it could not be placed."""
        params = {**self.params("createOrder", variant), **self.mode(variant)}
        try:
            if trigger:
                params["triggerPrice"] = self.price(variant, 1.01)
                return self.client.create_order(variant["symbol"], "limit", "buy", variant["amount"], self.price(variant, 1.012), params)["id"]
            return self.client.create_order(variant["symbol"], "limit", "buy", variant["amount"], self.price(variant, 0.99), params)["id"]
        except ccxt.BaseError:
            return self.unknown()

    def unknown(self):
        """The id of no order, another one each time."""
        self.number += 1
        return str(1234567 + self.number)

    def mode(self, variant):
        return {"tdMode": "cross"} if self.exchange == "okx" and variant["type"] == "swap" else {}

    def call(self, method, where, label, more, may):
        """Calls a method once. `may` says whether orders may be placed so that it has something to act on."""
        variant = VARIANTS[self.exchange][where]
        self.client.options["defaultType"] = variant["type"]
        self.client.options["defaultSubType"] = variant["sub"]
        values = Arguments(self, variant, method, may, more).all()
        self.all += self.asked
        self.asked, self.public = [], 0
        ended = Ended(self.exchange, method + (f" ({label})" if label else ""), where)
        try:
            attribute(self.client, method)(**values)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked at
            ended.error = error
        self.all += self.asked
        ended.asked, ended.public, self.asked = self.asked, self.public, []
        return ended

    def every(self, may):
        """Every method in every place."""
        for method in methods(self.client):
            for label, more in {"": {}, **MORE.get(method, {})}.items():
                for where, variant in VARIANTS[self.exchange].items():
                    if label and f"'{label}'" not in self.source(method):
                        continue
                    if self.fits(method, variant):
                        yield self.call(method, where, label, more, may)


class Arguments:
    """Sensible arguments for a method, by the names of its parameters."""

    def __init__(self, survey, variant, method, may, more):
        self.survey, self.variant, self.method, self.may, self.more = survey, variant, method, may, more
        self.okx = survey.exchange == "okx"

    def all(self):
        function = attribute(self.survey.client, self.method)
        return {name: self.value(name) for name in inspect.signature(function).parameters}

    def value(self, name):
        by_method = getattr(self, f"{self.method}_{name}", None)
        made = by_method or getattr(self, name)
        return made()

    def params(self):
        given = {**self.survey.params(self.method, self.variant), **self.more}
        if self.method.startswith("create") and "Order" in self.method:
            given |= self.survey.mode(self.variant)
        if self.okx and self.method in ("setLeverage", "fetchLeverage"):
            given |= {"mgnMode": "cross", "marginMode": "cross"}
        if self.okx and self.method == "setMarginMode":
            given = {"lever": "3"}
        if self.okx and self.method == "repayCrossMargin":
            given |= {"id": "1234567"}
        if self.method == "createTrailingPercentOrder":
            given |= {"reduceOnly": True} if self.variant["type"] == "swap" else {}
            given |= {"stopLossOrTakeProfit": "stopLoss"} if not self.reduces() else {}
        if self.method == "withdraw":
            given |= {"network": "ERC20"} | ({"fee": 0.0001} if self.okx else {})
        if not self.okx and self.method == "fetchPositions" and self.variant["type"] == "option":
            given |= {"type": "option"}
        if self.okx and self.method in ("fetchCanceledOrders", "fetchClosedOrders", "fetchOpenOrders", "cancelAllOrders") and self.more:
            given["ordType"] = "trigger"
        if self.method == "createConvertTrade" and self.okx:
            given |= {"side": "sell"}
        if self.method == "fetchMySettlementHistory":
            given |= {"type": "option"}
        return given

    def symbol(self):
        return self.variant["symbol"]

    def symbols(self):
        return [self.variant["symbol"]]

    def code(self):
        return {"inverse": "BTC"}.get(self.variant["sub"], "USDT")

    def codes(self):
        return ["USDT"]

    def amount(self):
        return self.variant["amount"] if "rder" in self.method else 10

    def price(self):
        if self.sells():
            return self.survey.price(self.variant, 1.01)
        return self.survey.price(self.variant, 0.99)

    def sells(self):
        return "Sell" in self.method or self.method in ("createStopLossOrder", "createTakeProfitOrder", "createReduceOnlyOrder", "createTrailingPercentOrder")

    def side(self):
        return "sell" if self.sells() else "buy"

    def closePosition_side(self):
        return None

    def type(self):
        return "limit"

    def createTrailingPercentOrder_type(self):
        return "market" if self.reduces() else "limit"

    def createTrailingPercentOrder_price(self):
        return None if self.reduces() else self.survey.price(self.variant, 1.0)

    def createTrailingPercentOrder_trailingTriggerPrice(self):
        return None if self.okx else self.trailingTriggerPrice()

    def reduces(self):
        """Whether a trailing order is a market order that reduces a position; on Binance's spot and margin it is a limit order."""
        self.position()
        return self.okx or self.variant["type"] == "swap"

    def createStopLossOrder_price(self):
        return self.survey.price(self.variant, 0.978)

    def createTakeProfitOrder_price(self):
        return self.survey.price(self.variant, 1.02)

    def createStopOrder_price(self):
        return self.survey.price(self.variant, 1.022)

    createTriggerOrder_price = createStopLimitOrder_price = createStopOrder_price

    def createReduceOnlyOrder_price(self):
        self.position()
        return self.survey.price(self.variant, 1.01)

    def createMarketOrder_price(self):
        return None

    def triggerPrice(self):
        return self.survey.price(self.variant, 1.02)

    def stopLossPrice(self):
        return self.survey.price(self.variant, 0.98)

    def takeProfitPrice(self):
        return self.survey.price(self.variant, 1.02)

    def trailingPercent(self):
        return 1

    def trailingTriggerPrice(self):
        return self.survey.price(self.variant, 1.02)

    def takeProfit(self):
        return self.survey.price(self.variant, 1.05)

    def stopLoss(self):
        return self.survey.price(self.variant, 0.96)

    def cost(self):
        return 100

    def since(self):
        return int(time.time() * 1000) - 3_600_000

    def limit(self):
        return 10

    def timeframe(self):
        return "5m"

    def id(self):
        return self.survey.resting(self.variant, bool(self.more)) if self.may else self.survey.unknown()

    def fetchConvertTrade_id(self):
        return "12345678"

    def fetchLedgerEntry_id(self):
        return "12345678"

    fetchDeposit_id = fetchWithdrawal_id = fetchTransfer_id = fetchConvertTrade_id

    def createConvertTrade_id(self):
        if not self.may:
            return "quote1"
        try:
            return self.survey.client.fetch_convert_quote("USDT", "BTC", 100)["id"] or "quote1"
        except ccxt.BaseError:
            return "quote1"

    def ids(self):
        return [self.id(), self.id()]

    def orders(self):
        price = self.survey.price(self.variant, 0.99)
        one = {"symbol": self.variant["symbol"], "type": "limit", "side": "buy", "amount": self.variant["amount"], "price": price, "params": {} if self.method == "editOrders" else self.survey.mode(self.variant)}
        if self.method == "cancelOrdersForSymbols":
            return [{"id": self.id(), "symbol": self.variant["symbol"]}, {"id": self.id(), "symbol": self.variant["symbol"]}]
        if self.method == "editOrders":
            return [{**one, "id": self.id(), "amount": one["amount"] * 2}, {**one, "id": self.id(), "amount": one["amount"] * 2}]
        return [dict(one), dict(one)]

    def editOrder_amount(self):
        return self.variant["amount"] * 2

    def position(self):
        """Opens a position, so that there is one to reduce."""
        if self.may and self.variant["type"] == "swap":
            try:
                params = {**self.survey.params("createOrder", self.variant), **self.survey.mode(self.variant)}
                self.survey.client.create_order(self.variant["symbol"], "market", "buy", self.variant["amount"] * 2, None, params)
            except ccxt.BaseError:
                pass

    def closePosition_symbol(self):
        self.position()
        return self.variant["symbol"]

    addMargin_symbol = reduceMargin_symbol = closePosition_symbol

    def fromCode(self):
        return "USDT"

    def toCode(self):
        return "BTC"

    def fetchConvertQuote_amount(self):
        return 100

    createConvertTrade_amount = fetchConvertQuote_amount

    def createConvertTrade_code(self):
        return "BTC"

    def leverage(self):
        return 3

    def marginMode(self):
        return "cross"

    def hedged(self):
        return False

    def fromAccount(self):
        return "spot" if not self.okx else "trading"

    def toAccount(self):
        return {"coinm": "inverse"}.get(self.variant["sub"], "linear") if not self.okx else "funding"

    def address(self):
        return "0x00000000000000000000000000000000000000AA"

    def tag(self):
        return None

    def timeout(self):
        return 60_000

    def fetchMarginAdjustmentHistory_type(self):
        return "add"
