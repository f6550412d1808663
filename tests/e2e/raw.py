"""Requests as bots sign them, made by hand, so that a test can send, keep and replay the very bytes."""

import asyncio
import base64
import datetime
import hashlib
import hmac
import json
import socket
import time


def now_ms():
    return int(time.time() * 1000)


def binance(keys, method, path, params, prefix="binance", window=5000, timestamp=None):
    """The bytes of one signed Binance request."""
    query = "&".join(f"{k}={v}" for k, v in params.items())
    signed = f"{query}{'&' if query else ''}recvWindow={window}&timestamp={timestamp or now_ms()}"
    signed += "&signature=" + hmac.new(keys["secret"].encode(), signed.encode(), hashlib.sha256).hexdigest()
    head = f"Host: 127.0.0.1\r\nX-MBX-APIKEY: {keys['apiKey']}\r\n"
    if method in ("GET", "DELETE"):
        return f"{method} /{prefix}{path}?{signed} HTTP/1.1\r\n{head}\r\n".encode()
    form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(signed)}\r\n"
    return f"{method} /{prefix}{path} HTTP/1.1\r\n{head}{form}\r\n{signed}".encode()


def okx(keys, method, path, body=None, prefix="okx"):
    """The bytes of one signed OKX request."""
    text = "" if body is None else body if isinstance(body, str) else json.dumps(body)
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    sign = base64.b64encode(hmac.new(keys["secret"].encode(), (stamp + method + path + text).encode(), hashlib.sha256).digest()).decode()
    head = (
        f"Host: 127.0.0.1\r\nOK-ACCESS-KEY: {keys['apiKey']}\r\nOK-ACCESS-SIGN: {sign}\r\nOK-ACCESS-TIMESTAMP: {stamp}\r\n"
        f"OK-ACCESS-PASSPHRASE: {keys['password']}\r\nContent-Type: application/json\r\n"
    )
    length = f"Content-Length: {len(text)}\r\n" if text else ""
    return f"{method} /{prefix}{path} HTTP/1.1\r\n{head}{length}\r\n{text}".encode()


def order(exchange, keys, client_id, price, quantity="0.002", side="buy", window=5000):
    """A limit order in the exchange's own form."""
    if exchange == "binance":
        return binance(keys, "POST", "/api/v3/order", {
            "symbol": "BTCUSDT", "side": side.upper(), "type": "LIMIT", "timeInForce": "GTC", "quantity": quantity,
            "price": price, "newClientOrderId": client_id}, window=window)
    return okx(keys, "POST", "/api/v5/trade/order", {
        "instId": "BTC-USDT", "tdMode": "cash", "side": side, "ordType": "limit", "sz": quantity, "px": price, "clOrdId": client_id})


def send(port, request, timeout=20):
    """Sends bytes, reads one answer: (status, headers, body); status 0 where the connection ended without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
        s.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            more = s.recv(65536)
            if not more:
                return 0, {}, data
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        length = headers.get("content-length")
        while length is not None and len(body) < int(length):
            more = s.recv(65536)
            if not more:
                break
            body += more
        while length is None and not body.endswith(b"0\r\n\r\n"):
            more = s.recv(65536)
            if not more:
                break
            body += more
        if length is None:
            body = unchunk(body)
        return int(lines[0].split(" ")[1]), headers, body


def unchunk(data):
    out = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        n = int(size, 16)
        if n == 0:
            break
        out, data = out + data[:n], data[n + 2:]
    return out


async def send_async(port, request):
    """Like `send`, for many at once; any failure of the connection is status 0."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = [int(line.split(":")[1]) for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            body = await reader.readexactly(length[0]) if length else b""
            return int(head.split(" ")[1]), body
        finally:
            writer.close()
    except (OSError, asyncio.IncompleteReadError):
        return 0, b""
