"""Looking for a value in every spelling in which it could stand in bytes."""

import base64
import urllib.parse


def spellings(value):
    """Plain, percent-encoded, base64, hex, either case, reversed."""
    data = value.encode()
    out = {data, urllib.parse.quote(value, safe="").encode(), base64.b64encode(data).rstrip(b"="), base64.urlsafe_b64encode(data).rstrip(b"="),
           data.hex().encode(), data.hex().upper().encode(), data.lower(), data.upper(), data[::-1]}
    # base64 of a longer text holds the value at any of three offsets.
    out |= {base64.b64encode(b"x" * n + data)[4:-4] for n in (1, 2)}
    return {o for o in out if len(o) >= 8}


def holds(text, value):
    return [s for s in spellings(value) if s in text]


def assert_nothing_virtual_upstream(stack):
    """P5: nothing of any virtual key that was used stands in anything that the simulators of this stack saw."""
    upstream = b"\n".join(request for _, request in stack.sim.record())
    for name, virtual in stack.revealed.items():
        for value in (virtual["apiKey"], virtual["secret"], virtual.get("password")):
            assert not value or not holds(upstream, value), f"something of {name}'s virtual key reached the exchange"
