"""Each kind of trouble ends in the documented error and exit code, and nothing is lost."""

import os
import shutil
import subprocess

import pytest
import raw
import stack as stack_module
from stack import BOTS, binary, stop, until

CODES = {"wrong passphrase": 10, "vault": 11, "not private": 12, "port": 13, "home": 14, "network": 15, "store": 19, "disk": 20,
         "clock": 21, "certificate": 25, "prices": 26}


@pytest.fixture
def one(own):
    return own({"spot": BOTS["spot"]})


def serve_fails(stack, **env):
    """Runs `serve`, which must end by itself; (exit code, what it said)."""
    read, write = os.pipe()
    os.write(write, env.pop("passphrase", stack_module.PASSPHRASE).encode())
    os.close(write)
    done = subprocess.run(
        [binary(), "--home", str(stack.home), "serve", "--passphrase-fd", str(read)],
        pass_fds=(read,), capture_output=True, text=True, timeout=60,
    )
    os.close(read)
    assert "because" in done.stderr and "try" in done.stderr, done.stderr
    assert "panicked" not in done.stderr
    return done.returncode


def test_wrong_passphrase(one):
    assert serve_fails(one, passphrase="not it") == CODES["wrong passphrase"]


def test_truncated_vault(one):
    vault = one.home / "vault"
    whole = vault.read_bytes()
    vault.write_bytes(whole[: len(whole) // 2])
    assert serve_fails(one) == CODES["vault"]
    vault.write_bytes(whole)
    one.serve()


def test_flipped_bits(one):
    vault = one.home / "vault"
    whole = vault.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 12)):
        vault.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        assert serve_fails(one) in (CODES["vault"], CODES["wrong passphrase"]), at


@pytest.mark.parametrize("name", ["", "vault", "claviger.toml", "state.db"])
def test_wrong_mode(one, name):
    path = one.home / name
    before = path.stat().st_mode
    path.chmod(0o755 if path.is_dir() else 0o644)
    assert serve_fails(one) == CODES["not private"]
    path.chmod(before)


def test_wrong_owner(one):
    if os.getuid() != 0:
        pytest.fail("run as root: giving a file away needs it")
    os.chown(one.home / "vault", 12345, 12345)
    assert serve_fails(one) == CODES["not private"]


def test_port_in_use(one):
    import socket
    with socket.create_server(("127.0.0.1", one.port)):
        assert serve_fails(one) == CODES["port"]


def test_second_serve(one):
    one.serve()
    assert serve_fails(one) == CODES["home"]
    assert one.ready()


def status_code(stack):
    return stack.run("status", "--check", check=False).returncode


def refused(stack, keys, name):
    """An order that must be refused before it leaves, with an answer that clients may try again later or a limit's error."""
    before = len(stack.sim.orders("binance"))
    status, headers, body = raw.send(stack.port, raw.order("binance", keys, name, "49900"))
    assert status >= 400, body
    assert len(stack.sim.orders("binance")) == before
    return body


def test_unreachable_upstream(one):
    one.serve()
    keys = one.secrets("spot")
    one.sim.stop()
    until(lambda: status_code(one) == CODES["network"], 60)
    before = one.json("bot", "show", "spot")
    refused_order = raw.send(one.port, raw.order("binance", keys, "x1", "49900"))
    assert refused_order[0] >= 400
    one.run("journal", "verify")
    assert before


def test_expired_certificate(own):
    stack = own({"spot": BOTS["spot"]}, sim_arguments=("--expired-certificate",))
    read, write = os.pipe()
    os.write(write, stack_module.PASSPHRASE.encode())
    os.close(write)
    stack.serve_process = subprocess.Popen(
        [binary(), "--home", str(stack.home), "serve", "--passphrase-fd", str(read)], pass_fds=(read,), stderr=subprocess.DEVNULL)
    os.close(read)
    until(lambda: status_code(stack) == CODES["certificate"], 60)


def test_stale_prices(one):
    one.serve()
    keys = one.secrets("spot")
    one.sim.set_price("binance", "BTCUSDT", "50000")
    one.sim.fault(exchange="binance", kind={"no_prices": {"hang": False}})
    until(lambda: status_code(one) == CODES["prices"], 60)
    assert b"reference" in refused(one, keys, "stale")
    one.sim.admin("/fault/clear", {"exchange": "binance"})
    until(one.ready, 60)
    assert raw.send(one.port, raw.order("binance", keys, "fresh", "49900"))[0] == 200


def test_clock_off(own):
    stack = own({"spot": BOTS["spot"]})
    stack.sim.fault(exchange="binance", kind={"clock_ms": 20_000})
    read, write = os.pipe()
    os.write(write, stack_module.PASSPHRASE.encode())
    os.close(write)
    stack.serve_process = subprocess.Popen(
        [binary(), "--home", str(stack.home), "serve", "--passphrase-fd", str(read)], pass_fds=(read,), stderr=subprocess.DEVNULL)
    os.close(read)
    until(lambda: status_code(stack) == CODES["clock"], 60)
    refused(stack, stack.secrets("spot"), "late")


def test_full_disk(own, tmp_path):
    """The home on a small file system that fills up: state changes stop, freeze works, nothing written is lost."""
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", str(small)], check=True)
    stack = None
    try:
        stack = own({"spot": {**BOTS["spot"], "max_day": "100000000 USDT", "max_open_orders": 5000}})
        shutil.copytree(stack.home, small / "home")
        stack.home.rename(stack.home.with_name("moved"))
        os.chmod(small / "home", 0o700)
        stack.home = small / "home"
        stack.serve()
        stack.sim.set_price("binance", "BTCUSDT", "50000")
        keys = stack.secrets("spot")
        assert raw.send(stack.port, raw.order("binance", keys, "first", "49900"))[0] == 200
        filler = small / "filler"
        with open(filler, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"\0" * 65536)
            except OSError:
                pass
        statuses = [raw.send(stack.port, raw.order("binance", keys, f"full{n}", "49900"))[0] for n in range(300)]
        assert statuses[-1] >= 400, "a full disk must stop state changes"
        accepted = statuses.count(200) + 1
        assert len(stack.sim.orders("binance")) == accepted
        stack.run("bot", "freeze", "spot")
        stack.stop()
        filler.unlink()
        stack.run("journal", "verify")
        stack.serve()
        assert stack.json("bot", "show", "spot")["frozen"] is True
        stack.stop()
        text = stack.run("journal", "show", "--all", "--json").stdout
        assert text.count('"outcome"') >= accepted
        assert '"first"' in text
    finally:
        if stack and stack.serve_process:
            stop(stack.serve_process)
        subprocess.run(["umount", "-l", str(small)], check=False)


def test_serve_ends_with_code_when_the_disk_is_full_at_start(own, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "tmpfs", str(small)], check=True)
    try:
        stack = own({"spot": BOTS["spot"]})
        shutil.copytree(stack.home, small / "home")
        os.chmod(small / "home", 0o700)
        stack.home = small / "home"
        with open(small / "filler", "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"\0" * 4096)
            except OSError:
                pass
        assert serve_fails(stack) == CODES["disk"]
    finally:
        subprocess.run(["umount", "-l", str(small)], check=False)
