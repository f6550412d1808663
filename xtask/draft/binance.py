"""What can be installed for Binance: its own Python clients, python-binance and ccxt.

The clients are read as text (`ast`), never imported or run.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from model import Endpoint, Param

#: By how a path begins.
SURFACES = [
    ("/api/", "spot"), ("/sapi/", "spot"), ("/bapi/", "spot"),
    ("/fapi/", "usdm"), ("/dapi/", "coinm"), ("/eapi/", "option"), ("/papi/", "portfolio"),
]
#: `/futures/data` exists on two hosts with different parameters.
BY_PACKAGE = {
    "binance_sdk_derivatives_trading_usds_futures": "usdm",
    "binance_sdk_derivatives_trading_coin_futures": "coinm",
}
#: They belong to the claim.
AUTHENTICATION = {"recvWindow", "timestamp", "signature"}


def endpoints(sources: list[tuple[str, Path]]) -> list[list[Endpoint]]:
    """Every source's endpoints, in the order of the sources."""
    found = []
    for source, folder in sources:
        name = source.split(" ")[0]
        if name.startswith("binance-sdk-"):
            found.append(connector(folder, source))
        elif name in ("binance-connector", "binance-futures-connector"):
            found.append(older_connector(folder, source))
        elif name == "python-binance":
            found.append(python_binance(folder, source))
        elif name == "ccxt":
            found.append(ccxt(folder, source))
        elif name == "openxapi-binance":
            found.append(openxapi(folder, source))
        else:
            raise SystemExit(f"claviger draft: nothing here can read {name}")
    return found


def surface_of(path: str, package: str = "") -> str | None:
    if path.startswith("/futures/data"):
        return BY_PACKAGE.get(package)
    return next((surface for start, surface in SURFACES if path.startswith(start)), None)


def camel(snake: str) -> str:
    """As the clients themselves turn their arguments' names into the exchange's."""
    head, *rest = snake.split("_")
    return head + "".join(word.capitalize() for word in rest)


# --- Binance's own clients -------------------------------------------------------------------------------------------


def connector(folder: Path, source: str) -> list[Endpoint]:
    found = []
    for package in sorted(folder.glob("binance_sdk_*/rest_api")):
        words, shapes = enums(package / "models"), objects(package / "models")
        for file in sorted((package / "api").glob("*_api.py")):
            found += calls(file, package.parent.name, source, words, shapes)
    return found


def enums(folder: Path) -> dict[str, list[str]]:
    file = folder / "enums.py"
    if not file.is_file():
        return {}
    found = {}
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef):
            assigned = [n.value for n in node.body if isinstance(n, ast.Assign)]
            found[node.name] = [str(v.value) for v in assigned if isinstance(v, ast.Constant)]
    return found


def objects(folder: Path) -> dict[str, list[str]]:
    """The fields of each model that is an item of a list parameter."""
    found = {}
    for file in folder.glob("*_parameter_inner.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef):
                found[node.name] = [field for line in node.body if (field := field_of(line))]
    return found


def field_of(line: ast.stmt) -> str | None:
    """The exchange's name of a field: its alias, or the attribute's own."""
    if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)):
        return None
    name = line.target.id
    if name.startswith(("_", "model_", "additional_")):
        return None
    alias = re.search(r"alias='([^']+)'", ast.unparse(line))
    return alias[1] if alias else camel(name)


def calls(file: Path, package: str, source: str, words: dict, shapes: dict) -> list[Endpoint]:
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            sends = [call for call in ast.walk(node) if isinstance(call, ast.Call)
                     and isinstance(call.func, ast.Name) and call.func.id == "send_request"]
            for call in sends:
                given = {k.arg: k.value for k in call.keywords}
                path = ast.literal_eval(given["path"])
                surface = surface_of(path, package)
                if surface is None:
                    continue
                signed = bool(given.get("is_signed") and ast.literal_eval(given["is_signed"]))
                doc = ast.get_docstring(node) or ""
                found.append(Endpoint(
                    surface, ast.literal_eval(given["method"]), path,
                    params=arguments(node, doc, words, shapes), signed=signed,
                    about=title(doc), source=source,
                ))
    return found


def title(doc: str) -> str:
    first = doc.strip().splitlines()[0].strip() if doc.strip() else ""
    return re.sub(r"\s*\((TRADE|USER_DATA|MARKET_DATA|NONE|USER_STREAM|MARGIN)\)\s*$", "", first)


def arguments(node: ast.FunctionDef, doc: str, words: dict, shapes: dict) -> list[Param]:
    args = node.args.args[1:]
    free = len(args) - len(node.args.defaults)
    told = dict(re.findall(r"^\s*(\w+) \((?:Union|Optional)\[.*?\](?: = None)?\):(.*)$", doc, re.M))
    found = []
    for at, arg in enumerate(args):
        name = camel(arg.arg)
        if name in AUTHENTICATION:
            continue
        annotation = ast.unparse(arg.annotation) if arg.annotation else "str"
        kind, allowed = type_of(annotation, words, shapes)
        about = re.sub(r"<br\s*/?>", " ", told.get(arg.arg, "")).strip()
        found.append(Param(name, kind, at < free, allowed, about))
    return found


