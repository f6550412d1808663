"""docs/clients.md names the versions that these tests install."""

import pathlib
import re

import page

HERE = pathlib.Path(__file__).parent


def test_versions():
    wanted = dict(re.findall(r"(?m)^([\w-]+)==(\S+)$", (HERE / "requirements.txt").read_text() + (HERE / "freqtrade.txt").read_text()))
    wanted["ccxt for JavaScript"] = (HERE / "ccxt-js.version").read_text().strip()
    for name in [name for name in wanted if name.startswith("binance-sdk-")]:
        wanted[f"Binance's own SDK for Python: {name}"] = wanted.pop(name)
    wanted["ccxt for Python, sync and async"] = wanted.pop("ccxt")
    del wanted["pytest"]
    said = dict(re.findall(r"(?m)^\| ([^|]+) \| ([\d.]+) \|", page.PATH.read_text()))
    assert said == wanted
