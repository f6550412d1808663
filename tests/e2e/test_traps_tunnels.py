"""P3, P12 from outside, by raw bytes to the running binary: CONNECT, and what is inside a tunnel.

Each attack is refused, reaches no exchange, and harms nobody else.
"""

import ssl

import pytest
from test_traps_http import FRAMES, HEADS
from traps import added, attack, connect, new_source, refused, target, without

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
