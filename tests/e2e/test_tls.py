"""Bots on other machines: the listener speaks TLS, by a CA of its own or by the operator's certificate."""

import contextlib
import datetime
import ipaddress
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.request

import clients
import pytest
import raw
import requests
import test_ccxt_js
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from stack import BOTS, PASSPHRASE, Sim, Stack, binary

NAME = "claviger.test"


def outside():
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("192.0.2.1", 9))
        address = s.getsockname()[0]
    assert not ipaddress.ip_address(address).is_loopback, "this test needs a network interface"
    return address


class Outside(Stack):
    """A stack whose bots come from another address than loopback."""

    def __init__(self, folder, sim, tls=None):
        self.address, self.tls = outside(), tls or {}
        bots = {name: {**BOTS[name], "sources": [f"{self.address}/32"]} for name in ("spot", "okx")}
        super().__init__(folder, sim, bots)

    def write_config(self, bots):
        super().write_config(bots)
        path = self.home / "claviger.toml"
        text = path.read_text().replace(f'"127.0.0.1:{self.port}"', f'"{self.address}:{self.port}"')
        if self.tls:
            text += "[tls]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in self.tls.items()) + "\n"
        path.write_text(text)

    def change_tls(self, **tls):
        self.tls = tls
        self.write_config(self.bots)
        self.run("apply")

    def refuses_to_serve(self):
        """The exit code and the words of a start that fails."""
        read, write = os.pipe()
        os.write(write, PASSPHRASE.encode())
        os.close(write)
        done = subprocess.run([binary(), "--home", str(self.home), "serve", "--passphrase-fd", str(read)],
                              pass_fds=(read,), capture_output=True, text=True, timeout=60)
        os.close(read)
        return done.returncode, done.stderr

    def base(self, prefix):
        return f"{self.proxy}/{prefix}"

    @property
    def proxy(self):
        return f"https://{self.address}:{self.port}"

    def dial(self, name=None, ca=None, most=ssl.TLSVersion.TLSv1_3, least=ssl.TLSVersion.TLSv1_2):
        context = ssl.create_default_context(cafile=ca or self.ca)
        context.minimum_version, context.maximum_version = least, most
        context.set_alpn_protocols(["h2", "http/1.1"])
        plain = socket.create_connection((self.address, self.port), timeout=10)
        return context.wrap_socket(plain, server_hostname=name or self.address)


@pytest.fixture
def away(tmp_path):
    made = []

    def make(**tls):
        sim = Sim(tmp_path / f"sim{len(made)}")
        stack = Outside(tmp_path / f"stack{len(made)}", sim, tls)
        made.append((stack, sim))
        return stack

    yield make
    for stack, sim in made:
        stack.stop()
        sim.stop()


def ask(tls, request):
    tls.sendall(request)
    data = b""
    while b"\r\n\r\n" not in data:
        more = tls.recv(65536)
        assert more, data
        data += more
    return int(data.split(b" ", 2)[1]), data


def test_without_a_certificate_it_does_not_start(away):
    stack = away()
    code, said = stack.refuses_to_serve()
    assert code == 16 and "claviger tls ca" in said and "plain_http" in said, said
    stack.change_tls(names=[stack.address, NAME])
    code, said = stack.refuses_to_serve()
    assert code == 16 and "run `claviger tls ca`" in said, said
    stack.run("tls", "ca")
    stack.change_tls(names=[stack.address, "other.test"])
    code, said = stack.refuses_to_serve()
    assert code == 16 and "made for other names" in said and "claviger tls ca" in said, said


