"""P3, P7, P14 from outside: raw bytes to the running binary. Each trap ends in a refusal, reaches no exchange, and harms nobody else.

Every attack is an honest order with one thing changed, so that nothing but that change can be why it is refused.
"""

import base64
import concurrent.futures
import datetime
import hashlib
import hmac
import itertools
import os
import re
import socket
import ssl
import time

import pytest
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


@pytest.fixture(scope="module")
def trapped(tmp_path_factory):
    trapped = Trapped(tmp_path_factory.mktemp("traps"))
    yield trapped
    trapped.stack.stop()
    trapped.sim.stop()


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


def test_the_orders_pass_as_they_are(trapped):
    """What the attacks change is accepted unchanged: they fail for their change alone."""
    for exchange in ("binance", "okx"):
        for form in (lambda r: r, chunked):
            marker = name()
            got = raw_send(trapped.port, form(trapped.order(exchange, marker)), new_source())
            assert got.startswith(b"HTTP/1.1 200 "), got
            assert len(trapped.reached(marker)) == 1


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


FRAMES = {
    "length then chunked": both("data", "Content-Length: {n}", "Transfer-Encoding: chunked"),
    "chunked then length": both("data", "Transfer-Encoding: chunked", "Content-Length: {n}"),
    "the body's length, then chunked": both("body", "Content-Length: {n}", "Transfer-Encoding: chunked"),
    "length and chunked in capitals": both("data", "CONTENT-LENGTH: {n}", "TRANSFER-ENCODING: CHUNKED"),
    "length and mixed case": both("data", "content-length: {n}", "transfer-Encoding: ChUnKeD"),
    "length 0 and chunked": both("data", "Content-Length: 0", "Transfer-Encoding: chunked"),
    "chunked, identity": both("data", "Transfer-Encoding: chunked, identity"),
    "identity, chunked": both("data", "Transfer-Encoding: identity, chunked"),
    "gzip, chunked": both("data", "Transfer-Encoding: gzip, chunked"),
    "chunked twice in a list": both("data", "Transfer-Encoding: chunked, chunked"),
    "chunked twice": both("data", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "chunked and identity": both("data", "Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    "identity alone": both("data", "Transfer-Encoding: identity"),
    "identity with a length": both("body", "Content-Length: {n}", "Transfer-Encoding: identity"),
    "an empty encoding with a length": both("body", "Content-Length: {n}", "Transfer-Encoding:"),
    "xchunked": both("data", "Transfer-Encoding: xchunked"),
    "chunkedx": both("data", "Transfer-Encoding: chunkedx"),
    "xchunked with a length": both("data", "Transfer-Encoding: xchunked", "Content-Length: {n}"),
    "a tab before chunked, with a length": both("data", "Transfer-Encoding:\tchunked", "Content-Length: {n}"),
    "a vertical tab before chunked": both("data", "Transfer-Encoding: \x0bchunked"),
    "a form feed before chunked": both("data", "Transfer-Encoding: \x0cchunked"),
    "quoted chunked": both("data", 'Transfer-Encoding: "chunked"'),
    "chunked with a parameter": both("data", "Transfer-Encoding: chunked;q=1"),
    "chunked in a list with nothing": both("data", "Transfer-Encoding: chunked,"),
    "space before the encoding's colon": both("data", "Transfer-Encoding : chunked", "Content-Length: {n}"),
    "space before the encoding's name": both("data", " Transfer-Encoding: chunked", "Content-Length: {n}"),
    "a folded encoding": both("data", "Transfer-Encoding:\r\n chunked", "Content-Length: {n}"),
    "an encoding behind a folded header": both("body", "X: y\r\n Transfer-Encoding: chunked", "Content-Length: {n}"),
    "an encoding behind a bare line feed": both("body", "X: y\nTransfer-Encoding: chunked", "Content-Length: {n}"),
    "an encoding behind a bare carriage return": both("body", "X: y\rTransfer-Encoding: chunked", "Content-Length: {n}"),
    "an encoding behind a NUL": both("body", "X: y\0Transfer-Encoding: chunked", "Content-Length: {n}"),
    "an underscore in the encoding's name, and no length": both("data", "Transfer_Encoding: chunked"),
    "two equal lengths": lengths("{n}", "{n}"),
    "two different lengths": lengths("{n}", "0"),
    "two different lengths, the other way": lengths("0", "{n}"),
    "a list of lengths": lengths("{n}, {n}"),
    "a plus": lengths("+{n}"),
    "a minus": lengths("-{n}"),
    "hexadecimal": lengths("0x{n}"),
    "+5": lengths("+5"),
    "0x5": lengths("0x5"),
    "a leading zero": lengths("0{n}"),
    "a decimal": lengths("{n}.0"),
    "an exponent": lengths("1e2"),
    "an underscore": lengths("1_0"),
    "a space within": lengths("1 0"),
    "no number": lengths(""),
    "huge": lengths("99999999999999999999999999"),
    "2^64 and the right number": lambda r: lengths(str(2**64 + len(body_of(r))))(r),
    "one more than a body may have": lengths(str(1024 * 1024 + 1)),
    "space before the length's colon": lambda r: head(without(r, "Content-Length"), f"Content-Length : {len(body_of(r))}"),
    "arabic digits": lambda r: head(without(r, "Content-Length"), "Content-Length: ٣".encode()),
    "an announced trailer": lambda r: head(chunked(r), "Trailer: X-Y"),
    "a trailer": lambda r: chunked(r, end=b"0\r\nX-Y: z\r\n\r\n"),
    "a trailer that is a signature header": lambda r: chunked(r, end=b"0\r\nX-MBX-APIKEY: other\r\n\r\n"),
    "a chunk extension": lambda r: chunked(r, after=b";a=b\r\n"),
    "an empty chunk extension": lambda r: chunked(r, after=b";\r\n"),
    "an extension of the last chunk": lambda r: chunked(r, end=b"0;a=b\r\n\r\n"),
    "a space behind the size": lambda r: chunked(r, after=b" \r\n"),
    "a tab behind the size": lambda r: chunked(r, after=b"\t\r\n"),
    "a bare line feed behind the size": lambda r: chunked(r, after=b"\n"),
    "a bare carriage return behind the size": lambda r: chunked(r, after=b"\r"),
    "two carriage returns behind the size": lambda r: chunked(r, after=b"\r\r\n"),
    "a hexadecimal sign": lambda r: chunked(r, size=b"0x%x"),
    "a plus before the size": lambda r: chunked(r, size=b"+%x"),
    "a minus before the size": lambda r: chunked(r, size=b"-%x"),
    "a space before the size": lambda r: chunked(r, size=b" %x"),
    "a quote before the size": lambda r: chunked(r, size=b'"%x'),
    "zeros without end before the size": lambda r: chunked(r, size=b"0" * 20 + b"%x"),
    "a size beyond 64 bits": lambda r: chunked(r, size=b"1" + b"0" * 16 + b"%x"),
    "no size": lambda r: chunked(r).replace(b"\r\n\r\n%x\r\n" % len(body_of(r)), b"\r\n\r\n\r\n"),
    "a chunk longer than its size": lambda r: chunked(r).replace(b"\r\n0\r\n\r\n", b"xx\r\n0\r\n\r\n"),
    "a chunk without its end": lambda r: chunked(r).replace(b"\r\n0\r\n\r\n", b"0\r\n\r\n"),
    "a bare line feed behind a chunk": lambda r: chunked(r).replace(b"\r\n0\r\n\r\n", b"\n0\r\n\r\n"),
    "a bare end": lambda r: chunked(r, end=b"0\n\n"),
    "chunks that stop": lambda r: chunked(r, end=b""),
    "chunks without the last line": lambda r: chunked(r, end=b"0\r\n"),
    "a body shorter than said": lambda r: r[:-1],
}

# What stands behind these is a request of its own by everybody's reading, and refused as such.
APART = ("an underscore in the encoding's name, and no length", "a body shorter than said")

HEADS = {
    "two equal Hosts": added("Host: 127.0.0.1"),
    "two Hosts": added("Host: api.binance.com"),
    "two Hosts of other case": added("hOST: 127.0.0.1"),
    "no Host": host(),
    "an empty Host": host("Host:"),
    "an empty Host with a space": host("Host: "),
    "a Host with a path": host("Host: 127.0.0.1/x"),
    "a Host with a user": host("Host: user@127.0.0.1"),
    "a Host with a space": host("Host: a b"),
    "a list of Hosts": host("Host: a, b"),
    "a Host with a port of letters": host("Host: a:b"),
    "a Host with a large port": host("Host: a:99999"),
    "space before the Host's colon": host("Host : 127.0.0.1"),
    "absolute form": target(lambda t: b"http://127.0.0.1" + t),
    "absolute form with TLS": target(lambda t: b"https://api.binance.com" + t.replace(b"/binance", b"")),
    "absolute form of a scheme relative": target(lambda t: b"//127.0.0.1" + t),
    "authority form": target(lambda t: b"api.binance.com:443"),
    "an asterisk": target(lambda t: b"*"),
    "no slash first": target(lambda t: t[1:]),
    "encoded dots": target(lambda t: t.replace(b"/api/", b"/%2e%2e/binance/api/")),
    "encoded dots in capitals": target(lambda t: t.replace(b"/api/", b"/x/%2E%2E/api/")),
    "an encoded letter": target(lambda t: t.replace(b"order", b"%6frder")),
    "an encoded slash": target(lambda t: t.replace(b"/v", b"%2fv", 1)),
    "dots": target(lambda t: t.replace(b"/api/", b"/x/../api/")),
    "one dot": target(lambda t: t.replace(b"/api/", b"/./api/")),
    "two slashes": target(lambda t: t.replace(b"/api/", b"//api/")),
    "two slashes first": target(lambda t: b"/" + t),
    "a slash last": target(lambda t: t + b"/"),
    "a backslash": target(lambda t: t.replace(b"/v", b"\\v", 1)),
    "a semicolon": target(lambda t: t + b";x=y"),
    "a tab": target(lambda t: t.replace(b"/v", b"/\tv", 1)),
    "a fragment": target(lambda t: t + b"#x"),
    "a fragment behind a query": target(lambda t: t + b"?a=b#x"),
    "a NUL in the target": target(lambda t: t + b"\0"),
    "a high byte in the target": target(lambda t: t + b"\xc3\xa9"),
    "a lone high byte in the target": target(lambda t: t + b"\x80"),
    "a high byte in the query": target(lambda t: t + b"?a=\xff"),
    "a delete character": target(lambda t: t + b"\x7f"),
    "another case of the path": target(lambda t: t.replace(b"/order", b"/Order")),
    "the prefix twice": target(lambda t: b"/binance" + t),
    "another case of the prefix": target(lambda t: t.replace(b"/binance", b"/Binance").replace(b"/okx", b"/OKX")),
    "a lower-case method": line(lambda first: first.replace(b"POST", b"post")),
    "a mixed-case method": line(lambda first: first.replace(b"POST", b"PoST")),
    "an invented method": line(lambda first: first.replace(b"POST", b"ORDER")),
    "PATCH": line(lambda first: first.replace(b"POST", b"PATCH")),
    "HEAD": line(lambda first: first.replace(b"POST", b"HEAD")),
    "OPTIONS": line(lambda first: first.replace(b"POST", b"OPTIONS")),
    "TRACE": line(lambda first: first.replace(b"POST", b"TRACE")),
    "a space before the method": line(lambda first: b" " + first),
    "a line before the method": line(lambda first: b"\r\n" + first),
    "two spaces": line(lambda first: first.replace(b" ", b"  ", 1)),
    "tabs between the words": line(lambda first: first.replace(b" ", b"\t")),
    "a space behind the version": line(lambda first: first + b" "),
    "a fourth word": line(lambda first: first + b" x"),
    "HTTP/1.0": line(lambda first: first.replace(b"HTTP/1.1", b"HTTP/1.0")),
    "HTTP/1.2": line(lambda first: first.replace(b"HTTP/1.1", b"HTTP/1.2")),
    "HTTP/2.0": line(lambda first: first.replace(b"HTTP/1.1", b"HTTP/2.0")),
    "http/1.1": line(lambda first: first.replace(b"HTTP/1.1", b"http/1.1")),
    "HTTP/01.1": line(lambda first: first.replace(b"HTTP/1.1", b"HTTP/01.1")),
    "HTTP/0.9": line(lambda first: first.rsplit(b" ", 1)[0]),
    "the preface of HTTP/2": lambda r: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + r,
    "an upgrade to HTTP/2": added("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"),
    "an upgrade to WebSocket": added("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
    "an expectation": added("Expect: 100-continue"),
    "bare line feeds": lambda r: r.replace(b"\r\n", b"\n"),
    "one bare line feed": lambda r: r.replace(b"\r\n", b"\n", 1),
    "a bare line feed within a value": added(b"X: a\nb: c"),
    "a bare carriage return within a value": added(b"X: a\rb: c"),
    "bare carriage returns": lambda r: r.replace(b"\r\n", b"\r"),
    "a folded header": added("X: a\r\n b"),
    "a header folded by a tab": added("X: a\r\n\tb"),
    "a folded first line": line(lambda first: first + b"\r\n folded"),
    "a NUL in a value": added(b"X: a\0b"),
    "a NUL in a name": added(b"X\0Y: a"),
    "a high byte in a value": added(b"X: \xff"),
    "UTF-8 in a value": added("X: é".encode()),
    "a high byte in a name": added(b"X\x80: a"),
    "a control character in a value": added(b"X: a\x01b"),
    "an escape character in a value": added(b"X: a\x1b[2J"),
    "space before a colon": added("X : y"),
    "no name": added(": y"),
    "no colon": added("X"),
    "a parenthesis in a name": added("X(): y"),
    "17 KiB of head": added("X: " + "y" * 17 * 1024),
    "17 KiB of header name": added("X" * 17 * 1024 + ": y"),
    "17 KiB of target": target(lambda t: t + b"?a=" + b"x" * 17 * 1024),
    "101 headers": added(*(f"X{n}: y" for n in range(101))),
    "1000 headers": added(*(f"X{n}: y" for n in range(1000))),
    "the same header twice": added("X: y", "X: y"),
    "a body beyond 1 MiB": lambda r: without(r.partition(b"\r\n\r\n")[0] + b"\r\n", "Content-Length") + b"Content-Length: 1048577\r\n\r\n" + b"x" * 1048577,
    "chunks beyond 1 MiB": lambda r: chunked(r, body=b"x" * (1024 * 1024 + 1)),
    "a 1 MiB body that means nothing": lambda r: without(r.partition(b"\r\n\r\n")[0] + b"\r\n", "Content-Length") + b"Content-Length: 1048576\r\n\r\n" + b"x" * 1048576,
    "nothing but a line end": lambda r: b"\r\n\r\n",
    "nothing but noise": lambda r: bytes(range(256)) * 8,
    "the beginning of TLS": lambda r: bytes.fromhex("16030100c8010000c40303") + bytes(189),
    "half a head": lambda r: r[:40],
}


@pytest.mark.parametrize("exchange", ["binance", "okx"])
@pytest.mark.parametrize("what", FRAMES)
def test_frames(trapped, exchange, what):
    attack(trapped, FRAMES[what](trapped.order(exchange)), exchange, most_answers=2 if what in APART else 1)


@pytest.mark.parametrize("what", FRAMES)
def test_nothing_is_smuggled(trapped, what):
    """Behind each frame stands another request; it is never answered as one of its own."""
    attack(trapped, smuggled(FRAMES[what](trapped.order("binance"))), most_answers=2 if what in APART else 1)


@pytest.mark.parametrize("exchange", ["binance", "okx"])
@pytest.mark.parametrize("what", HEADS)
def test_heads(trapped, exchange, what):
    attack(trapped, HEADS[what](trapped.order(exchange)), exchange)


def test_a_pipelined_order_is_not_mixed_up(trapped):
    """Requests that come at once are answered in turn, each with its own answer; a bad one ends the connection."""
    first, second = name(), name()
    read = raw.binance(trapped.keys["binance"], "GET", "/api/v3/openOrders", {"symbol": "BTCUSDT"})
    got = raw_send(trapped.port, trapped.order("binance", first) + read + trapped.order("okx", second), new_source())
    statuses = [int(s) for s in re.findall(rb"HTTP/1\.1 (\d{3}) ", got)]
    assert statuses == [200, 200, 200], got
    answers = got.split(b"HTTP/1.1 200 ")[1:]
    assert first.encode() in answers[0] and second.encode() not in answers[0]
    assert second.encode() in answers[2] and first.encode() not in answers[2]
    assert len(trapped.reached(first)) == len(trapped.reached(second)) == 1
    third, fourth = name(), name()
    got = raw_send(trapped.port, trapped.order("binance", third) + b"POST /binance/../x HTTP/1.1\r\n\r\n" + trapped.order("binance", fourth), new_source())
    assert [int(s) for s in re.findall(rb"HTTP/1\.1 (\d{3}) ", got)] == [200, 400], got
    assert len(trapped.reached(third)) == 1 and trapped.reached(fourth) == []


@pytest.mark.parametrize("split", ["body", "two"])
def test_bytes_that_come_one_by_one_mean_the_same(trapped, split):
    """An order in pieces is the same order; bad chunks behind a good head are refused all the same."""
    marker, bad = name(), name()
    with connect(trapped.port, new_source()) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        request = chunked(trapped.order("binance", marker))
        step = 1 if split == "body" else 7
        top = request.index(b"\r\n\r\n") + 4
        pieces = [request[:top]] + [request[i:i + step] for i in range(top, len(request), step)]
        for piece in pieces:
            s.sendall(piece)
        s.settimeout(20)
        assert s.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert len(trapped.reached(marker)) == 1
    with connect(trapped.port, new_source()) as s:
        request = chunked(trapped.order("binance", bad), end=b"")
        top = request.index(b"\r\n\r\n") + 4
        s.sendall(request[:top])
        time.sleep(0.1)
        s.sendall(request[top:])
        time.sleep(0.1)
        refused(exchange_bytes(s, b"zz\r\nxx"))
    assert trapped.reached(bad) == [] and trapped.honest("binance")


def test_slow_heads_and_bodies(trapped):
    """A head has 5 s, a body 10 s, however they dribble in; others are served meanwhile."""
    def dribble(request, cut, most):
        began = time.monotonic()
        with connect(trapped.port, new_source()) as s:
            s.sendall(request[:cut])
            s.settimeout(0.5)
            got, at = b"", cut
            while time.monotonic() - began < most + 8:
                try:
                    more = s.recv(4096)
                    if not more:
                        break
                    got += more
                except TimeoutError:
                    pass
                except ConnectionError:
                    break
                if at < len(request) - 1:
                    with_one_more = request[at:at + 1]
                    at += 1
                    try:
                        s.sendall(with_one_more)
                    except OSError:
                        pass
        return refused(got), time.monotonic() - began

    before = trapped.seen()
    big = trapped.order("binance")
    body = big.index(b"\r\n\r\n") + 4
    with concurrent.futures.ThreadPoolExecutor() as pool:
        head_only = pool.submit(dribble, head(big, "X: " + "y" * 200), 20, 5)
        silent = pool.submit(dribble, big[:1] + big[1:2], 1, 5)
        in_body = pool.submit(dribble, big, body + 2, 10)
        in_chunks = pool.submit(dribble, chunked(big), body + 20, 10)
        time.sleep(1)
        for _ in range(20):
            assert trapped.honest("binance") and trapped.honest("okx")
        for slow, limit in ((head_only, 5), (silent, 5), (in_body, 10), (in_chunks, 10)):
            statuses, took = slow.result()
            assert statuses in ([408], []), statuses
            assert limit - 1 < took < limit + 3, took
    assert trapped.seen() == before


# What is signed right and still must not pass.

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


FORMS = {
    "side twice": ("", GOOD + "&side=SELL"),
    "side twice, equal": ("", GOOD + "&side=BUY"),
    "quantity in query and body": ("quantity=0.0001&", GOOD),
    "symbol in query and body": ("symbol=ETHUSDT&", GOOD),
    "an encoded name": ("", GOOD.replace("side=", "%73ide=")),
    "an encoded name in capitals": ("", GOOD.replace("side=", "%53ide=")),
    "an encoded second name": ("", GOOD + "&%73ide=SELL"),
    "an encoded equals sign": ("", GOOD + "&side%3dSELL"),
    "an encoded ampersand": ("", GOOD.replace("GTC", "GTC%26side=SELL")),
    "an encoded value, twice": ("", GOOD.replace("BUY", "%2542UY")),
    "a plus": ("", GOOD.replace("BUY", "+BUY")),
    "a plus behind": ("", GOOD.replace("side=BUY", "side=BUY+")),
    "a space": ("", GOOD.replace("BUY", "BUY%20")),
    "a NUL": ("", GOOD.replace("BUY", "BUY%00")),
    "a bad escape": ("", GOOD.replace("BUY", "BUY%zz")),
    "half an escape": ("", GOOD + "&newOrderRespType=%4"),
    "bytes that are no UTF-8": ("", GOOD.replace("BTCUSDT", "BTCUSDT%ff")),
    "full-width letters": ("", GOOD.replace("BUY", "%EF%BC%A2UY")),
    "a Kelvin sign": ("", GOOD.replace("BTCUSDT", "TO%E2%84%AAENUSDT")),
    "a Kelvin sign in a name": ("", GOOD + "&ris%E2%84%AA=1"),
    "a semicolon": ("", GOOD.replace("&side=BUY", ";side=BUY")),
    "an empty pair": ("", GOOD.replace("&side", "&&side")),
    "a name without a value": ("", GOOD + "&reduceOnly"),
    "a name alone": ("", GOOD + "&side"),
    "an unknown parameter": ("", GOOD + "&leverageMax=1"),
    "an array": ("", GOOD + "&side[]=SELL"),
    "another case of a name": ("", GOOD + "&Side=SELL"),
    "an exponent": ("", GOOD.replace("0.0002", "2e-4")),
    "a large exponent": ("", GOOD.replace("0.0002", "1e0")),
    "a leading zero": ("", GOOD.replace("0.0002", "00.0002")),
    "a leading point": ("", GOOD.replace("0.0002", ".0002")),
    "a plus sign": ("", GOOD.replace("0.0002", "%2B0.0002")),
    "a minus": ("", GOOD.replace("0.0002", "-0.0002")),
    "hexadecimal": ("", GOOD.replace("0.0002", "0x1")),
    "underscores": ("", GOOD.replace("49900", "49_900")),
    "a comma": ("", GOOD.replace("49900", "49,900")),
    "arabic digits": ("", GOOD.replace("49900", "%D9%A4%D9%A9900")),
    "infinity": ("", GOOD.replace("0.0002", "Infinity")),
    "no number": ("", GOOD.replace("0.0002", "NaN")),
    "nothing": ("", GOOD.replace("0.0002", "")),
    "forty digits": ("", GOOD.replace("0.0002", "0." + "0" * 36 + "2")),
    "a lower-case side": ("", GOOD.replace("BUY", "buy")),
    "a lower-case symbol": ("", GOOD.replace("BTCUSDT", "btcusdt")),
    "an unknown type": ("", GOOD.replace("=LIMIT", "=LIMIT_EVERYTHING")),
}


@pytest.mark.parametrize("what", FORMS)
def test_forms(trapped, what):
    query, body = FORMS[what]
    attack(trapped, sign(trapped.keys["binance"], query.rstrip("&"), form(body)))


SIGNATURES = {
    "a second signature": lambda t: t + "&signature=SIG",
    "a second, wrong signature": lambda t: t + "&signature=" + "0" * 64,
    "a signature of another name": lambda t: t.replace("signature=", "Signature="),
    "a short signature": lambda t: t.replace("SIG", "SI")[:-1] + "abc",
    "no signature": lambda t: t.replace("&signature=SIG", ""),
    "an empty signature": lambda t: t.replace("SIG", ""),
    "a second timestamp": lambda t: t + f"&timestamp={raw.now_ms()}",
    "a second window": lambda t: t + "&recvWindow=60000",
}


@pytest.mark.parametrize("what", SIGNATURES)
def test_signatures(trapped, what):
    attack(trapped, sign(trapped.keys["binance"], "", SIGNATURES[what](form(GOOD))))


def test_a_signature_in_query_and_body(trapped):
    keys = trapped.keys["binance"]
    text = form(GOOD).replace("&signature=SIG", "")
    signature = hmac.new(keys["secret"].encode(), text.encode(), hashlib.sha256).hexdigest()
    request = sign(keys, f"signature={signature}", text + f"&signature={signature}")
    attack(trapped, request)


TIMES = {
    "a minute old": lambda now: (now - 61_000, "&recvWindow=60000"),
    "past its window": lambda now: (now - 6_000, "&recvWindow=5000"),
    "past its small window": lambda now: (now - 2_000, "&recvWindow=100"),
    "past the default window": lambda now: (now - 6_000, ""),
    "two seconds ahead": lambda now: (now + 2_500, "&recvWindow=5000"),
    "a day ahead": lambda now: (now + 86_400_000, "&recvWindow=5000"),
    "a window beyond the exchange's": lambda now: (now, "&recvWindow=60001"),
    "a huge window": lambda now: (now, "&recvWindow=99999999999999999999"),
    "a huge window and an old timestamp": lambda now: (now - 3_600_000, "&recvWindow=9223372036854775807"),
    "a negative window": lambda now: (now, "&recvWindow=-1"),
    "a window with an exponent": lambda now: (now, "&recvWindow=5e3"),
    "an empty window": lambda now: (now, "&recvWindow="),
    "no window at all": lambda now: (now - 10, "&recvWindow=0"),
    "a timestamp of 0": lambda now: (0, ""),
    "a timestamp in seconds": lambda now: (now // 1000, ""),
    "a timestamp in nanoseconds": lambda now: (f"{now}000000", ""),
    "a negative timestamp": lambda now: (f"-{now}", ""),
    "a timestamp with decimals": lambda now: (f"{now}.0", ""),
    "a timestamp with an exponent": lambda now: ("1.7e12", ""),
    "an encoded timestamp": lambda now: (f"%31{str(now)[1:]}", ""),
    "the largest timestamp": lambda now: ("9999999999999999", ""),
    "old microseconds": lambda now: (f"{now - 61_000}000", ""),
    "microseconds ahead": lambda now: (f"{now + 5_000}000", ""),
}


@pytest.mark.parametrize("what", TIMES)
def test_times(trapped, what):
    stamp, window = TIMES[what](raw.now_ms())
    attack(trapped, sign(trapped.keys["binance"], "", form(GOOD, str(stamp), window)))


def test_microseconds_are_understood(trapped):
    """A timestamp in microseconds is a timestamp, and what leaves is claviger's own."""
    text = form(GOOD, f"{raw.now_ms()}123")
    got = raw_send(trapped.port, sign(trapped.keys["binance"], "", text), new_source())
    assert got.startswith(b"HTTP/1.1 200 "), got


KEY_HEADERS = {
    "the key twice": ("X-MBX-APIKEY", lambda k: f"X-MBX-APIKEY: {k}\r\n"),
    "the key twice in other case": ("X-MBX-APIKEY", lambda k: f"x-mbx-apikey: {k}\r\n"),
    "another key beside it": ("X-MBX-APIKEY", lambda k: f"X-Mbx-ApiKey: {'a' * 64}\r\n"),
    "underscores in the name": ("X_MBX_APIKEY", lambda k: ""),
}


@pytest.mark.parametrize("what", KEY_HEADERS)
def test_key_headers(trapped, what):
    key_header, more = KEY_HEADERS[what]
    keys = trapped.keys["binance"]
    attack(trapped, sign(keys, "", form(GOOD), key_header=key_header, more=more(keys["apiKey"])))


@pytest.mark.parametrize("spelling", ["X-MBX-API\u212aEY", "X-MBX-APIKEY\u0301", "Х-MBX-APIKEY"])
def test_letters_that_only_look_alike(trapped, spelling):
    """The Kelvin sign folds to k in some tables; no header name holds it."""
    keys = trapped.keys["binance"]
    attack(trapped, sign(keys, "", form(GOOD), key_header=spelling))
    attack(trapped, sign(keys, "", form(GOOD), more=f"{spelling}: {keys['apiKey']}\r\n"))


@pytest.mark.parametrize("change", ["case", "one bit", "short", "spaces"])
def test_key_ids_are_exact(trapped, change):
    keys = dict(trapped.keys["binance"])
    right = keys["apiKey"]
    keys["apiKey"] = {"case": right.swapcase(), "one bit": chr(ord(right[0]) ^ 1) + right[1:], "short": right[:-1], "spaces": right + " x"}[change]
    attack(trapped, sign(keys, "", form(GOOD)))


# OKX: JSON.

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

BODIES = {
    "side twice": JSON.replace('"side":"buy"', '"side":"buy","side":"sell"'),
    "side twice, equal": JSON.replace('"side":"buy"', '"side":"buy","side":"buy"'),
    "side twice, apart": JSON.replace('}', ',"side":"sell"}'),
    "side twice, once escaped": JSON.replace('}', ',"s\\u0069de":"sell"}'),
    "side escaped in capitals": JSON.replace('}', ',"\\u0053ide":"sell"}'),
    "size twice, once escaped": JSON.replace('"sz"', '"\\u0073z":"1","sz"'),
    "a lone surrogate in a name": JSON.replace('}', ',"\\ud800":"x"}'),
    "a lone surrogate in a value": JSON.replace('"buy"', '"buy\\ud800"'),
    "1e0": JSON.replace('"0.0002"', "1e0"),
    "1.0": JSON.replace('"0.0002"', "1.0"),
    "1.0 as text with an exponent": JSON.replace('"0.0002"', '"1e0"'),
    "a number beyond a double": JSON.replace('"0.0002"', "0.00020000000000000000001"),
    "a minus": JSON.replace('"0.0002"', '"-0.0002"'),
    "minus zero": JSON.replace('"0.0002"', "-0"),
    "not a number": JSON.replace('"0.0002"', "NaN"),
    "true": JSON.replace('"0.0002"', "true"),
    "null": JSON.replace('"0.0002"', "null"),
    "an array": JSON.replace('"0.0002"', '["0.0002"]'),
    "an object": JSON.replace('"0.0002"', '{"a":"0.0002"}'),
    "text behind it": JSON + "x",
    "another object behind it": JSON + JSON,
    "a NUL behind it": JSON + "\0",
    "text before it": "x" + JSON,
    "a byte order mark": "\ufeff" + JSON,
    "a trailing comma": JSON.replace("}", ",}"),
    "a comment": JSON.replace("}", "/* */}"),
    "single quotes": JSON.replace('"', "'"),
    "an unknown field": JSON.replace("}", ',"maxSz":"9"}'),
    "another case of a name": JSON.replace("}", ',"Side":"sell"}'),
    "a name with a space": JSON.replace("}", ',"side ":"sell"}'),
    "an empty name": JSON.replace("}", ',"":"sell"}'),
    "a value with a line end": JSON.replace('"buy"', '"buy\\n"'),
    "a raw control character": JSON.replace('"buy"', '"buy\x01"'),
    "an unfinished object": JSON[:-1],
    "nothing": "",
    "an empty array": "[]",
    "an array of two": f"[{JSON},{JSON}]",
    "a text": '"x"',
    "a number": "1",
    "a thousand arrays": "[" * 1000 + "]" * 1000,
    "a hundred thousand arrays": "[" * 100_000,
    "a hundred thousand objects": '{"a":' * 100_000,
    "a hundred thousand fields": "{" + ",".join(f'"a{n}":1' for n in range(60_000)) + "}",
    "a long text": JSON.replace('"buy"', '"' + "b" * 500_000 + '"'),
    "a Kelvin sign": JSON.replace("BTC-USDT", "TO\u212aEN-USDT"),
    "bytes that are no UTF-8": JSON.encode().replace(b'"buy"', b'"buy\xff"'),
    "UTF-16": JSON.encode("utf-16"),
    "a form": "instId=BTC-USDT&side=buy",
}


@pytest.mark.parametrize("what", BODIES)
def test_bodies(trapped, what):
    body = BODIES[what]
    body = body.replace(b"ID", name().encode()) if isinstance(body, bytes) else body.replace('"ID"', f'"{name()}"')
    attack(trapped, okx_sign(trapped.keys["okx"], body), "okx")


OKX_HEADERS = {
    "the signature twice": lambda k: dict(more="OK-ACCESS-SIGN: x\r\n"),
    "the key twice": lambda k: dict(more=f"ok-access-key: {k['apiKey']}\r\n"),
    "the passphrase twice": lambda k: dict(more=f"Ok-Access-Passphrase: {k['password']}\r\n"),
    "the timestamp twice": lambda k: dict(more=f"OK-ACCESS-TIMESTAMP: {iso()}\r\n"),
    "no passphrase": lambda k: {"OK-ACCESS-PASSPHRASE": None},
    "a wrong passphrase": lambda k: {"OK-ACCESS-PASSPHRASE": "x" + k["password"]},
    "an empty passphrase": lambda k: {"OK-ACCESS-PASSPHRASE": ""},
    "no signature": lambda k: {"OK-ACCESS-SIGN": None},
    "no timestamp": lambda k: {"OK-ACCESS-TIMESTAMP": None},
    "the beginning of a signature": lambda k: {"OK-ACCESS-SIGN": "AAAA"},
    "an old timestamp": lambda k: dict(stamp=iso(-31)),
    "a timestamp ahead": lambda k: dict(stamp=iso(5)),
    "a timestamp with microseconds": lambda k: dict(stamp=iso()[:-1] + "000Z"),
    "a timestamp with an offset": lambda k: dict(stamp=iso(3600)[:-1] + "+01:00"),
    "a timestamp of another form": lambda k: dict(stamp=str(raw.now_ms())),
    "a leap second": lambda k: dict(stamp=iso()[:17] + "60.000Z"),
    "past its expiry": lambda k: dict(expTime=str(raw.now_ms() - 1000)),
    "an expiry in words": lambda k: dict(expTime="soon"),
    "two expiries": lambda k: dict(more=f"expTime: {raw.now_ms() + 9999}\r\nexptime: {raw.now_ms() + 9999}\r\n"),
    "paper trading with a real key": lambda k: {"x-simulated-trading": "1"},
    "paper trading in words": lambda k: {"x-simulated-trading": "true"},
}


@pytest.mark.parametrize("what", OKX_HEADERS)
def test_okx_headers(trapped, what):
    keys = trapped.keys["okx"]
    attack(trapped, okx_sign(keys, JSON.replace('"ID"', f'"{name()}"'), **OKX_HEADERS[what](keys)), "okx")


def test_what_an_expiry_promises_is_kept(trapped):
    """P16: an unsigned `expTime` may only shorten the wish."""
    marker = name()
    keys = trapped.keys["okx"]
    request = okx_sign(keys, JSON.replace('"ID"', f'"{marker}"'), stamp=iso(-31), expTime=str(raw.now_ms() + 60_000))
    attack(trapped, request, "okx")


# Replays.

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


# CONNECT.

TUNNELS = {
    "an unlisted host": "example.com:443",
    "a host that ends alike": "evilapi.binance.com.example.com:443",
    "a host that begins alike": "api.binance.com.example.com:443",
    "another port": "api.binance.com:80",
    "port 8443": "api.binance.com:8443",
    "no port": "api.binance.com",
    "an empty port": "api.binance.com:",
    "port 0443": "api.binance.com:0443",
    "port +443": "api.binance.com:+443",
    "port 65979": "api.binance.com:65979",
    "an address": "127.0.0.1:443",
    "the machine's metadata": "169.254.169.254:80",
    "an IPv6 address": "[::1]:443",
    "localhost": "localhost:443",
    "a user": "user@api.binance.com:443",
    "a user and password": "u:p@api.binance.com:443",
    "a path": "api.binance.com:443/api",
    "a scheme": "https://api.binance.com:443",
    "a dot last": "api.binance.com.:443",
    "a dot first": ".api.binance.com:443",
    "a space": "api.binance.com :443",
    "a NUL": "api.binance.com\0.example.com:443",
    "a Kelvin sign": "www.o\u212ax.com:443",
    "an encoded dot": "api%2ebinance.com:443",
    "a decimal address": "2130706433:443",
    "two authorities": "api.binance.com:443,example.com:443",
    "nothing": "",
}


@pytest.mark.parametrize("what", TUNNELS)
def test_tunnels_lead_nowhere_else(trapped, what):
    where = TUNNELS[what]
    attack(trapped, f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n".encode())
    if what != "nothing":
        attack(trapped, f"CONNECT {where} HTTP/1.1\r\nHost: api.binance.com:443\r\n\r\n".encode())


OTHER_TUNNELS = {
    "another Host": b"CONNECT api.binance.com:443 HTTP/1.1\r\nHost: www.okx.com:443\r\n\r\n",
    "two Hosts": b"CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com:443\r\nHost: api.binance.com:443\r\n\r\n",
    "no Host": b"CONNECT api.binance.com:443 HTTP/1.1\r\n\r\n",
    "a body": b"CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com:443\r\nContent-Length: 3\r\n\r\nabc",
    "chunks": b"CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com:443\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "early bytes": b"CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com:443\r\n\r\nGET / HTTP/1.1\r\nHost: api.binance.com\r\n\r\n",
    "lower case": b"connect api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com:443\r\n\r\n",
    "HTTP/2": b"CONNECT api.binance.com:443 HTTP/2.0\r\nHost: api.binance.com:443\r\n\r\n",
}


@pytest.mark.parametrize("what", OTHER_TUNNELS)
def test_tunnels_are_asked_for_in_one_way(trapped, what):
    attack(trapped, OTHER_TUNNELS[what])


def tunnel(trapped, host, verify=True, alpn=None, server_name=None, source=None):
    plain = connect(trapped.port, source or new_source())
    plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    assert plain.recv(4096).startswith(b"HTTP/1.1 200 ")
    context = ssl.create_default_context(cafile=trapped.stack.ca)
    context.check_hostname = verify
    if alpn:
        context.set_alpn_protocols(alpn)
    return context.wrap_socket(plain, server_hostname=server_name or host)


def through(trapped, host, request):
    with tunnel(trapped, host) as s:
        got = b""
        try:
            s.sendall(request)
            while b"\r\n\r\n" not in got and (more := s.recv(65536)):
                got += more
        except (ConnectionError, ssl.SSLError):
            pass
        return got


def in_tunnel(trapped, host, change=lambda r: r):
    """An honest order as it goes through a tunnel."""
    exchange = "okx" if "okx" in host else "binance"
    request = trapped.order(exchange).replace(f"POST /{exchange}/".encode(), b"POST /")
    return change(request.replace(b"Host: 127.0.0.1", f"Host: {host}".encode()))


@pytest.mark.parametrize("host", ["api.binance.com", "www.okx.com"])
def test_an_order_passes_by_tunnel(trapped, host):
    assert through(trapped, host, in_tunnel(trapped, host)).startswith(b"HTTP/1.1 200 ")
    assert through(trapped, host, in_tunnel(trapped, host, lambda r: r.replace(host.encode(), host.encode() + b":443"))).startswith(b"HTTP/1.1 200 ")


INSIDE = {
    "the Host of another exchange": lambda r: r.replace(b"Host: api.binance.com", b"Host: www.okx.com"),
    "the Host of another surface": lambda r: r.replace(b"Host: api.binance.com", b"Host: fapi.binance.com"),
    "our own address as Host": lambda r: r.replace(b"Host: api.binance.com", b"Host: 127.0.0.1"),
    "another port in Host": lambda r: r.replace(b"Host: api.binance.com", b"Host: api.binance.com:8443"),
    "a dot last in Host": lambda r: r.replace(b"Host: api.binance.com", b"Host: api.binance.com."),
    "no Host": lambda r: without(r, "Host"),
    "two Hosts": added("Host: api.binance.com"),
    "a prefix": target(lambda t: b"/binance" + t),
    "another exchange's prefix": target(lambda t: b"/okx" + t),
    "absolute form": target(lambda t: b"https://api.binance.com" + t),
    "another surface's path": target(lambda t: b"/fapi/v1/order"),
    "CONNECT": lambda r: b"CONNECT api.binance.com:443 HTTP/1.1\r\nHost: api.binance.com:443\r\n\r\n",
    "a length with chunks": FRAMES["length then chunked"],
    "bare line feeds": HEADS["bare line feeds"],
    "encoded dots": HEADS["encoded dots"],
}


@pytest.mark.parametrize("what", INSIDE)
def test_inside_a_tunnel(trapped, what):
    before = trapped.seen()
    got = through(trapped, "api.binance.com", in_tunnel(trapped, "api.binance.com", INSIDE[what]))
    refused(got)
    assert trapped.seen() == before
    assert trapped.honest("binance")


def test_a_tunnel_speaks_http_1_1_and_its_own_name_only(trapped):
    with tunnel(trapped, "api.binance.com", alpn=["http/1.1", "h2"]) as s:
        assert s.selected_alpn_protocol() == "http/1.1"
    for more in (dict(alpn=["h2"]), dict(server_name="www.okx.com", verify=False)):
        try:
            with tunnel(trapped, "api.binance.com", **more) as s:
                assert s.selected_alpn_protocol() != "h2"
                s.sendall(in_tunnel(trapped, "api.binance.com"))
                refused(s.recv(65536))
        except (ssl.SSLError, ConnectionError):
            pass
    assert trapped.honest("binance")


# Floods.

def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read())[1])


def processes(stack):
    parent = stack.serve_process.pid
    return [parent, *map(int, open(f"/proc/{parent}/task/{parent}/children").read().split())]


def journal_bytes(stack):
    return sum(p.stat().st_size for p in stack.home.rglob("*") if p.is_file())


def test_a_flood_of_unknown_keys_is_bounded(trapped):
    """Unknown ids from one address use neither memory nor disk without end, and a bot that is known is served meanwhile."""
    source = new_source()
    assert trapped.honest("binance", source), "known from there"
    memory, disk = [resident_kib(p) for p in processes(trapped.stack)], journal_bytes(trapped.stack)
    before = trapped.seen()
    end = time.monotonic() + 4

    def flood(n):
        count, statuses = 0, set()
        while time.monotonic() < end:
            keys = {"apiKey": f"{n:04d}{count:060d}", "secret": "x" * 64}
            got = b""
            with connect(trapped.port, source) as s:
                for _ in range(20):
                    s.sendall(sign(keys, "", form(GOOD)))
                    got = s.recv(65536)
                    statuses.update(refused(got))
                    count += 1
                    if time.monotonic() > end or not got:
                        break
        return count, statuses

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        floods = [pool.submit(flood, n) for n in range(8)]
        time.sleep(2)
        began = time.monotonic()
        assert trapped.honest("binance", source) and trapped.honest("okx")
        assert time.monotonic() - began < 2
        total = sum(f.result()[0] for f in floods)
    assert total > 200
    assert trapped.seen() == before
    for old, new in zip(memory, (resident_kib(p) for p in processes(trapped.stack))):
        assert new < old + 16 * 1024, (memory, new)
    assert journal_bytes(trapped.stack) < disk + 1024 * 1024


def test_unknown_keys_cannot_be_told_from_bad_signatures_by_work(trapped):
    """Both are refused; neither says whether source, time or meaning would have passed."""
    known, unknown = dict(trapped.keys["binance"], secret="x" * 64), {"apiKey": "a" * 64, "secret": "x" * 64}
    for keys, code in ((known, b"-1022"), (unknown, b"-2014")):
        old = form(GOOD, str(raw.now_ms() - 3_600_000))
        for text in (form(GOOD), old, form(GOOD + "&unknown=1")):
            assert code in attack(trapped, sign(keys, "", text)), code


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
