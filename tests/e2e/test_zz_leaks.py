"""P5 over the whole run: nothing of a real key reached a bot or lies about, and nothing of a virtual key reached an exchange.

Named to run last. What the clients of the run were told and sent was kept by taps in their processes (`preload`); what the
exchanges saw, by the simulators. `scripts/test` runs this file alone after all others, over what they all left behind.
"""

import base64
import json
import os
import pathlib
import random
import string
import urllib.parse

import pytest
import raw
import stack as stack_module
from clients import Client
from leaks import Haystack, registered, signatures, streams, values
from repeat import Liar
from test_ccxt_js import run
from test_python_binance import make as binance_make  # noqa: F401
from test_python_okx import Okx

RUN = pathlib.Path(os.environ["CLAVIGER_TAP"])

# Files in a home that may tell a real key's id: whoever operates claviger may read it, bots may not.
KNOW_THE_ID = ("vault", "state.db", "state.db-wal", "state.db-shm", "commands.txt")


def canary():
    return "".join(random.choices(string.ascii_letters + string.digits, k=64))


def received(canary, by):
    return Haystack(text for name, text in streams(RUN, 0) if name.startswith(by)).holds(canary)


# The search finds what is there.

SPELLED = {
    "as it is": lambda v: v,
    "among letters": lambda v: "abc" + v + "xyz",
    "hexadecimal": lambda v: v.encode().hex(),
    "hexadecimal in capitals": lambda v: v.encode().hex().upper(),
    "hexadecimal at an odd place": lambda v: "a" + v.encode().hex(),
    "base64": lambda v: base64.b64encode(v.encode()).decode(),
    "base64 without padding": lambda v: base64.b64encode(v.encode()).decode().rstrip("="),
    "base64 of a longer text": lambda v: base64.b64encode(b"u:" + v.encode() + b"!").decode(),
    "base64 of a longer text, shifted": lambda v: base64.b64encode(b"u" + v.encode() + b"!").decode(),
    "base64 for URLs": lambda v: base64.urlsafe_b64encode(b"\xff\xef" + v.encode()).decode(),
    "base64, percent-encoded": lambda v: urllib.parse.quote(base64.b64encode(v.encode()).decode(), safe=""),
    "percent-encoded": lambda v: "".join(f"%{ord(c):02x}" for c in v),
    "partly percent-encoded": lambda v: v.replace(v[9], f"%{ord(v[9]):02X}"),
    "escaped": lambda v: "".join(f"\\u{ord(c):04x}" for c in v),
    "partly escaped": lambda v: v.replace(v[9], f"\\u{ord(v[9]):04X}"),
    "reversed": lambda v: v[::-1],
    "in capitals": str.upper,
    "in two chunks": lambda v: v[:30] + "\r\n1f\r\n" + v[30:],
}


@pytest.mark.parametrize("how", SPELLED)
def test_the_search_finds(how):
    value, other = canary(), canary()
    text = b'HTTP/1.1 200 OK\r\n\r\n{"a":"' + SPELLED[how](value).encode() + b'"}'
    assert Haystack([b"x" * 50, text]).holds(value), text
    assert not Haystack([b"x" * 50, text]).holds(other)


@pytest.mark.parametrize("how", SPELLED)
@pytest.mark.parametrize("written", [lambda s: s.hex(), lambda s: base64.b64encode(s).decode()])
def test_the_search_finds_signatures(how, written):
    if how == "in capitals" and written(b"\0" * 32) != "00" * 32:
        how = "as it is"
    one, other = random.randbytes(32), random.randbytes(32)
    sent = f"timestamp=1&signature={urllib.parse.quote(written(one), safe='')}".encode()
    assert signatures(sent) == signatures(f"OK-ACCESS-SIGN: {written(one)}\r\n".encode()) == {one}
    text = b'{"a":"' + SPELLED[how](written(one)).encode() + b'"}'
    assert Haystack([text]).signatures([other, one]) == [one], text


# The taps keep what clients are told: a canary is found that a false gateway told each of them in two parts.

@pytest.fixture
def liar(tmp_path):
    value = canary()
    body = {"serverTime": 1, "code": "0", "data": [{"ts": "1"}], "told": value}
    made = Liar(tmp_path / "liar", json.dumps(body).encode())
    made.value = value
    yield made
    made.close()


@pytest.mark.parametrize("exchange, bot", [("binance", "spot"), ("okx", "okx")])
def test_the_tap_hears_ccxt(clients, stack, liar, exchange, bot):
    assert clients(stack, exchange, bot, liar).fetch_time() == 1
    assert received(liar.value, "python")


def test_the_tap_hears_python_binance(binance_make, liar):  # noqa: F811
    assert binance_make("spot", liar).get_server_time()["serverTime"] == 1
    assert received(liar.value, "python")


@pytest.mark.parametrize("way", ["base", "connect"])
def test_the_tap_hears_python_okx(stack, liar, monkeypatch, way):
    assert Okx(stack, way, "okx", monkeypatch, liar).public.get_system_time()["code"] == "0"
    assert received(liar.value, "python")


