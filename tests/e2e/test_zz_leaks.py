"""P5: over the whole run, nothing of a virtual key reached an exchange, and nothing of a real key reached a bot.

Named to run last: it reads what the other tests' simulators saw, and drives both sides through a relay that keeps every byte.
"""

import pytest
import raw
from leaks import assert_nothing_virtual_upstream, holds
from stack import Tee


@pytest.mark.parametrize("exchange, bot", [("binance", "spot"), ("okx", "okx")])
def test_nothing_crosses(stack, exchange, bot):
    real = stack.sim.facts["keys"][exchange]
    keys = stack.secrets(bot)
    tee = Tee(stack.port)
    signatures = []
    reads = {"binance": ["/api/v3/account", "/api/v3/openOrders", "/sapi/v1/account/apiRestrictions"],
             "okx": ["/api/v5/account/balance", "/api/v5/account/config", "/api/v5/trade/orders-pending"]}[exchange]
    requests = [raw.binance(keys, "GET", path, {}) if exchange == "binance" else raw.okx(keys, "GET", path) for path in reads]
    requests += [raw.order(exchange, keys, f"leak{exchange}{n}", "100", side="buy") for n in range(3)]
    requests.append(raw.order(exchange, keys, f"leak{exchange}big", "100", quantity="900000"))
    for request in requests:
        raw.send(tee.port, request)
        text = request.decode()
        marker = "signature=" if exchange == "binance" else "OK-ACCESS-SIGN: "
        signatures.append(text.split(marker)[1].split(" ")[0].split("\r")[0])
    for value in (real["id"], real["secret"], real.get("passphrase")):
        if value:
            assert not holds(bytes(tee.seen), value), "something of the real key reached the bot"
    upstream = b"\n".join(r for _, r in stack.sim.record())
    assert len(upstream) > 2000
    assert_nothing_virtual_upstream(stack)
    for signature in signatures:
        assert not holds(upstream, signature), "a bot's signature reached the exchange"
    log = stack.log.read_bytes()
    for value in (real["id"], real["secret"], real.get("passphrase"), keys["secret"], keys.get("password")):
        if value:
            assert not holds(log, value), "the log holds a secret"
    journal = stack.run("journal", "show", "--all", "--json").stdout.encode()
    for value in (real["secret"], real.get("passphrase"), keys["secret"], keys.get("password"), *signatures):
        if value:
            assert not holds(journal, value), "the journal holds a secret"
