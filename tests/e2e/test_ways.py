"""Other kinds of real keys, the Unix socket, the catalogue as the binary tells it, an unattended start."""

import http.client
import json
import pathlib
import socket
import subprocess

import pytest
import raw
import stack as stack_module
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from stack import BOTS, binary, until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("scheme", ["ed25519", "rsa"])
def test_real_keys_of_other_kinds(own, tmp_path, scheme):
    """A bot that knows HMAC alone trades with a real key that signs with Ed25519 or RSA."""
    key = ed25519.Ed25519PrivateKey.generate() if scheme == "ed25519" else rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    public = tmp_path / "public.pem"
    public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    stack = own({}, sim_arguments=("--binance-public-key", str(public)))
    facts = stack.sim.facts["keys"]["binance"]
    stack.write_config({})
    stack.run("key", "add", "asymmetric", "--exchange", "binance", "--scheme", scheme, "--id", facts["id"], "--fd", "3", fds={3: pem})
    stack.bots = {"spot": {**BOTS["spot"], "key": "asymmetric"}}
    stack.write_config(stack.bots)
    config = stack.home / "claviger.toml"
    if "[key.asymmetric]" not in config.read_text():
        config.write_text(config.read_text() + '[key.asymmetric]\nexchange = "binance"\n')
    stack.run("bot", "add", "spot")
    stack.run("apply")
    stack.serve()
    keys = stack.secrets("spot")
    stack.sim.set_price("binance", "BTCUSDT", "50000")
    status, _, body = raw.send(stack.port, raw.order("binance", keys, "asym1", "49900"))
    assert status == 200 and json.loads(body)["clientOrderId"] == "asym1", body


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


@pytest.mark.parametrize("exchange, bot", [("binance", "spot"), ("okx", "okx")])
def test_unix_socket(stack, exchange, bot):
    keys = stack.secrets(bot)
    for request, status in ((raw.order(exchange, keys, f"unix{exchange}", "100"), 200), (raw.order(exchange, keys, f"unixbig{exchange}", "100", quantity="900000"), None)):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(f"{stack.folder}/bots.sock")
            s.sendall(request)
            answer = s.recv(65536)
        assert answer.startswith(b"HTTP/1.1 "), answer
        assert (b"max_order" in answer) == (status is None), answer


def test_every_row_handed_over_has_a_decision():
    """`exchange show` tells of each endpoint what it needs, and its parameters or that it is refused."""
    for exchange, list_file in (("binance", "binance/handed-over.txt"), ("okx", "okx/handed-over.txt")):
        handed = [line for line in (ROOT / "crates/claviger-exchange/tests" / list_file).read_text().splitlines() if line and not line.startswith("#")]
        done = subprocess.run([binary(), "exchange", "show", exchange, "--json"], capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()] if done.stdout.lstrip().startswith("{") else json.loads(done.stdout)
        assert len(rows) >= len(handed) > 400
        paths = {row["path"] for row in rows}
        for row in rows:
            assert row["permission"], row
            refused = row["decision"].startswith("refused: ") and len(row["decision"]) > len("refused: ")
            assert refused or (row["decision"] == "read" and row["params"] is not None), row
        for line in handed:
            assert any(word in paths for word in line.split()), line


def test_unattended_start(own, tmp_path, monkeypatch):
    """A credential file, as systemd's LoadCredential gives it."""
    stack = own({"spot": BOTS["spot"]})
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    credential = folder / "claviger-passphrase"
    credential.write_text(stack_module.PASSPHRASE + "\n")
    credential.chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    stack.log = stack.folder / "serve.log"
    stack.serve_process = subprocess.Popen([binary(), "--home", str(stack.home), "serve"], stdin=subprocess.DEVNULL, stderr=open(stack.log, "w"))
    until(stack.ready, 20)
