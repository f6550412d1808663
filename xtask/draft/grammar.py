"""From what a source says of a parameter to what the catalogue lets stand there.

A draft only: strict where the name says what it is, plain printable text where it does not.
"""

from __future__ import annotations

import re

from model import Param

#: The largest whole number that every reader reads the same.
MAX_WHOLE = 9007199254740991
ASSETS = {
    "asset", "coin", "currency", "ccy", "fromAsset", "toAsset", "baseAsset", "quoteAsset", "collateralCoin", "loanCoin",
    "collateralAsset", "borrowAsset", "targetAsset", "sourceAsset", "fiatCurrency", "token", "rewardAsset",
    "assetName", "loanAsset", "marginAsset", "investCoin", "exercisedCoin", "cryptoCurrency", "fromCoin", "toCoin",
}
SYMBOLS = {"symbol", "pair", "underlying", "isolatedSymbol", "fromSymbol", "toSymbol", "instId", "instFamily", "uly"}
CLIENT_IDS = re.compile(r"(?i)^(new|orig|list|limit|stop|working|pending|above|below|new_?)?(\w*)client(order|algo|"
                        r"strategy)id$|^(new|orig)?client(Order|Algo|Strategy)Id$|^clOrdId$|^algoClOrdId$")
#: Also where a source has text.
FLAGS = {"archived", "isFreeze", "renewable"}


def grammar(param: Param):
    """As it is written in a catalogue file."""
    name, words = param.name, param.words
    if set(words) == {"true", "false"} or name in FLAGS:
        return "flag"
    if set(words) == {"TRUE", "FALSE"} or name == "isIsolated":
        return {"word": ["TRUE", "FALSE", "true", "false"]}
    if param.type == "word" and words:
        return {"word": words}
    if name in SYMBOLS:
        return "symbol"
    if name in ASSETS and param.type in ("text", "number"):
        return "asset"
    if CLIENT_IDS.search(name) and param.type == "text":
        return "client-id"
    if param.type in ("whole", "number") and re.search(r"(?i)(time|timestamp|date)$", name):
        return "millis"
    if param.type == "whole":
        orders = re.search(r"(?i)(order|algo|strategy)(List)?Id$", name)
        return "order-id" if orders else {"whole": {"min": 0, "max": MAX_WHOLE}}
    if param.type == "list":
        return {"symbols": 100} if name == "symbols" else {"words": 100}
    if param.type == "text" and re.search(r"(?i)email$", name):
        return {"text": 128}
    return {"number": "number", "flag": "flag"}.get(param.type, {"text": 128})


def spec(param: Param) -> dict:
    drafted = {"name": param.name, "grammar": grammar(param)}
    if param.required:
        drafted["required"] = True
    return drafted
