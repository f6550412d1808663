"""A whole claviger for tests: paper exchanges, a home, a gateway, all as processes of the real binary."""

import base64
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
import urllib.request
import uuid

from preload import tap

PASSPHRASE = "correct horse battery staple"

# (exchange, spot symbol, order minimums) as the stock clients spell them.
BOTS = {
    "spot": dict(
        key="binance-main", exchange="binance", grants=["market-data", "read", "read-identity", "trade"], markets=["spot"],
        symbols=["BTCUSDT", "ETHUSDT"], max_order="1000 USDT", max_day="20000 USDT", price_band="2%",
    ),
    "perp": dict(
        key="binance-main", exchange="binance", grants=["market-data", "read", "trade"], markets=["usdm", "coinm"],
        symbols=["BTCUSDT", "ETHUSDT", "BTCUSD_PERP"], max_order="5000 USDT", max_day="50000 USDT", price_band="2%",
        max_leverage="5", danger_account_wide=True,
    ),
    "okx": dict(
        key="okx-main", exchange="okx", grants=["market-data", "read", "read-identity", "trade"], markets=["spot"],
        symbols=["BTC-USDT", "ETH-USDT"], max_order="1000 USDT", max_day="20000 USDT", price_band="2%",
    ),
    "okxperp": dict(
        key="okx-main", exchange="okx", grants=["market-data", "read", "read-identity", "trade"], markets=["usdm"],
        symbols=["BTC-USDT-SWAP", "ETH-USDT-SWAP"], max_order="5000 USDT", max_day="50000 USDT", price_band="2%",
        max_leverage="5", danger_account_wide=True,
    ),
    "perpshared": dict(
        key="binance-main", exchange="binance", grants=["market-data", "read", "trade"], markets=["usdm", "coinm"],
        symbols=["BTCUSDT", "BTCUSD_PERP"], max_order="5000 USDT", max_day="50000 USDT", price_band="2%", max_leverage="5",
    ),
    "okxperpshared": dict(
        key="okx-main", exchange="okx", grants=["market-data", "read", "trade"], markets=["usdm"],
        symbols=["BTC-USDT-SWAP"], max_order="5000 USDT", max_day="50000 USDT", price_band="2%", max_leverage="5",
    ),
    "small": dict(
        key="binance-main", exchange="binance", grants=["market-data", "read", "trade"], markets=["spot"],
        symbols=["BTCUSDT"], max_order="1000 USDT", max_day="500 USDT", price_band="2%",
    ),
    "okxsmall": dict(
        key="okx-main", exchange="okx", grants=["market-data", "read", "trade"], markets=["spot"],
        symbols=["BTC-USDT"], max_order="1000 USDT", max_day="500 USDT", price_band="2%",
    ),
}


def binary() -> str:
    path = os.environ.get("CLAVIGER_BIN")
    assert path and os.path.exists(path), "CLAVIGER_BIN must name the built binary (scripts/test e2e sets it)"
    return path


