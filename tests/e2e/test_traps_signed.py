"""P3 from outside, by raw bytes to the running binary: what is signed right and still must not pass: Binance's forms and OKX's JSON.

Each attack is refused, reaches no exchange, and harms nobody else.
"""

import hashlib
import hmac

import pytest
import raw
from traps import attack, form, GOOD, iso, JSON, name, new_source, okx_sign, raw_send, sign

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
