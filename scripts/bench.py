"""The measuring part of scripts/bench: starts the upstream, nginx and claviger, loads them in turns, prints ratios.

The upstream is nginx with fixed answers over TLS, so that it costs the same in every row. Rows are taken in turns
(nginx, claviger, nginx, claviger, …) because shared machines drift; the figure shown is the median of the turns.
"""

import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
CLAVIGER = TARGET / "release" / "claviger"
LOAD = TARGET / "release" / "examples" / "load"
QUICK = "--quick" in sys.argv
TURNS = 2 if QUICK else 5
TICK = os.sysconf("SC_CLK_TCK")
PASSPHRASE = "bench passphrase"

INFO = {"symbols": [{
    "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT", "baseAssetPrecision": 8,
    "quoteAssetPrecision": 8, "orderTypes": ["LIMIT", "MARKET"], "isSpotTradingAllowed": True, "permissions": ["SPOT"],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
        {"filterType": "NOTIONAL", "minNotional": "5"}]}]}
ORDER = {"symbol": "BTCUSDT", "orderId": 1, "orderListId": -1, "clientOrderId": "@id@", "transactTime": 1, "price": "50000.00",
         "origQty": "0.001", "executedQty": "0.000", "cummulativeQuoteQty": "0.0", "status": "EXPIRED", "timeInForce": "IOC",
         "type": "LIMIT", "side": "BUY", "fills": []}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificate(folder):
    def openssl(*a):
        subprocess.run(["openssl", *a], cwd=folder, check=True, capture_output=True)
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *new, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=bench CA")
    openssl("req", *new, "-keyout", "up.key", "-out", "up.csr", "-subj", "/CN=localhost")
    (folder / "ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "up.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", "up.pem")


def nginx(folder, name, body):
    path = folder / f"{name}.conf"
    logs = "".join(f"{kind}_temp_path {folder}/{name}-{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path.write_text(
        f"daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.log;\n"
        f"{'user root;' if os.getuid() == 0 else ''}\n"
        f"events {{ worker_connections 1024; }}\nhttp {{ access_log off; keepalive_requests 100000000; {logs} {body} }}\n")
    return subprocess.Popen(["nginx", "-p", str(folder), "-c", str(path)], stderr=subprocess.DEVNULL)


def upstream(folder, port):
    def answer(path, value):
        return f"location = {path} {{ default_type application/json; return 200 '{json.dumps(value)}'; }}\n"
    # The client order id comes back, as the exchange would send it: the gateway checks that the answer is about its order.
    inner = free_port()

    def echo(path, value):
        return (f"location = {path} {{ proxy_pass http://127.0.0.1:{inner}; proxy_http_version 1.1; proxy_set_header Connection ''; "
                "sub_filter_types application/json; sub_filter @id@ $client; sub_filter_once on; }\n")

    body = 'map $request_body $client { "~newClientOrderId=(?<id>[^&]+)" $id; default none; }\n'
    body += f"server {{ listen 127.0.0.1:{inner}; " + answer("/api/v3/order", ORDER) + "}\n"
    body += 'map $msec $ms { "~^(?<s>\\d+)\\.(?<m>\\d+)$" "$s$m"; }\n'
    body += f"server {{ listen 127.0.0.1:{port} ssl; keepalive_timeout 300s; ssl_certificate {folder}/up.pem; ssl_certificate_key {folder}/up.key;\n"
    body += "location = /api/v3/time { default_type application/json; return 200 '{\"serverTime\":$ms}'; }\n"
    body += answer("/api/v3/exchangeInfo", INFO) + echo("/api/v3/order", ORDER) + answer("/api/v3/openOrders", [])
    price = "50000.00"
    body += answer("/api/v3/ticker/24hr", {"symbol": "BTCUSDT", "lastPrice": price, "bidPrice": price, "askPrice": price})
    return nginx(folder, "upstream", body + "}")


def proxy(folder, port, up):
    body = f"upstream up {{ server 127.0.0.1:{up}; keepalive 128; }}\n"
    body += f"server {{ listen 127.0.0.1:{port}; keepalive_timeout 300s; location /binance/ {{ proxy_pass https://up/; proxy_http_version 1.1;\n"
    body += f"proxy_set_header Connection ''; proxy_set_header Host localhost; proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_trusted_certificate {folder}/ca.pem; proxy_ssl_session_reuse on; }} }}"
    return nginx(folder, "proxy", body)


def claviger(home, *arguments, secret=None):
    fds = {}
    for text in (PASSPHRASE, secret):
        if text is not None:
            read, write = os.pipe()
            os.write(write, text.encode())
            os.close(write)
            fds[text] = read
    command = [str(CLAVIGER), "--home", str(home), *arguments, "--passphrase-fd", str(fds[PASSPHRASE])]
    if secret is not None:
        command += ["--fd", str(fds[secret])]
    done = subprocess.run(command, pass_fds=tuple(fds.values()), capture_output=True, text=True)
    for fd in fds.values():
        os.close(fd)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def gateway(folder, port, up):
    home = folder / "home"
    claviger(home, "init")
    config = home / "claviger.toml"
    base = [f'listen = "127.0.0.1:{port}"', "[exchange.binance]", 'environment = "bench"', f'rest = "localhost:{up}"',
            f'ca = "{folder}/ca.pem"', "[key.bench]", 'exchange = "binance"']
    bot = ["[bot.bench]", 'key = "bench"', 'grants = ["market-data", "read", "trade"]', 'markets = ["spot"]',
           'symbols = ["BTCUSDT"]', 'max_order = "1000 USDT"', 'max_day = "100000000000 USDT"', 'price_band = "2%"',
           'max_open_orders = 100', 'order_rate = "60000/s"', 'sources = ["127.0.0.1/32"]', "allow_same_user = true"]
    config.write_text("\n".join(base) + "\n")
    claviger(home, "key", "add", "bench", "--exchange", "binance", "--id", "B" * 64, secret="S" * 64)
    config.write_text("\n".join(base + bot) + "\n")
    claviger(home, "bot", "add", "bench")
    claviger(home, "apply")
    keys = json.loads(claviger(home, "bot", "show", "bench", "--reveal", "--json"))
    (folder / "secret").write_text(keys["secret"])
    read, write = os.pipe()
    os.write(write, PASSPHRASE.encode())
    os.close(write)
    process = subprocess.Popen([str(CLAVIGER), "--home", str(home), "serve", "--passphrase-fd", str(read)], pass_fds=(read,), stderr=open(folder / "serve.log", "w"))
    os.close(read)
    end = time.monotonic() + 30
    while True:
        try:
            if json.loads(claviger(home, "status", "--json"))["ready"]:
                break
        except (AssertionError, KeyError, ValueError):
            pass
        assert time.monotonic() < end and process.poll() is None, (folder / "serve.log").read_text()
        time.sleep(0.1)
    return process, keys["apiKey"]


def tree(pid):
    """The process and all below it."""
    found = [pid]
    for each in found:
        for task in pathlib.Path(f"/proc/{each}/task").iterdir():
            found += [int(c) for c in (task / "children").read_text().split() if int(c) not in found]
    return found


def cpu_seconds(pid):
    total = 0
    for each in tree(pid):
        fields = pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(") ", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def pin(processes, cpus):
    for process in processes:
        for pid in tree(process.pid):
            subprocess.run(["taskset", "-a", "-p", "-c", cpus, str(pid)], check=True, capture_output=True)


def load(folder, port, key, mode, connections, requests, cpus):
    done = subprocess.run(
        ["taskset", "-c", cpus, str(LOAD), "--target", f"127.0.0.1:{port}", "--prefix", "/binance", "--key", key,
         "--secret-file", str(folder / "secret"), "--mode", mode, "--connections", str(connections), "--requests", str(requests)],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["errors"] == 0, figures
    return figures


def median(rows, name):
    return statistics.median(r[name] for r in rows)


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        certificate(folder)
        up, plain, ours = free_port(), free_port(), free_port()
        running = [upstream(folder, up), proxy(folder, plain, up)]
        time.sleep(1)
        try:
            process, key = gateway(folder, ours, up)
            running.append(process)
            measure(folder, running, {"nginx": (plain, running[1]), "claviger": (ours, process)}, key)
        finally:
            for each in running:
                each.send_signal(signal.SIGTERM)
            for each in running:
                each.wait(20)


def measure(folder, running, sides, key):
    scale = 5 if QUICK else 1
    cases = [(mode, cpus, connections, requests // scale) for mode in ("read", "order") for cpus, connections, requests in
             (("0", 1, 4000), ("0,1", 1, 4000), ("0,1", 64, 20000))]
    print(f"{'what':30} {'':9} {'p50 µs':>9} {'p99 µs':>9} {'requests/s':>11} {'CPU µs/req':>11}")
    for mode, cpus, connections, requests in cases:
        pin(running, cpus)
        rows = {side: [] for side in sides}
        for side, (port, _) in sides.items():
            load(folder, port, key, mode, connections, max(200, connections), cpus)
        for _ in range(TURNS):
            for side, (port, process) in sides.items():
                before = cpu_seconds(process.pid)
                figures = load(folder, port, key, mode, connections, requests, cpus)
                figures["cpu_us"] = (cpu_seconds(process.pid) - before) * 1e6 / figures["requests"]
                rows[side].append(figures)
        what = f"{mode}, {connections} conn., CPU {cpus}"
        names = ("p50_us", "p99_us", "per_second", "cpu_us")
        for side in sides:
            print(f"{what:30} {side:9} " + " ".join(f"{median(rows[side], n):{w}.0f}" for n, w in zip(names, (9, 9, 11, 11))))
        print(f"{'':30} {'ratio':9} " + " ".join(f"{median(rows['claviger'], n) / median(rows['nginx'], n):{w}.2f}" for n, w in zip(names, (9, 9, 11, 11))))
    resident = sum(int(pathlib.Path(f"/proc/{p}/statm").read_text().split()[1]) for p in tree(sides["claviger"][1].pid)) * os.sysconf("SC_PAGE_SIZE")
    print(f"resident memory of both processes of claviger: {resident / 1e6:.1f} MB")


main()