def test_by_a_ca_of_its_own(away):
    stack = away(names=[outside(), NAME])
    stack.run("tls", "ca")
    stack.serve()
    stack.sim.set_price("binance", "BTCUSDT", "50000")
    assert pathlib.Path(stack.ca).read_text().count("BEGIN CERTIFICATE") == 2
    keys = stack.secrets("spot")
    for n, version in enumerate((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)):
        for name in (stack.address, NAME):
            with stack.dial(name, most=version, least=version) as tls:
                assert tls.selected_alpn_protocol() == "http/1.1"
                status, answer = ask(tls, raw.order("binance", keys, f"tls{n}{len(name)}", "49900"))
                assert status == 200, answer
    for wrong in ("other.test", "127.0.0.1", f"x{NAME}"):
        with pytest.raises(ssl.SSLCertVerificationError):
            stack.dial(wrong)
    with pytest.raises(ssl.SSLCertVerificationError):
        stack.dial(ca=stack.sim.facts["ca"])
    with pytest.raises(ssl.SSLError):
        stack.dial(most=ssl.TLSVersion.TLSv1_1, least=ssl.TLSVersion.TLSv1)
    # The CA can certify nothing but these names: OpenSSL reads its limits.
    shown = subprocess.run(["openssl", "storeutl", "-certs", "-text", "-noout", stack.ca], capture_output=True, text=True, check=True).stdout
    assert "Permitted:" in shown and f"DNS:{NAME}" in shown and f"IP:{stack.address}/255.255.255.255" in shown, shown
    # Plain HTTP gets a word and the end.
    with socket.create_connection((stack.address, stack.port), timeout=10) as plain:
        plain.sendall(raw.order("binance", keys, "plain", "49900"))
        answer = b""
        while more := plain.recv(65536):
            answer += more
    assert answer.startswith(b"HTTP/1.1 400 ") and b"https://" in answer, answer
    assert not any(order.get("clientOrderId") == "plain" for order in stack.sim.orders("binance"))
    text = stack.run("bot", "show", "spot", "--for", "ccxt").stdout
    assert f"https://{stack.address}:{stack.port}" in text and "http://" not in text, text


def test_a_silent_client_is_cut_and_holds_nobody_up(away):
    stack = away(names=[outside()])
    stack.run("tls", "ca")
    stack.serve()
    silent = [socket.create_connection((stack.address, stack.port), timeout=20) for _ in range(100)]
    for n, s in enumerate(silent):
        s.sendall(b"\x16\x03\x01\x02"[: n % 5])
    time.sleep(0.3)
    # All of them come from one address, which has used up its handshakes: this one is turned away, and soon is not.
    began, end = time.monotonic(), time.monotonic() + 12
    while True:
        try:
            with stack.dial() as tls:
                assert ask(tls, b"GET /binance/api/v3/time HTTP/1.1\r\nHost: a\r\n\r\n")[0] == 200
            break
        except (OSError, ssl.SSLError):
            assert time.monotonic() < end
            time.sleep(0.2)
    assert time.monotonic() - began > 1, "the cap of handshakes from one address was never felt"
    for s in silent:
        s.settimeout(15)
        # Cut either way; a reset where something of it was never read.
        with contextlib.suppress(ConnectionResetError):
            while s.recv(4096):
                pass
        s.close()


class Client(clients.Client):
    """The base URL needs the certificates too, by the same settings as the proxy."""

    def make(self, exchange, settings, way):
        if way == "base":
            settings |= {"cafile": self.door.ca} if self.kind == "async" else {"requests_trust_env": True}
        return super().make(exchange, settings, way)


@pytest.mark.parametrize("way", ["base", "connect"])
def test_clients(away, monkeypatch, way):
    stack = away(names=[outside(), NAME])
    stack.run("tls", "ca")
    stack.serve()
    for exchange, symbol in (("binance", "BTCUSDT"), ("okx", "BTC-USDT")):
        stack.sim.set_price(exchange, symbol, "50000")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", stack.ca)
    for exchange, bot in (("binance", "spot"), ("okx", "okx")):
        for kind in ("sync", "async"):
            client = Client(stack, kind, way, exchange, bot)
            try:
                placed = client.create_order("BTC/USDT", "limit", "buy", 0.002, 49900)
                client.cancel_order(placed["id"], "BTC/USDT")
                assert client.fetch_order(placed["id"], "BTC/USDT")["status"] == "canceled"
            finally:
                client.close()
        steps = test_ccxt_js.run(stack, exchange, bot, way)
        for step in ("markets", "balance", "place"):
            assert steps[step].get("value") is True, steps[step]
        assert steps["too large"].get("error") == "InvalidOrder", steps["too large"]
    if way == "base":
        assert requests.get(stack.base("binance/api/v3/time"), timeout=10).status_code == 200
        context = ssl.create_default_context(cafile=stack.ca)
        with urllib.request.urlopen(stack.base("okx/api/v5/public/time"), timeout=10, context=context) as answer:
            assert answer.status == 200


