"""Drafts catalogue rows from what an exchange's clients say of its endpoints, and tells where both differ.

    python3 xtask/draft diff EXCHANGE              where catalogue and sources differ; exit code 1 where they do
    python3 xtask/draft draft EXCHANGE             prints a draft of every row that is not read yet
    python3 xtask/draft draft EXCHANGE --write     writes those that only read, and new endpoints as `not-yet-read`
    python3 xtask/draft show EXCHANGE PATH         what each source says of a path
    python3 xtask/draft callable EXCHANGE          every endpoint that bots' usual clients can call, and which of them

`EXCHANGE.sources` lists what is installed (below target/draft) and read; `EXCHANGE.known` lists differences that a
person has looked at, with the reason. A row that is read is never touched: its differences are for a person to judge.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

import catalogue
import compare
import grammar
import model
import sources

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
#: What a row may be granted with and still be drafted without a person's word.
READS = ("public", "market-data", "read")
#: The clients that bots are written with; freqtrade calls through ccxt. A sign at the end stands for every such name.
CLIENTS = ("ccxt", "python-binance", "binance-connector", "binance-futures-connector", "binance-sdk-", "python-okx")


def main() -> int:
    parser = argparse.ArgumentParser(prog="draft", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["diff", "draft", "show", "callable"])
    parser.add_argument("exchange")
    parser.add_argument("path", nargs="?")
    parser.add_argument("--write", action="store_true", help="change the catalogue's files")
    told = parser.parse_args()
    installed = sources.install(told.exchange, ROOT / "target" / "draft")
    lists = importlib.import_module(told.exchange).endpoints(installed)
    if told.command == "show":
        return show(lists, told.path or "")
    if told.command == "callable":
        return can_call([source.split(" ")[0].split("@")[0] for source, _ in installed], lists)
    files = catalogue.load(ROOT / "crates" / "claviger-exchange" / "catalogue" / told.exchange)
    endpoints = model.merge(lists)
    return diff(told.exchange, files, endpoints) if told.command == "diff" else draft(files, endpoints, told.write)


def diff(exchange: str, files: list[catalogue.File], endpoints: dict) -> int:
    known = HERE / f"{exchange}.known"
    accepted = {line.split("  # ")[0].strip() for line in known.read_text().splitlines()} if known.is_file() else set()
    all_ = compare.differences(catalogue.rows(files), endpoints)
    shown = [line for line in all_ if line not in accepted]
    print("\n".join(shown))
    stale = [line for line in accepted if line and not line.startswith("#") and line not in all_]
    for line in sorted(stale):
        print(f"{known.name} lists what is no difference any more: {line}")
    return 1 if shown or stale else 0


def draft(files: list[catalogue.File], endpoints: dict, write: bool) -> int:
    rows = catalogue.rows(files)
    for key, row in rows.items():
        endpoint = endpoints.get(key)
        if row.kind != "not-yet-read" or endpoint is None or endpoint.params is None:
            continue
        only_reads = row.data["permission"] in READS and row.data["verb"] == "GET"
        listed = any(param.type == "objects" for param in endpoint.params)
        kind = "read" if only_reads and not listed else "not-yet-read"
        fields = {"kind": kind, "about": endpoint.about, "source": endpoint.source,
                  "params": [grammar.spec(param) for param in endpoint.params]}
        if not write:
            print(catalogue.START + catalogue.written(row.data | fields))
        elif kind == "read":
            row.change(**fields)
    for key, endpoint in endpoints.items():
        if key not in rows and write:
            add(files, key, endpoint)
    if write:
        for file in files:
            file.save()
    return 0


def add(files: list[catalogue.File], key: tuple, endpoint: model.Endpoint) -> None:
    """A new endpoint, refused until a person has given it a permission; `manage-keys` is the strictest there is."""
    surface, verb, path = key
    file = next((f for f in files if f.surface == surface), None)
    if file is None:
        print(f"no file is for the surface {surface}: {path} is left out", file=sys.stderr)
        return
    security = "none" if endpoint.signed is False else "signed"
    data = {"surface": surface, "verb": verb, "path": path,
            "permission": "public" if security == "none" else "manage-keys", "security": security,
            "kind": "not-yet-read", "about": endpoint.about, "source": endpoint.source}
    row = catalogue.Row(file, "", {})
    row.change(**data)
    file.rows.append(row)


def show(lists: list[list[model.Endpoint]], path: str) -> int:
    for endpoint in (e for found in lists for e in found if e.path == path):
        print(f"{endpoint.verb} {endpoint.path} on {endpoint.surface}, {endpoint.source}: {endpoint.about}")
        for param in endpoint.params or []:
            words = f" of {', '.join(param.words)}" if param.words else ""
            print(f"    {param.name}: {'required ' if param.required else ''}{param.type}{words}  {param.about[:100]}")
    return 0


def can_call(names: list[str], lists: list[list[model.Endpoint]]) -> int:
    """One line an endpoint: surface, verb, path, and the clients that list it now.

    Of a client that is installed several times, the first one is its current release; the others are older.
    """
    found: dict[tuple, set[str]] = {}
    for at, (name, endpoints) in enumerate(zip(names, lists)):
        if name in names[:at] or not is_client(name):
            continue
        for endpoint in endpoints:
            found.setdefault(endpoint.key, set()).add(name)
    print("# What bots' usual clients can call: `python3 xtask/draft callable EXCHANGE` prints it.")
    for key, clients in sorted(found.items()):
        print(*key, ",".join(sorted(clients)))
    return 0


def is_client(name: str) -> bool:
    return any(name == client or (client.endswith("-") and name.startswith(client)) for client in CLIENTS)


sys.exit(main())
