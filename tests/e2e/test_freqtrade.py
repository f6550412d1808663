"""freqtrade through the gateway with the settings that `bot show --for freqtrade` prints: dry and live, spot and futures, both exchanges.

Each live one holds a position with its stop at the exchange and is told to leave it while claviger refuses, for each kind of denial.
The stop must stand there when the denial is over, and docs/clients.md says what became of it meanwhile.
"""

import concurrent.futures
import contextlib
import dataclasses
import threading
import time

import ccxt
import pytest
from clients import Client, near
from freq import Freqtrade
from page import Page
from stack import until

GRANTS = ["market-data", "read", "read-identity", "trade"]


@dataclasses.dataclass
class Case:
    """One market of one exchange, with the bot that trades it, and how its stop-loss order is placed."""

    name: str
    exchange: str
    market: str
    symbol: str
    other: str
    stop: str
    # What claviger takes its reference price from.
    prices: str

    @property
    def futures(self):
        return self.market != "spot"

    def bot(self, grants=GRANTS):
        wide = dict(max_leverage="5", danger_account_wide=True) if self.futures else {}
        return dict(
            key=f"{self.exchange}-main", exchange=self.exchange, grants=list(grants), markets=[self.market], symbols=[self.symbol, self.other],
            max_order="1000 USDT", max_day="100000 USDT", price_band="2%", **wide,
        )


CASES = {
    case.name: case
    for case in [
        Case("binance-spot", "binance", "spot", "BTCUSDT", "ETHUSDT", "limit", "/api/v3/ticker"),
        Case("binance-futures", "binance", "usdm", "BTCUSDT", "ETHUSDT", "market", "/fapi/v1/premiumIndex"),
        Case("okx-spot", "okx", "spot", "BTC-USDT", "ETH-USDT", "limit", "/api/v5/market/tickers"),
        Case("okx-futures", "okx", "usdm", "BTC-USDT-SWAP", "ETH-USDT-SWAP", "market", "/api/v5/public/mark-price"),
    ]
}

# Each kind of denial: how the policy is changed, or what else is done, while the bot wants to leave.
DENIALS = {
    "permission": dict(grants=["market-data", "read", "read-identity"]),
    "symbol": lambda case: dict(symbols=[case.other]),
    "max_order": dict(max_order="50 USDT"),
    "max_day": dict(max_day="60 USDT"),
    "order_rate": dict(order_rate="1/m"),
    "price_band": "leave far below",
    "reference": "prices",
    "freeze": "freeze",
}


class Desk:
    """One stack for all of them; its configuration and the faults of an exchange are changed by one at a time."""

    def __init__(self, stack):
        self.stack, self.lock = stack, threading.Lock()
        self.faults = {"binance": threading.Lock(), "okx": threading.Lock()}

    @contextlib.contextmanager
    def policy(self, bot, change):
        before = dict(self.stack.bots[bot])
        self.apply(bot, {**before, **change})
        try:
            yield
        finally:
            self.apply(bot, before)

    def apply(self, bot, policy):
        with self.lock:
            self.stack.bots[bot] = policy
            self.stack.write_config(self.stack.bots)
            self.stack.run("apply")

    @contextlib.contextmanager
    def frozen(self, bot):
        with self.lock:
            self.stack.run("bot", "freeze", bot)
        try:
            yield
        finally:
            with self.lock:
                self.stack.run("bot", "thaw", bot)

    @contextlib.contextmanager
    def no_prices(self, case):
        with self.faults[case.exchange]:
            self.stack.sim.fault(exchange=case.exchange, path=case.prices, kind={"no_prices": {"hang": False}})
            try:
                time.sleep(12)
                yield
            finally:
                self.stack.sim.admin("/fault/clear", {"exchange": case.exchange})
                time.sleep(3)

    def denying(self, case, bot, denial):
        how = DENIALS[denial]
        if how == "prices":
            return self.no_prices(case)
        if how == "freeze":
            return self.frozen(bot)
        if isinstance(how, str):
            return contextlib.nullcontext()
        return self.policy(bot, how(case) if callable(how) else how)


