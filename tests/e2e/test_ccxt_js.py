"""Unmodified ccxt for JavaScript by both ways in."""

import json
import os
import pathlib
import subprocess

import pytest

REFUSED = {
    "too large": "InvalidOrder", "sell far below": "InvalidOrder", "wrong symbol": "PermissionDenied", "perp": "PermissionDenied",
    "unknown parameter": "BadRequest", "withdrawal": "PermissionDenied", "transfer": "PermissionDenied",
}


def run(stack, exchange, bot, way, door=None, **more):
    door = door or stack
    keys = {k: v for k, v in stack.secrets(bot).items() if k in ("apiKey", "secret", "password") and v}
    plan = {"way": way, "base": door.proxy, "proxy": door.proxy, "exchange": exchange, "symbol": "BTC/USDT", "keys": keys, **more}
    script = pathlib.Path(__file__).with_name("ccxt_js.mjs")
    env = {**os.environ, "NODE_EXTRA_CA_CERTS": door.ca}
    done = subprocess.run(["node", str(script), json.dumps(plan)], capture_output=True, text=True, timeout=180, env=env)
    assert done.returncode == 0, done.stderr
    return {s["step"]: s for s in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("way", ["base", "connect"])
@pytest.mark.parametrize("exchange, bot", [("binance", "spot"), ("okx", "okx")])
def test_whole_way(stack, exchange, bot, way):
    steps = run(stack, exchange, bot, way)
    expected = {"markets": True, "balance": True, "place": True, "read": "open", "cancel": "canceled", "market": True}
    if exchange == "okx":
        expected["amend"] = 0.001
    for step, value in expected.items():
        assert steps[step].get("value") == value, steps[step]
    for step, error in REFUSED.items():
        assert steps[step].get("error") == error and not steps[step]["retryable"], steps[step]
        assert "claviger" in steps[step]["message"]


@pytest.mark.parametrize("way", ["base", "connect"])
@pytest.mark.parametrize("exchange, bot, error", [("binance", "small", "RateLimitExceeded"), ("okx", "okxsmall", "InvalidOrder")])
def test_day_budget_spent(stack, exchange, bot, error, way):
    order = run(stack, exchange, bot, way, only="order")["order"]
    assert order.get("error") == error and "max_day" in order["message"], order


@pytest.mark.parametrize("way", ["base", "connect"])
@pytest.mark.parametrize("exchange, bot", [("binance", "spot"), ("okx", "okx")])
def test_frozen(stack, exchange, bot, way):
    stack.run("bot", "freeze", bot)
    try:
        order = run(stack, exchange, bot, way, only="order")["order"]
    finally:
        stack.run("bot", "thaw", bot)
    assert order.get("error") == "PermissionDenied" and not order["retryable"] and "frozen" in order["message"], order
