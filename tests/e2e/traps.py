"""Attacks as bytes: honest orders with one thing changed, so that nothing but that change can be why they are refused."""

import base64
import datetime
import hashlib
import hmac
import itertools
import os
import re
import socket

import raw
from stack import BOTS, Sim, Stack, until

PRICE = "49900"
NUMBERS = itertools.count(1)


class Trapped:
    """A stack with a bot on each exchange, and what its exchanges have seen of changes and of unknown keys."""

    def __init__(self, folder):
        bots = {
            name: {**BOTS[name], "sources": ["127.0.0.0/8"], "max_day": "100000000 USDT", "max_open_orders": 5000}
            for name in ("spot", "okx")
        }
        self.sim = Sim(folder / "sim")
        self.stack = Stack(folder / "stack", self.sim, bots)
        self.stack.serve()
        self.port = self.stack.port
        self.keys = {"binance": self.stack.secrets("spot"), "okx": self.stack.secrets("okx")}
        self.sim.set_price("binance", "BTCUSDT", "50000")
        self.sim.set_price("okx", "BTC-USDT", "50000")
        self.looked_at = set()
        self.changes = []
        until(lambda: self.honest("binance") and self.honest("okx"), 20)

    def honest(self, exchange, source=None):
        """Whether a signed read is answered."""
        keys = self.keys[exchange]
        request = raw.binance(keys, "GET", "/api/v3/account", {}) if exchange == "binance" else raw.okx(keys, "GET", "/api/v5/account/balance")
        return raw_send(self.port, request, source)[:12] == b"HTTP/1.1 200"

    def seen(self):
        """How many changes the exchanges were asked for so far. They write each down before they act on it."""
        folder = self.sim.folder / "record"
        for name in sorted(set(os.listdir(folder)) - self.looked_at):
            self.looked_at.add(name)
            request = (folder / name).read_bytes()
            if not request.startswith(b"GET "):
                self.changes.append(request)
        return len(self.changes)

    def reached(self, marker):
        self.seen()
        return [request for request in self.changes if marker.encode() in request]

    def order(self, exchange, client_id=None, **more):
        return raw.order(exchange, self.keys[exchange], client_id or name(), PRICE, "0.0002", **more)


def name():
    return f"trap{next(NUMBERS)}x{os.getpid()}"


def connect(port, source=None):
    """A connection from an address of this machine; each attacker has its own, so that none tires the door for the next."""
    return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0) if source else None)


SOURCES = itertools.count(1)


def new_source():
    n = next(SOURCES)
    return f"127.66.{n // 250}.{n % 250 + 1}"


def raw_send(port, request, source=None, wait=20.0):
    """Sends bytes and closes its own side; everything that comes back until the other side closes too."""
    with connect(port, source) as s:
        s.settimeout(wait)
        return exchange_bytes(s, request)


def exchange_bytes(s, request):
    got = b""
    try:
        s.sendall(request)
        s.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    try:
        while more := s.recv(65536):
            got += more
    except ConnectionError:
        pass
    return got


def refused(got, most_answers=1):
    """Nothing at all, or one refusal; its status. OKX tells an order's refusal with status 200."""
    answers = got.split(b"HTTP/1.1 ")[1:]
    statuses = [int(answer[:3]) for answer in answers]
    assert len(statuses) <= most_answers, got
    for status, answer in zip(statuses, answers):
        assert status in range(400, 600) or (status == 200 and b"\r\nx-claviger-denial: " in answer), got
    return statuses


def attack(trapped, request, exchange="binance", most_answers=1):
    """Sends an attack: it must be refused, reach nobody, and leave the door open for the honest."""
    before = trapped.seen()
    got = raw_send(trapped.port, request, new_source())
    refused(got, most_answers)
    assert trapped.honest(exchange), "the honest bot is not served any more"
    assert trapped.seen() == before, trapped.changes[before:]
    return got


def head(request, *lines):
    """With header lines added behind the request line."""
    first, _, rest = request.partition(b"\r\n")
    return b"\r\n".join([first, *(line if isinstance(line, bytes) else line.encode() for line in lines), rest])