def type_of(annotation: str, words: dict, shapes: dict) -> tuple[str, list[str]]:
    inner = re.sub(r"^(?:Union|Optional)\[(.*?)(?:, None)?\]$", r"\1", annotation)
    if inner.startswith(("List[", "Set[")):
        item = inner[inner.index("[") + 1:-1]
        return ("objects", shapes[item]) if item in shapes else ("list", [item])
    if inner in words:
        return "word", words[inner]
    return {"int": "whole", "float": "number", "bool": "flag", "str": "text"}.get(inner, "text"), []


# --- Binance's clients before those ---------------------------------------------------------------------------------


def older_connector(folder: Path, source: str) -> list[Endpoint]:
    """Verb, path and parameters stand in the texts of the functions."""
    found = []
    for file in sorted(folder.glob("binance/*/*.py")):
        for node in ast.parse(file.read_text()).body:
            doc = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
            asked = doc and re.search(r"(GET|POST|PUT|DELETE) (/(?:s|f|d|e|p)?api/[\w/-]+|/futures/data/\w+)", doc)
            if not asked:
                continue
            surface = surface_of(asked[2]) or ("coinm" if file.parent.name == "cm_futures" else "usdm")
            body = ast.unparse(node)
            named = re.search(r"\*\*(.+?)\*\*", doc)
            found.append(Endpoint(
                surface, asked[1], asked[2], older_arguments(node, doc), signed="sign_request" in body,
                about=title(named[1] if named else doc), source=source,
            ))
    return found


def older_arguments(node: ast.FunctionDef, doc: str) -> list[Param]:
    needed = [arg.arg for arg in node.args.args[1:]]
    line = r"^\s*(?::parameter )?(\w+)(?: \(|:\s*)((?:optional )?\w+)[^:;)\n]*\)?[:;]?(.*)$"
    found: dict[str, Param] = {name: Param(name, "text", True) for name in needed}
    told = doc[min((doc.find(mark) for mark in ("Args:", ":parameter") if mark in doc), default=len(doc)):]
    for name, type_, about in re.findall(line, told, re.M):
        kind = {"int": "whole", "float": "number", "long": "whole", "decimal": "number", "bool": "flag",
                "boolean": "flag", "list": "list"}.get(type_.removeprefix("optional ").lower(), "text")
        if name[0].isalpha() and name not in ("Args", "Keyword"):
            found[name] = Param(name, kind, name in needed, ["str"] if kind == "list" else [], about.strip())
    return [param for param in found.values() if param.name not in AUTHENTICATION]


# --- python-binance --------------------------------------------------------------------------------------------------

#: How its client calls a path, by the name of the helper; the version is the third argument or this.
HELPERS = {
    "_request_margin_api": ("/sapi/v{}/", 1), "_request_futures_api": ("/fapi/v{}/", 1),
    "_request_futures_coin_api": ("/dapi/v{}/", 1), "_request_options_api": ("/eapi/v1/", 1),
    "_request_papi_api": ("/papi/v{}/", 1), "_request_futures_data_api": ("/futures/data/", 1),
    "_request_futures_coin_data_api": ("/futures/data/", 1),
}
VERBS = {"_get": "GET", "_post": "POST", "_put": "PUT", "_delete": "DELETE"}


def python_binance(folder: Path, source: str) -> list[Endpoint]:
    file = folder / "binance" / "client.py"
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef):
            for call in ast.walk(node):
                key = isinstance(call, ast.Call) and called(call)
                if key:
                    surface, verb, path, signed = key
                    doc = ast.get_docstring(node) or ""
                    found.append(Endpoint(surface, verb, path, documented(doc), signed, source=source))
    return found


