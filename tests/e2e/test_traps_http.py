"""P3, P14 from outside, by raw bytes to the running binary: the frame and the head of a request.

Each attack is refused, reaches no exchange, and harms nobody else.
"""

import concurrent.futures
import re
import socket
import time

import pytest
import raw
from traps import (
    added, attack, body_of, both, chunked, connect, exchange_bytes, head, host,
    lengths, line, name, new_source, raw_send, refused, smuggled, target, without,
)


def test_the_orders_pass_as_they_are(trapped):
    """What the attacks change is accepted unchanged: they fail for their change alone."""
    for exchange in ("binance", "okx"):
        for form in (lambda r: r, chunked):
            marker = name()
            got = raw_send(trapped.port, form(trapped.order(exchange, marker)), new_source())
            assert got.startswith(b"HTTP/1.1 200 "), got
            assert len(trapped.reached(marker)) == 1


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