def without(request, header):
    return re.sub(rb"(?im)^" + header.encode() + rb":[^\r]*\r\n", b"", request, count=1)


def body_of(request):
    return request.partition(b"\r\n\r\n")[2]


def chunked(request, body=None, size=b"%x", after=b"\r\n", end=b"0\r\n\r\n"):
    """With the same body in one chunk."""
    top, _, data = request.partition(b"\r\n\r\n")
    top = without(top + b"\r\n", "Content-Length")
    body = data if body is None else body
    return top + b"Transfer-Encoding: chunked\r\n\r\n" + size % len(body) + after + body + b"\r\n" + end

def target(change):
    """Changes the request line's target."""
    def changed(request):
        line, _, rest = request.partition(b"\r\n")
        method, path, version = line.split(b" ")
        return b" ".join([method, change(path), version]) + b"\r\n" + rest
    return changed


def line(change):
    def changed(request):
        first, _, rest = request.partition(b"\r\n")
        return change(first) + b"\r\n" + rest
    return changed


def both(length, *encodings):
    """The body in chunks and by its length, as two readers would want it."""
    def changed(request):
        data = body_of(chunked(request))
        headers = [e.replace("{n}", str(len(body_of(request)) if length == "body" else len(data))) for e in encodings]
        top = without(request.partition(b"\r\n\r\n")[0] + b"\r\n", "Content-Length")
        return top + "".join(h + "\r\n" for h in headers).encode() + b"\r\n" + data
    return changed


def lengths(*values):
    """Content-Length in other words; {n} is the right number."""
    def changed(request):
        right = str(len(body_of(request)))
        bare = without(request, "Content-Length")
        return head(bare, *(f"Content-Length: {v}".replace("{n}", right) for v in values))
    return changed


def added(*lines):
    return lambda request: head(request, *lines)


def host(*lines):
    return lambda request: head(without(request, "Host"), *lines)


def smuggled(request):
    """What a smuggler would like to be read as the next request."""
    return request + b"GET /binance/api/v3/time HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

def sign(keys, query="", body="", method="POST", path="/api/v3/order", prefix="binance", key_header="X-MBX-APIKEY", more=""):
    """A Binance request signed over exactly these texts; SIG stands where the signature goes."""
    signed = (query + body).replace("&signature=SIG", "").replace("signature=SIG&", "").replace("signature=SIG", "")
    signature = hmac.new(keys["secret"].encode(), signed.encode(), hashlib.sha256).hexdigest()
    query, body = query.replace("SIG", signature), body.replace("SIG", signature)
    at = f"?{query}" if query else ""
    form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} /{prefix}{path}{at} HTTP/1.1\r\nHost: 127.0.0.1\r\n{key_header}: {keys['apiKey']}\r\n{more}{form}\r\n{body}".encode()


GOOD = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.0002&price=49900&newClientOrderId=ID"


def form(text, time_text=None, window="&recvWindow=5000"):
    return text.replace("ID", name()) + window + f"&timestamp={time_text or raw.now_ms()}&signature=SIG"

def okx_sign(keys, body, path="/api/v5/trade/order", method="POST", stamp=None, more="", **headers):
    stamp = stamp or iso()
    text = body if isinstance(body, bytes) else body.encode()
    signature = base64.b64encode(hmac.new(keys["secret"].encode(), (stamp + method + path).encode() + text, hashlib.sha256).digest()).decode()
    sent = {"OK-ACCESS-KEY": keys["apiKey"], "OK-ACCESS-SIGN": signature, "OK-ACCESS-TIMESTAMP": stamp,
            "OK-ACCESS-PASSPHRASE": keys["password"], "Content-Type": "application/json", **headers}
    lines = "".join(f"{k}: {v}\r\n" for k, v in sent.items() if v is not None)
    return f"{method} /okx{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}{more}Content-Length: {len(text)}\r\n\r\n".encode() + text


def iso(offset=0.0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=offset)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


JSON = '{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","sz":"0.0002","px":"49900","clOrdId":"ID"}'