@pytest.mark.parametrize("way", ["base", "connect"])
@pytest.mark.parametrize("exchange, bot", [("binance", "spot"), ("okx", "okx")])
def test_the_tap_hears_ccxt_js(stack, liar, exchange, bot, way):
    assert run(stack, exchange, bot, way, liar, only="time")["time"].get("value") == 1
    assert received(liar.value, "node") and not received(liar.value, "python-x")


def test_the_tap_hears_bytes_sent_by_hand(liar):
    raw.send(liar.port, b"GET /binance/api/v3/time HTTP/1.1\r\nHost: a\r\n\r\n")
    assert received(liar.value, "python")


# The whole run.

@pytest.fixture(scope="module")
def bots_side(stack):
    """What clients were told over the whole run, and at least by one client now."""
    for exchange, bot in (("binance", "spot"), ("okx", "okx")):
        c = Client(stack, "sync", "base", exchange, bot)
        c.load_markets()
        c.fetch_balance()
        c.create_order("BTC/USDT", "limit", "buy", 0.002, float(c.raw.price_to_precision("BTC/USDT", c.fetch_ticker("BTC/USDT")["last"] * 0.985)))
        run(stack, exchange, bot, "connect", only="order")
    hay = Haystack(text for _, text in streams(RUN, 0))
    assert len(hay.text) > 10_000
    return hay


@pytest.fixture(scope="module")
def upstream(bots_side):
    """Every request that any simulator of the run saw."""
    requests = [path.read_bytes() for sim in registered(RUN, "sim") for path in sorted((pathlib.Path(sim["folder"]) / "record").iterdir())]
    assert len(requests) > 20
    return requests


@pytest.fixture(scope="module")
def real(bots_side):
    """The real keys of the run: (id, the rest)."""
    keys = [key for sim in registered(RUN, "sim") for key in sim["keys"].values()]
    added = {secret for s in registered(RUN, "stack") for secret in s["added"] if "PRIVATE" not in secret}
    known = {key["id"] for key in keys}
    return known, (added | {v for key in keys for v in values(key)}) - known


def test_no_real_key_reached_a_bot(bots_side, real):
    ids, secret = real
    assert len(ids) >= 2 and len(secret) >= 3
    found = [value for value in ids | secret if bots_side.holds(value)]
    assert not found, f"of {len(ids | secret)} values of real keys, {found} reached a bot"
    assert not any(stack_module.PASSPHRASE.encode() in text for _, text in streams(RUN, 0)), "the vault's passphrase reached a bot"


def test_no_signature_of_a_real_key_reached_a_bot(bots_side, upstream):
    signed = set().union(*map(signatures, upstream))
    assert len(signed) > 10
    found = bots_side.signatures(signed)
    assert not found, f"{len(found)} of {len(signed)} signatures of real keys reached a bot"


def virtual():
    return {value for s in registered(RUN, "stack") for key in s["revealed"].values() for value in values(key)}


def test_no_virtual_key_reached_an_exchange(upstream):
    hay, keys = Haystack(upstream), virtual()
    assert len(keys) >= 5
    found = [value for value in keys if hay.holds(value)]
    assert not found, f"of {len(keys)} values of virtual keys, {found} reached an exchange"
    signed = set().union(*(signatures(text) for _, text in streams(RUN, 1)))
    assert len(signed) > 5
    found = hay.signatures(signed)
    assert not found, f"{len(found)} of {len(signed)} signatures of bots reached an exchange"


def test_no_secret_lies_about(bots_side, upstream, real):
    """Journals, state, logs, what the processes and commands said, and what `/proc` shows of the processes."""
    ids, secret = real
    signed = set().union(*map(signatures, upstream)) | set().union(*(signatures(text) for _, text in streams(RUN, 1)))
    virtual_secrets = virtual() - {key["apiKey"] for s in registered(RUN, "stack") for key in s["revealed"].values()}
    files = [path for s in registered(RUN, "stack") for path in pathlib.Path(s["folder"]).rglob("*") if path.is_file()]
    assert {"vault", "state.db", "serve.log", "shown.txt", "commands.txt"} <= {path.name for path in files}
    assert any("journal" in str(path.parent) for path in files)
    texts = {path: path.read_bytes() for path in files}
    every = Haystack(texts.values())
    wrong = [value for value in secret | virtual_secrets if every.holds(value)]
    assert not wrong, [(value, path) for value in wrong for path, text in texts.items() if Haystack([text]).holds(value)]
    assert not any(stack_module.PASSPHRASE.encode() in text for text in texts.values())
    assert not every.signatures(signed)
    strict = Haystack(text for path, text in texts.items() if path.name not in KNOW_THE_ID)
    wrong = [value for value in ids if strict.holds(value)]
    assert not wrong, [(value, path) for value in wrong for path, text in texts.items() if Haystack([text]).holds(value)]


def test_the_whole_run_was_searched(upstream):
    """Where `scripts/test` says how much there was at least to be searched, there was."""
    least = json.loads(os.environ.get("CLAVIGER_SEARCHED", "{}"))
    there = {
        "python": sum(1 for name, _ in streams(RUN, 0) if name.startswith("python")),
        "node": sum(1 for name, _ in streams(RUN, 0) if name.startswith("node")),
        "processes": len(list(RUN.glob("*.tap"))), "stacks": len(registered(RUN, "stack")), "upstream": len(upstream),
    }
    assert all(there[what] >= number for what, number in least.items()), there
    print(there)
