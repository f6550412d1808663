"""P7 from outside, by raw bytes to the running binary: what was accepted once, in whatever form and after a restart.

Each attack is refused, reaches no exchange, and harms nobody else.
"""

import concurrent.futures
import hashlib
import hmac
import socket
import time

import raw
from stack import until
from traps import chunked, exchange_bytes, GOOD, name, new_source, raw_send, refused


def test_replays(trapped):
    """P7: what was accepted once is not accepted again, in whatever form its signature allows."""
    keys = trapped.keys["binance"]
    marker = name()
    text = GOOD.replace("ID", marker) + f"&recvWindow=60000&timestamp={raw.now_ms()}"
    signature = hmac.new(keys["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
    query, body = text[:60].rsplit("&", 1)[0], None
    body = text[len(query) + 1:]

    def request(method="POST", path="/api/v3/order", query="", body="", prefix="binance", sig=signature, more=""):
        at = f"?{query}" if query else ""
        tail = f"{body}&signature={sig}" if body else ""
        at = at or ("" if body else f"?signature={sig}")
        at = at if body else f"?{query}&signature={sig}"
        length = f"Content-Length: {len(tail)}\r\n" if tail else ""
        return (f"{method} /{prefix}{path}{at} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-MBX-APIKEY: {keys['apiKey']}\r\n{more}"
                f"Content-Type: application/x-www-form-urlencoded\r\n{length}\r\n{tail}").encode()

    first = request(body=text)
    assert raw_send(trapped.port, first).startswith(b"HTTP/1.1 200 ")
    assert len(trapped.reached(marker)) == 1
    forms = {
        "the same bytes": first,
        "digits of other case": request(body=text, sig=signature.upper()),
        "moved to the query": request(query=text),
        "split elsewhere": request(query=text, body=""),
        "another header": request(body=text, more="X: y\r\n"),
        "chunked": chunked(first),
        "another method": request(method="PUT", body=text),
        "as a read": request(method="GET", query=text),
        "as a cancel": request(method="DELETE", query=text),
        "another path": request(path="/api/v3/order/test", body=text),
        "a reading path": request(method="GET", path="/api/v3/account", query=text),
        "another prefix": request(prefix="binance-usdm", path="/fapi/v1/order", body=text),
        "signature first": f"POST /binance/api/v3/order?signature={signature}&{text} HTTP/1.1\r\nHost: a\r\nX-MBX-APIKEY: {keys['apiKey']}\r\n\r\n".encode(),
        "signature in the query": f"POST /binance/api/v3/order?signature={signature} HTTP/1.1\r\nHost: a\r\nX-MBX-APIKEY: {keys['apiKey']}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode(),
    }
    for how, again in forms.items():
        for source in (None, new_source()):
            got = raw_send(trapped.port, again, source)
            assert refused(got), how
            assert len(trapped.reached(marker)) == 1, how
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(trapped.stack.folder / "bots.sock"))
        s.settimeout(20)
        assert refused(exchange_bytes(s, first))
    assert len(trapped.reached(marker)) == 1
    assert b"-1021" in raw_send(trapped.port, first), "clients sign anew only for a stale timestamp"
    assert trapped.honest("binance")


def test_many_replays_at_once(trapped):
    """Of equal orders that come at the same moment by 16 connections, one leaves."""
    for exchange in ("binance", "okx"):
        marker = name()
        request = trapped.order(exchange, marker, **({"window": 60000} if exchange == "binance" else {}))
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            got = list(pool.map(lambda _: raw_send(trapped.port, request), range(16)))
        accepted = [g for g in got if g.startswith(b"HTTP/1.1 200 ") and marker.encode() in g]
        assert len(trapped.reached(marker)) == 1 and len(accepted) == 1, got


def test_a_read_is_repeated_to_its_own_peer_only(trapped):
    """An equal read is answered again within a second to the same peer; to others, or later, it is not."""
    keys = trapped.keys["binance"]
    request = raw.binance(keys, "GET", "/api/v3/account", {}, window=60000)
    here, there = new_source(), new_source()
    assert raw_send(trapped.port, request, here).startswith(b"HTTP/1.1 200 ")
    refused(raw_send(trapped.port, request, there))
    moved = request.replace(b"GET ", b"DELETE ").replace(b"/account", b"/openOrders")
    assert refused(raw_send(trapped.port, moved, here))
    time.sleep(1.1)
    assert refused(raw_send(trapped.port, request, here))


# At the end, because it starts the server anew.

def test_replays_after_a_restart(trapped):
    """P7: what was accepted before a restart is not accepted after it."""
    markers = {"binance": name(), "okx": name()}
    requests = {"binance": trapped.order("binance", markers["binance"], window=60000), "okx": trapped.order("okx", markers["okx"])}
    for exchange, request in requests.items():
        assert raw_send(trapped.port, request).startswith(b"HTTP/1.1 200 ")
    trapped.stack.stop()
    trapped.stack.serve()
    for exchange, request in requests.items():
        assert refused(raw_send(trapped.port, request))
        assert len(trapped.reached(markers[exchange])) == 1
    until(lambda: trapped.honest("binance") and trapped.honest("okx"), 20)
    trapped.stack.run("journal", "verify")
    assert "panicked" not in trapped.stack.log.read_text()
