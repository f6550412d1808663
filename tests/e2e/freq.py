"""freqtrade as a process, with the settings that `bot show --for freqtrade` prints and a strategy that does as it is told."""

import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys

from stack import stop, until

# Enters and leaves when a file says so; its stop-loss stands at the exchange: there as a limit or as a market order.
STRATEGY = '''
import pathlib
from freqtrade.strategy import IStrategy

WISH = pathlib.Path(__file__).parent.parent / "wish"


def wish():
    return WISH.read_text() if WISH.exists() else ""


class AsTold(IStrategy):
    timeframe = "1m"
    stoploss = -0.05
    minimal_roi = {"0": 100}
    can_short = False
    startup_candle_count = 0
    process_only_new_candles = False
    use_exit_signal = True
    order_types = {
        "entry": "limit", "exit": "limit", "emergency_exit": "market", "force_exit": "market", "stoploss": "STOP",
        "stoploss_on_exchange": True, "stoploss_on_exchange_interval": 5, "stoploss_on_exchange_limit_ratio": 0.99,
    }

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1 if wish() == "enter" else 0
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe

    def is_pair_locked(self, pair, **kwargs):
        return False

    def custom_exit(self, pair, trade, current_time, current_rate, current_profit, **kwargs):
        told = wish()
        return told if told.startswith("leave") else None

    def custom_exit_price(self, pair, trade, current_time, proposed_rate, current_profit, exit_tag, **kwargs):
        return proposed_rate * 0.7 if exit_tag == "leave far below" else proposed_rate
'''

# What is the user's own, and has nothing to do with claviger.
OWN = {
    "max_open_trades": 1, "stake_currency": "USDT", "stake_amount": 200, "tradable_balance_ratio": 0.5, "dry_run_wallet": 10000,
    "cancel_open_orders_on_exit": False, "custom_price_max_distance_ratio": 0.9, "unfilledtimeout": {"entry": 1, "exit": 1, "unit": "minutes", "exit_timeout_count": 0},
    "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1, "price_last_balance": 0.0, "check_depth_of_market": {"enabled": False}},
    "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
    "pairlists": [{"method": "StaticPairList"}], "internals": {"process_throttle_secs": 1}, "initial_state": "running",
}


def program() -> pathlib.Path:
    path = os.environ.get("CLAVIGER_FREQTRADE")
    assert path and os.path.exists(path), "CLAVIGER_FREQTRADE must name freqtrade's program (scripts/test e2e sets it)"
    return pathlib.Path(path)


class Freqtrade:
    """One freqtrade on one bot of a stack."""

    def __init__(self, stack, bot, futures: bool, live: bool, folder: pathlib.Path, stop="limit"):
        self.stack, self.bot, self.folder, self.live = stack, bot, folder, live
        (folder / "strategies").mkdir(parents=True)
        (folder / "strategies" / "as_told.py").write_text(STRATEGY.replace("STOP", stop))
        stack.secrets(bot)
        shown = stack.run("bot", "show", bot, "--for", "freqtrade", "--reveal").stdout
        settings = json.loads(re.sub(r"(?m)^//.*$", "", shown))
        # The one setting that stands outside the configuration: the environment of the line that starts freqtrade.
        self.environment = dict(re.findall(r"([A-Z_]+)=(\S+)", " ".join(re.findall(r"(?m)^//.*$", shown))))
        settings["exchange"]["pair_whitelist"] = ["BTC/USDT:USDT" if futures else "BTC/USDT"]
        mode = {"trading_mode": "futures", "margin_mode": "isolated"} if futures else {"trading_mode": "spot"}
        config = {**OWN, **mode, **settings, "dry_run": not live, "db_url": f"sqlite:///{folder}/trades.sqlite", "strategy": "AsTold"}
        (folder / "config.json").write_text(json.dumps(config, indent=1))
        self.process = None

    def start(self):
        self.log = self.folder / "freqtrade.log"
        self.process = subprocess.Popen(
            [program(), "trade", "--config", self.folder / "config.json", "--userdir", self.folder, "--strategy-path", self.folder / "strategies"],
            stdout=subprocess.DEVNULL, stderr=open(self.log, "w"), env={**os.environ, **self.environment},
        )
        return self

    def wish(self, what):
        new = self.folder / "new"
        new.write_text(what)
        new.rename(self.folder / "wish")

    def text(self):
        return self.log.read_text()

    def rows(self, query):
        try:
            with sqlite3.connect(f"file:{self.folder}/trades.sqlite?mode=ro", uri=True) as base:
                return base.execute(query).fetchall()
        except sqlite3.Error:
            return []

    def alive(self):
        assert self.process.poll() is None, self.text()[-4000:]

    def wait(self, what, seconds=60):
        """Waits for something, as long as freqtrade runs; shows its log where it does not come."""
        def seen():
            self.alive()
            return what()
        try:
            return until(seen, seconds, 0.3)
        except AssertionError:
            print(self.text()[-6000:], file=sys.stderr)
            raise

    def is_open(self):
        """Whether it holds a position that was filled."""
        return self.rows(
            "select 1 from trades where is_open = 1 and amount > 0 and exists"
            " (select 1 from orders where orders.ft_trade_id = trades.id and ft_order_side = 'buy' and status = 'closed')"
        )

    def is_flat(self):
        """Whether it was in a position and is in none now."""
        return self.rows("select 1 from trades where close_date is not null") and not self.rows("select 1 from trades where is_open = 1")

    def stop(self):
        if self.process:
            stop(self.process)