def certificate(key, names, issuer=None):
    """An authority where `issuer` is absent, else a certificate by it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "of the operator")])
    now = datetime.datetime.now(datetime.timezone.utc)
    signer, by = issuer or (key, subject)
    builder = (
        x509.CertificateBuilder().subject_name(subject if not issuer else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(by).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        sans = [x509.DNSName(n) if n.endswith(".test") else x509.IPAddress(ipaddress.ip_address(n)) for n in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(sans), critical=False)
    return builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def pem_of(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


KEYS = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()), "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048), "ed25519": ed25519.Ed25519PrivateKey.generate,
}


def private_bytes(key):
    """The part of a private key that must be in no memory but the keep's."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.private_bytes_raw()
    numbers = key.private_numbers()
    number = numbers.d if isinstance(key, rsa.RSAPrivateKey) else numbers.private_value
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def memory_holds(pid, needle):
    found = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            begin, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if "r" not in mode or "[v" in line:
                continue
            try:
                memory.seek(int(begin, 16))
                found += needle in memory.read(int(end, 16) - int(begin, 16))
            except (OSError, ValueError):
                continue
    return found


def test_by_the_operators_certificate(away):
    """Every kind of key; it is used in the keep only; a certificate for another key or name does not start."""
    stack = away(names=[outside(), NAME], chain="chain.pem")
    root = KEYS["p256"]()
    authority = certificate(root, [])
    ca = stack.folder / "operators-ca.pem"
    ca.write_bytes(authority.public_bytes(serialization.Encoding.PEM))

    def put(key, names):
        leaf = certificate(key, names, (root, authority.subject))
        (stack.home / "chain.pem").write_bytes(b"".join(c.public_bytes(serialization.Encoding.PEM) for c in (leaf, authority)))

    names = [stack.address, NAME]
    put(KEYS["p256"](), names)
    code, said = stack.refuses_to_serve()
    assert code == 16 and "claviger tls key" in said, said
    keys = stack.secrets("spot")
    for kind, make in KEYS.items():
        key = make()
        put(key, names)
        stack.run("tls", "key", "--fd", "3", fds={3: pem_of(key)})
        stack.serve()
        stack.sim.set_price("binance", "BTCUSDT", "50000")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with stack.dial(NAME, ca=str(ca), most=version, least=version) as tls:
                status, answer = ask(tls, raw.order("binance", keys, f"own{kind}{version.value}", "49900"))
                assert status == 200, answer
        with pytest.raises(ssl.SSLCertVerificationError):
            stack.dial("other.test", ca=str(ca))
        many(stack, str(ca))
        assert not memory_holds(stack.serve_process.pid, private_bytes(key)), f"{kind}: the gateway's process holds the key"
        stack.stop()
    put(KEYS["p256"](), names)
    code, said = stack.refuses_to_serve()
    assert code == 16 and "another key" in said, said
    put(key, [NAME])
    code, said = stack.refuses_to_serve()
    assert code == 16 and f"not for `{stack.address}`" in said, said
    (stack.home / "chain.pem").write_text("nothing")
    code, said = stack.refuses_to_serve()
    assert code == 16 and "no certificate" in said, said
    refused = stack.run("tls", "key", "--fd", "3", fds={3: pem_of(ec.generate_private_key(ec.SECP521R1()))}, check=False)
    assert refused.returncode == 11 and "P-256" in refused.stderr, refused.stderr


def many(stack, ca):
    """Handshakes side by side; each waits for the keep's signature."""
    failed = []

    def one():
        try:
            with stack.dial(NAME, ca=ca) as tls:
                assert ask(tls, b"GET /binance/api/v3/time HTTP/1.1\r\nHost: a\r\n\r\n")[0] == 200
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=one) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed


def test_memory_is_searched_as_it_should_be():
    """The search finds what is there: this process holds its own needle."""
    needle = os.urandom(32)
    assert memory_holds(os.getpid(), needle)