def called(call: ast.Call) -> tuple | None:
    """Surface, verb, path and whether it is signed, where the call asks the exchange."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    literals = [a.value if isinstance(a, ast.Constant) else None for a in call.args]
    given = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
    version = given.get("version")
    if isinstance(version, str):
        version = int(version.removeprefix("v")) if version.removeprefix("v").isdigit() else None
    if name in HELPERS and [type(text) for text in literals[:2]] == [str, str]:
        prefix, default = HELPERS[name]
        asked = next((n for n in literals[3:] if type(n) is int), None)
        signed = literals[2] if len(literals) > 2 and type(literals[2]) is bool else bool(given.get("signed"))
        path = prefix.format(version or asked or default) + literals[1]
        surface = "coinm" if name == "_request_futures_coin_data_api" else surface_of(path) or "usdm"
        return surface, literals[0].upper(), path, signed
    if name in VERBS and literals and isinstance(literals[0], str):
        signed = bool(given.get("signed") or (len(literals) > 1 and literals[1] is True))
        return "spot", VERBS[name], f"/api/v{version or 3}/{literals[0]}", signed
    return None


def documented(doc: str) -> list[Param] | None:
    """`:param name: required - meaning` and `:type name: str`."""
    types = dict(re.findall(r":type (\w+):\s*([^\n]*)", doc))
    found = []
    for name, about in re.findall(r":param (\w+):\s*([^\n]*)", doc):
        if name in AUTHENTICATION or name in ("params", "data") or name in {p.name for p in found}:
            continue
        kind = {"int": "whole", "long": "whole", "decimal": "number", "float": "number", "bool": "flag"}
        type_ = kind.get(types.get(name, "str").strip().lower(), "text")
        found.append(Param(name, type_, about.lower().startswith("required"), [], about.strip()))
    return found or None


# --- openxapi-binance ------------------------------------------------------------------------------------------------

#: What one function makes of its arguments before they are sent.
SERIALIZE = "_serialize"


def openxapi(folder: Path, source: str) -> list[Endpoint]:
    """Made from descriptions of Binance's documents; of each endpoint, a function that tells verb, path and names."""
    found = []
    for file in sorted(folder.glob("binance/*/api/*_api.py")):
        nodes = ast.walk(ast.parse(file.read_text()))
        functions = [node for node in nodes if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)]
        asked = {node.name: node for node in functions}
        for node in functions:
            sent = asked.get(f"_{node.name}{SERIALIZE}")
            verb, path = literal(sent, "method"), literal(sent, "resource_path")
            surface = path and (surface_of(path) or {"cmfutures": "coinm", "umfutures": "usdm"}.get(file.parts[-3]))
            if surface:
                found.append(Endpoint(surface, verb, path, spelled(node, sent), source=source))
    return found


def literal(node: ast.AST | None, name: str) -> str | None:
    given = ast.walk(node) if node else []
    return next((k.value.value for k in given if isinstance(k, ast.keyword) and k.arg == name
                 and isinstance(k.value, ast.Constant)), None)


def spelled(node: ast.FunctionDef, sent: ast.FunctionDef) -> list[Param]:
    """The function's arguments, by the names under which they are sent."""
    pairs = [n.elts for n in ast.walk(sent) if isinstance(n, ast.Tuple) and len(n.elts) == 2]
    names = {b.id: a.value for a, b in pairs if isinstance(a, ast.Constant) and isinstance(b, ast.Name)}
    args = node.args.args[1:]
    free = len(args) - len(node.args.defaults)
    kinds = {"StrictInt": "whole", "int": "whole", "StrictBool": "flag", "StrictFloat": "number"}
    found = []
    for at, arg in enumerate(args):
        name = names.get(arg.arg)
        if name and name not in AUTHENTICATION:
            kind = re.search(r"\b(Strict\w+|int)\b", ast.unparse(arg.annotation))
            found.append(Param(name, kinds.get(kind[1] if kind else "", "text"), at < free))
    return found


# --- ccxt ------------------------------------------------------------------------------------------------------------

#: Its groups of endpoints.
GROUPS = {
    "sapi": "/sapi/v1/", "sapiV2": "/sapi/v2/", "sapiV3": "/sapi/v3/", "sapiV4": "/sapi/v4/",
    "dapiPublic": "/dapi/v1/", "dapiData": "/futures/data/", "dapiPrivate": "/dapi/v1/",
    "dapiPrivateV2": "/dapi/v2/", "fapiPublic": "/fapi/v1/", "fapiPublicV2": "/fapi/v2/",
    "fapiPublicV3": "/fapi/v3/", "fapiData": "/futures/data/", "fapiPrivate": "/fapi/v1/",
    "fapiPrivateV2": "/fapi/v2/", "fapiPrivateV3": "/fapi/v3/", "eapiPublic": "/eapi/v1/",
    "eapiPrivate": "/eapi/v1/", "papi": "/papi/v1/", "papiV2": "/papi/v2/", "public": "/api/v3/",
    "private": "/api/v3/",
}


def ccxt(folder: Path, source: str) -> list[Endpoint]:
    """Paths only: it lists no parameters."""
    file = folder / "ccxt" / "binance.py"
    found = []
    for group, verbs in api_of(ast.parse(file.read_text())).items():
        base = GROUPS.get(group)
        if base is None:
            continue
        surface = {"fapiData": "usdm", "dapiData": "coinm"}.get(group)
        for verb, paths in verbs.items():
            for path in paths:
                whole = base + path
                found.append(Endpoint(surface or surface_of(whole), verb.upper(), whole, source=source))
    return found


def api_of(module: ast.Module) -> dict:
    """The literal below `'api':` in `describe`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                if isinstance(key, ast.Constant) and key.value == "api" and isinstance(value, ast.Dict):
                    try:
                        return ast.literal_eval(value)
                    except ValueError:
                        continue
    return {}
