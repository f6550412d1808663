"""Looking for values in bytes, in whatever spelling they stand there."""

import base64
import json
import re
import urllib.parse

TOKEN = re.compile(rb"[A-Za-z0-9+/_=-]{8,}")
HEX = re.compile(rb"[0-9A-Fa-f]{16,}")
PLAIN64 = bytes.maketrans(b"-_", b"+/")


def tokens(data):
    """Every run of the letters that keys, secrets and signatures are made of, as it stands, and as it stands decoded.

    Decoded means: chunked bodies joined, percent-encoding and JSON's escapes taken away; then reversed; then hexadecimal
    of either case and base64 of either alphabet, wherever it begins.
    """
    found = set()
    for text in plain(data):
        found.update(TOKEN.findall(text))
    found.update([t[::-1] for t in found])
    for token in list(found):
        for inner in decoded(token):
            found.update(TOKEN.findall(inner))
    return found


def plain(data):
    texts = {data, re.sub(rb"\r\n[0-9A-Fa-f]{1,8}\r\n", b"", data)}
    for text in list(texts):
        if b"%" in text:
            texts.add(urllib.parse.unquote_to_bytes(text))
        if b"\\" in text:
            texts.add(re.sub(rb"\\u00([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), text).replace(b"\\", b""))
    return texts


def decoded(token):
    for run in HEX.findall(token):
        for at in (0, 1):
            text = run[at:]
            yield bytes.fromhex(text[: len(text) // 2 * 2].decode())
    for run in token.translate(PLAIN64).split(b"="):
        for at in range(4):
            text = run[at:]
            if len(text) >= 12:
                text = text[: -1] if len(text) % 4 == 1 else text
                yield base64.b64decode(text + b"=" * (-len(text) % 4))


class Haystack:
    """The tokens of many texts, to be searched for many values."""

    def __init__(self, texts):
        self.tokens = set()
        for text in texts:
            self.tokens |= tokens(text)
        self.text = b"\n".join(self.tokens).lower()
        self.hex = windows(self.tokens, rb"[0-9a-f]{64,}", 64, bytes.lower)
        self.base64 = windows(self.tokens, rb"[A-Za-z0-9+/]{43,}", 43, lambda t: t.translate(PLAIN64))

    def holds(self, value):
        """Whether a value of such letters stands in it, in letters of either case."""
        value = value.encode().lower()
        return value in self.text or value.replace(b"-", b"") in self.text

    def signatures(self, signatures):
        """Those of many signatures (HMAC-SHA256 in hexadecimal or base64) that stand in it, however they are written."""
        return [s for s in signatures if s.hex().encode() in self.hex or base64.b64encode(s)[:43] in self.base64]


def windows(found, pattern, size, spelled):
    out = set()
    for token in found:
        if len(token) >= size:
            for run in re.findall(pattern, spelled(token)):
                out.update(run[at: at + size] for at in range(len(run) - size + 1))
    return out


SIGNED = re.compile(rb"signature=([^&\s\"]+)|ok-access-sign: *(\S+)", re.I)


def signatures(text):
    """Every HMAC-SHA256 signature in requests."""
    out = set()
    for by_parameter, by_header in SIGNED.findall(text):
        value = urllib.parse.unquote_to_bytes(by_parameter or by_header)
        if re.fullmatch(rb"[0-9A-Fa-f]{64}", value):
            out.add(bytes.fromhex(value.decode()))
        elif re.fullmatch(rb"[A-Za-z0-9+/]{43}=", value):
            out.add(base64.b64decode(value))
    return out


def values(key):
    """What is secret of a key, real or virtual."""
    return [v for v in (key.get("id") or key.get("apiKey"), key.get("secret"), key.get("passphrase") or key.get("password")) if v]


def streams(folder, direction):
    """What each connection of each client process of the run received (0) or sent (1)."""
    for path in sorted(folder.glob("*.tap")):
        data, at, whole = path.read_bytes(), 0, {}
        while at + 9 <= len(data):
            number, towards, length = int.from_bytes(data[at: at + 4], "little"), data[at + 4], int.from_bytes(data[at + 5: at + 9], "little")
            if towards == direction:
                whole.setdefault(number, bytearray()).extend(data[at + 9: at + 9 + length])
            at += 9 + length
        yield from ((path.name, bytes(stream)) for stream in whole.values())


def registered(folder, kind):
    """The stacks or simulators of the whole run."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob(f"{kind}-*.json"))]


def assert_nothing_virtual_upstream(stack):
    """P5: nothing of any virtual key that was used stands in anything that the simulators of this stack saw."""
    upstream = Haystack([b"\n".join(request for _, request in stack.sim.record())])
    for name, virtual in stack.revealed.items():
        for value in values(virtual):
            assert not upstream.holds(value), f"something of {name}'s virtual key reached the exchange"
