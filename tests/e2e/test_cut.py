"""P6: the answer to an order is cut at every byte; its outcome is unknown or exact, and nothing is sent twice."""

import json

import pytest
import raw
from stack import BOTS

# Longer than any whole answer to an order, with its head.
LONGEST = 900


@pytest.mark.parametrize("exchange, bot", [("binance", "spot"), ("okx", "okx")])
def test_cut_at_every_byte(own, exchange, bot):
    stack = own({bot: {**BOTS[bot], "max_day": "100000000 USDT"}})
    stack.serve()
    symbol = "BTCUSDT" if exchange == "binance" else "BTC-USDT"
    stack.sim.set_price(exchange, symbol, "50000")
    keys = stack.secrets(bot)
    path = "/api/v3/order" if exchange == "binance" else "/api/v5/trade/order"
    whole = raw.send(stack.port, raw.order(exchange, keys, "whole", "49900"))
    assert whole[0] == 200, whole
    for cut in range(LONGEST + 1):
        stack.sim.fault(exchange=exchange, method="POST", path=path, kind={"cut": cut}, times=1)
        raw.send(stack.port, raw.order(exchange, keys, f"cut{cut}", "49900"))
    stack.stop()
    stack.run("journal", "verify")
    outcomes = by_client_id(stack)
    orders = {o["client_id"]: o for o in stack.sim.orders(exchange)}
    exact = []
    for cut in range(LONGEST + 1):
        outcome = outcomes[f"cut{cut}"]
        kind = outcome if isinstance(outcome, str) else next(iter(outcome))
        assert kind in ("unknown", "executed"), (cut, outcome)
        if kind == "executed":
            exact.append(cut)
            assert outcome["executed"]["order"]["id"] == str(orders[f"cut{cut}"]["id"]), (cut, outcome)
    assert LONGEST in exact, "an uncut answer must be read"
    assert exact == list(range(exact[0], LONGEST + 1)), "a shorter answer was read where a longer one was not"
    assert exact[0] > 200, "an answer cut short was taken for a whole one"
    posts = [r for e, r in stack.sim.record() if e == exchange and r.startswith(b"POST " + path.encode())]
    for cut in range(LONGEST + 1):
        needle = f"newClientOrderId=cut{cut}&" if exchange == "binance" else f'"clOrdId":"cut{cut}"'
        assert sum(needle.encode() in r for r in posts) == 1, cut


def by_client_id(stack):
    """The first outcome of every order, by the bot's client order id."""
    names, outcomes = {}, {}
    for line in stack.run("journal", "show", "--all", "--json").stdout.splitlines():
        entry = json.loads(line)["entry"]
        kind, body = entry["kind"], entry["body"]
        if kind == "intent" and "place" in body["asked"]["act"]:
            names[body["id"]] = body["asked"]["act"]["place"]["client_id"]
        if kind == "outcome" and body["id"] in names:
            outcomes.setdefault(names[body["id"]], body["outcome"])
    return outcomes