class Live:
    """A freqtrade that trades, and the stops of its market at the exchange."""

    def __init__(self, desk, case, folder):
        self.desk, self.case = desk, case
        self.freqtrade = Freqtrade(desk.stack, case.name, case.futures, True, folder, case.stop)
        self.found = {}

    def stops(self, ended=False):
        """Every stop of this market that stands now: (id, quantity). Or every one that ever stood."""
        market = {"usdm": "usdm" if self.case.exchange == "binance" else "swap"}.get(self.case.market, self.case.market)
        sim = self.desk.stack.sim
        here = [o for o in sim.orders(self.case.exchange) if o["market"] == market and o["symbol"] == self.case.symbol]
        orders = [(o["id"], o["qty"]) for o in here if (ended or o["status"] == "new") and o["side"] == "sell" and o["labels"].get("stopPrice")]
        algos = sim.admin("/algos")[self.case.exchange]
        return orders + [
            (a["id"], a["qty"]) for a in algos
            if (a["market"], a["symbol"], a["side"]) == (market, self.case.symbol, "sell") and (ended or a["status"] == "live")
        ]

    def settled(self):
        return self.freqtrade.is_open() and len(self.stops()) == 1

    def enter(self):
        if not self.freqtrade.is_open():
            self.freqtrade.wish("enter")
        self.freqtrade.wait(self.settled, 90)
        self.freqtrade.wish("stay")

    def survive(self, denial):
        """Wants to leave while that is refused; what became of the stop."""
        self.enter()
        [stop] = self.stops()
        before = set(self.stops(ended=True))
        with self.desk.denying(self.case, self.case.name, denial), self.spent(denial):
            seen, refused = self.leave(DENIALS[denial] if denial == "price_band" else "leave")
            placed = set(self.stops(ended=True)) - before
            # A loop that read the old wish must have ended before the exit is allowed again.
            self.freqtrade.wish("stay")
            time.sleep(4)
        if not self.freqtrade.is_open():
            return "exit"
        assert refused, f"{denial} was not met"
        self.freqtrade.wait(self.settled, 60)
        [after] = self.stops()
        assert after[1] == stop[1], "the stop is of another size"
        if all(one == [stop] for one in seen) and after == stop:
            return "kept"
        # Cancelled by freqtrade itself before an exit that was refused: was another one placed while the denial held?
        return "replaced" if placed else "lost"

    def leave(self, wish):
        """The stops that were seen, again and again, until the exit went out or was refused for some loops; and whether it was refused."""
        mark, seen, refused = len(self.freqtrade.text()), [], None
        self.freqtrade.wish(wish)
        end = time.monotonic() + 40
        while time.monotonic() < (refused + 6 if refused else end):
            self.freqtrade.alive()
            if not self.freqtrade.is_open():
                break
            seen.append(self.stops())
            if not refused and "claviger:" in self.freqtrade.text()[mark:].replace("\n", ""):
                refused = time.monotonic()
            time.sleep(0.05)
        return seen, refused

    @contextlib.contextmanager
    def spent(self, denial):
        """With another order of the same bot, beside freqtrade's, so that its rate is used up."""
        if denial != "order_rate":
            yield
            return
        kind = dict(defaultType="swap") if self.case.futures else {}
        beside = Client(self.desk.stack, "sync", "connect", self.case.exchange, self.case.name, **kind)
        symbol, amount = ("ETH/USDT:USDT", 0.1) if self.case.futures else ("ETH/USDT", 0.01)
        beside.load_markets()
        params = {"tdMode": "isolated"} if self.case.name == "okx-futures" else {}
        with contextlib.suppress(ccxt.BaseError):
            beside.create_order(symbol, "limit", "buy", amount, near(beside, symbol, 0.985), params)
        yield

    def run(self):
        self.freqtrade.wish("enter")
        self.freqtrade.start()
        try:
            for denial in DENIALS:
                self.found[denial] = self.survive(denial)
            self.freqtrade.wish("leave")
            self.freqtrade.wait(self.freqtrade.is_flat, 60)
            until(lambda: not self.stops(), 20)
            return self.found
        finally:
            self.freqtrade.stop()


def dry(desk, case, folder):
    """A whole cycle on paper: nothing may reach the exchange that carries a key."""
    one = Freqtrade(desk.stack, case.name, case.futures, False, folder, case.stop)
    one.wish("enter")
    one.start()
    try:
        one.wait(one.is_open, 90)
        one.wish("leave")
        one.wait(one.is_flat, 60)
    finally:
        one.stop()
    return True


@pytest.fixture(scope="module")
def ran(make_stack, tmp_path_factory):
    """Every case, side by side: first on paper, then live."""
    stack = make_stack({name: case.bot() for name, case in CASES.items()})
    stack.serve()
    desk, folder = Desk(stack), tmp_path_factory.mktemp("freqtrade")
    for name in CASES:
        stack.secrets(name)

    def whole(case):
        before = len(stack.sim.orders(case.exchange))
        return dry(desk, case, folder / f"{case.name}-dry"), before

    def live(case):
        return Live(desk, case, folder / f"{case.name}-live").run()

    with concurrent.futures.ThreadPoolExecutor(len(CASES)) as pool:
        papers = {name: pool.submit(whole, case) for name, case in CASES.items()}
        concurrent.futures.wait(papers.values())
        placed = sum(len(stack.sim.orders(exchange)) for exchange in ("binance", "okx"))
        lives = {name: pool.submit(live, case) for name, case in CASES.items()}
        concurrent.futures.wait(lives.values())
    return papers, placed, lives


@pytest.mark.parametrize("name", CASES)
def test_a_cycle_on_paper(ran, name):
    papers, placed, _ = ran
    assert papers[name].result()
    assert placed == 0, "freqtrade on paper placed orders"


@pytest.mark.parametrize("name", CASES)
def test_a_position_survives_each_denial_with_its_stop(ran, name):
    found = ran[2][name].result()
    listed = {line[0].strip("`"): line[1:] for line in Page.lines("freqtrade")}
    column = list(CASES).index(name)
    assert {denial: listed[denial][column] for denial in DENIALS} == found