def register(kind, **facts):
    """Tells the search at the end of the run where to look, and what for. Returns how to tell more."""
    path = pathlib.Path(os.environ["CLAVIGER_TAP"]) / f"{kind}-{uuid.uuid4()}.json"

    def tell(**more):
        facts.update(more)
        path.write_text(json.dumps({k: str(v) if isinstance(v, pathlib.Path) else v for k, v in facts.items()}))

    tell()
    return tell


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(what, seconds=15.0, every=0.05):
    """Waits until `what()` is true and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(every)


class Sim:
    """`claviger sim` as a process; its admin port tells what it saw."""

    def __init__(self, folder: pathlib.Path, *more: str):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [binary(), "sim", "--json", "--binance", "127.0.0.1:0", "--okx", "127.0.0.1:0", "--admin", "127.0.0.1:0",
             "--record", str(folder / "record"), "--ca", str(folder / "ca.pem"), *more],
            stdout=subprocess.PIPE, stderr=open(folder / "sim.log", "w"), text=True,
        )
        line = self.process.stdout.readline()
        assert line, (folder / "sim.log").read_text()
        self.facts = json.loads(line)
        self.tell = register("sim", folder=folder, keys=self.facts["keys"])

    def admin(self, path, body=None):
        request = urllib.request.Request(
            f"http://{self.facts['admin']}{path}", data=None if body is None else json.dumps(body).encode(),
            method="GET" if body is None else "POST",
        )
        with tap.off(), urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def orders(self, exchange):
        return self.admin("/orders")[exchange]

    def set_price(self, exchange, symbol, price):
        self.admin("/price", {"exchange": exchange, "symbol": symbol, "price": str(price)})

    def fault(self, **fault):
        self.admin("/fault", fault)

    def record(self):
        """Every request as it came off TLS: a list of (exchange, bytes)."""
        return [(r["exchange"], base64.b64decode(r["bytes"])) for r in self.admin("/record")]

    def stop(self):
        stop(self.process)


class Stack:
    """A home with keys and bots, and `claviger serve` on it."""

    def __init__(self, folder: pathlib.Path, sim: Sim, bots=None, **config):
        self.folder, self.sim = folder, sim
        self.home = folder / "home"
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.bots = dict(BOTS if bots is None else bots)
        self.config = config
        self.serve_process = None
        self.revealed, self.added = {}, []
        self.tell = register("stack", folder=folder, revealed={}, real=sim.facts["keys"], added=[])
        self.run("init", "--small-machine")
        self.write_config({})
        for name, exchange in (("binance-main", "binance"), ("okx-main", "okx")):
            key = sim.facts["keys"][exchange]
            more = ["--api-passphrase-fd", "4"] if exchange == "okx" else []
            self.run("key", "add", name, "--exchange", exchange, "--id", key["id"], "--fd", "3", *more,
                     fds={3: key["secret"], 4: key.get("passphrase") or ""})
        self.write_config(self.bots)
        for name, bot in self.bots.items():
            self.run("bot", "add", name)
        self.run("apply")

    def run(self, *arguments, fds=None, check=True, env=None):
        """Runs one command of the binary on this home; the vault's passphrase comes from a file descriptor."""
        fds = dict(fds or {})
        wanted = {9: PASSPHRASE, **fds}
        pipes, passed = [], []
        for number, text in wanted.items():
            read, write = os.pipe()
            os.write(write, text.encode())
            os.close(write)
            pipes.append((read, number))
        def install():
            moved = [(os.dup(read), number) for read, number in pipes]
            high = [(os.dup2(fd, 700 + number, inheritable=True), number) for fd, number in moved]
            for fd, number in high:
                os.dup2(fd, number, inheritable=True)
        done = subprocess.run(
            [binary(), "--home", str(self.home), *arguments, "--passphrase-fd", "9"], capture_output=True, text=True,
            preexec_fn=install, close_fds=False, timeout=120, env=env,
        )
        for read, _ in pipes:
            os.close(read)
        self.note(arguments, fds, done)
        assert not check or done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def note(self, arguments, fds, done):
        """Keeps what commands say, and which secrets were given to them, for the search at the end."""
        if arguments[:2] == ("key", "add"):
            self.added += [secret for secret in fds.values() if secret]
            self.tell(added=self.added)
        if arguments[0] != "bot" or "--reveal" not in arguments:
            with open(self.folder / "commands.txt", "a") as said:
                said.write(done.stdout + done.stderr)

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json").stdout)

    def write_config(self, bots):
        facts = self.sim.facts
        lines = [f'listen = "127.0.0.1:{self.port}"', f'unix_socket = "{self.folder}/bots.sock"']
        lines += [f"{k} = {json.dumps(v)}" for k, v in self.config.items()]
        for exchange in ("binance", "okx"):
            lines += [f"[exchange.{exchange}]", 'environment = "simulator"', f'rest = "{facts[exchange]}"', f'ca = "{facts["ca"]}"']
        lines += ["[key.binance-main]", 'exchange = "binance"', "[key.okx-main]", 'exchange = "okx"']
        for name, bot in bots.items():
            lines += [f"[bot.{name}]"]
            bot = {"sources": ["127.0.0.1/32"], "order_rate": "1000/s", "allow_same_user": True, **bot}
            bot.pop("exchange")
            lines += [f"{k} = {json.dumps(v)}" for k, v in bot.items()]
        path = self.home / "claviger.toml"
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o600)

    def secrets(self, bot):
        """What `bot show --reveal` gives: apiKey, secret and, on OKX, password."""
        self.revealed[bot] = self.json("bot", "show", bot, "--reveal")
        self.tell(revealed=self.revealed)
        return self.revealed[bot]

    def serve(self, *more):
        read, write = os.pipe()
        os.write(write, PASSPHRASE.encode())
        os.close(write)
        self.log = self.folder / "serve.log"
        self.serve_process = subprocess.Popen(
            [binary(), "--home", str(self.home), "serve", "--passphrase-fd", str(read), *more],
            pass_fds=(read,), stdout=open(self.folder / "serve.out", "a"), stderr=open(self.log, "a"),
        )
        os.close(read)
        until(self.ready, 20)
        self.look()
        return self

    def look(self):
        """Keeps what the gateway's processes show of themselves."""
        gateway = self.serve_process.pid
        with contextlib.suppress(OSError), open(self.folder / "shown.txt", "ab") as shown:
            for pid in [gateway, *open(f"/proc/{gateway}/task/{gateway}/children").read().split()]:
                for name in ("cmdline", "environ"):
                    shown.write(open(f"/proc/{pid}/{name}", "rb").read() + b"\n")

    def ready(self):
        """Whether it answers and knows a price of every exchange, by what it says of itself."""
        assert self.serve_process.poll() is None, self.log.read_text()
        try:
            status = json.loads((self.home / "status.json").read_text())
            return status["pid"] == self.serve_process.pid and status["ready"]
        except (OSError, KeyError, ValueError):
            return False

    def base(self, prefix):
        return f"http://127.0.0.1:{self.port}/{prefix}"

    @property
    def proxy(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def ca(self):
        path = self.folder / "claviger-ca.pem"
        if not path.exists():
            path.write_text(self.run("ca", "show").stdout)
        return str(path)

    def stop(self):
        if self.serve_process:
            self.look()
            stop(self.serve_process)


def stop(process, sign=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(sign)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Tee:
    """A relay that stands between a bot and the gateway and keeps every byte of both directions."""

    def __init__(self, port):
        self.upstream, self.sent, self.seen = port, bytearray(), bytearray()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                bot, _ = self.listener.accept()
                gate = socket.create_connection(("127.0.0.1", self.upstream))
                for a, b, keep in ((bot, gate, self.sent), (gate, bot, self.seen)):
                    threading.Thread(target=self._pump, args=(a, b, keep), daemon=True).start()

    @staticmethod
    def _pump(a, b, keep):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                keep += data
                b.sendall(data)
        with contextlib.suppress(OSError):
            b.shutdown(socket.SHUT_WR)
