"""What can be installed for OKX: python-okx, okx-sdk, okx-api and ccxt.

Python clients are read as text (`ast`), okx-api by its declarations; nothing is imported or run.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from model import Endpoint, Param

#: How the helpers of okx-api ask.
ASKS = {"get": ("GET", False), "post": ("POST", False), "getPrivate": ("GET", True), "postPrivate": ("POST", True)}
#: Paths that take a list of what another one takes alone.
LISTS = {"trade/batch-orders": "trade/order", "trade/amend-batch-orders": "trade/amend-order",
         "trade/cancel-batch-orders": "trade/cancel-order"}
#: Argument names of okx-api that stand for a whole request.
WHOLE = ("params", "request", "orders", "args")
PLAIN = {"string": "text", "number": "number", "boolean": "flag", "numberInString": "number"}


def endpoints(sources: list[tuple[str, Path]]) -> list[list[Endpoint]]:
    """Every source's endpoints, in the order of the sources; each source knows parameters that the others lack.

    So those that any source lists stand at the first one, and the list that is the whole body as `[]`, as in the
    catalogue. What must be there is left open: clients guess it.
    """
    found = listed(sources)
    together: dict[tuple, dict[str, Param]] = {}
    for endpoint in (e for source in found for e in source if e.params is not None):
        known = together.setdefault(endpoint.key, {})
        for param in endpoint.params:
            param.required = None
            first = known.setdefault(param.name, param)
            first.words = first.words or param.words
    for endpoint in (e for source in found for e in source if e.params is not None):
        surface, verb, path = endpoint.key
        alone = LISTS.get(path.removeprefix("/api/v5/"))
        key = (surface, verb, f"/api/v5/{alone}") if alone else endpoint.key
        endpoint.params = list(together[key].values())
    return found


def listed(sources: list[tuple[str, Path]]) -> list[list[Endpoint]]:
    found = []
    for source, folder in sources:
        name = source.split(" ")[0].split("@")[0]
        if name == "python-okx":
            found.append(python(folder / "okx", source, "consts.py"))
        elif name == "okx-sdk":
            found.append(python(folder / "okx", source, "constants.py"))
        elif name == "okx-api":
            found.append(okx_api(folder / "node_modules" / "okx-api" / "dist" / "mjs", source))
        elif name == "ccxt":
            found.append(ccxt(folder, source))
        else:
            raise SystemExit(f"claviger draft: nothing here can read {name}")
    return found


# --- Python clients --------------------------------------------------------------------------------------------------


def python(folder: Path, source: str, constants: str) -> list[Endpoint]:
    """Paths stand in constants; a function names its parameters in a dictionary."""
    paths = {}
    for node in ast.parse((folder / constants).read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            paths[node.targets[0].id] = node.value.value
    found = []
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and (asked := asks(node, paths)):
                verb, path = asked
                found.append(Endpoint("rest", verb, path, arguments(node), source=source))
    return found


def asks(node: ast.FunctionDef, paths: dict) -> tuple[str, str] | None:
    for call in ast.walk(node):
        name = call.func.attr if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else ""
        if name in ("_request", "_request_with_params", "_request_without_params") and len(call.args) > 1:
            verb, path = call.args[:2]
            text = paths.get(path.id) if isinstance(path, ast.Name) else getattr(path, "value", None)
            if isinstance(verb, ast.Name) and isinstance(text, str) and text.startswith("/api/v5/"):
                return verb.id, text.strip()
    return None


def arguments(node: ast.FunctionDef) -> list[Param] | None:
    """`None` where the function takes a list that the caller makes."""
    args = [arg.arg for arg in node.args.args[1:]]
    needed = set(args[: len(args) - len(node.args.defaults)])
    found: dict[str, Param] = {}
    for part in ast.walk(node):
        if isinstance(part, ast.Dict):
            for key, value in zip(part.keys, part.values):
                if isinstance(key, ast.Constant):
                    given = isinstance(value, ast.Name) and value.id in needed
                    found[key.value] = Param(key.value, "text", given)
        target = part.targets[0] if isinstance(part, ast.Assign) else None
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            found.setdefault(target.slice.value, Param(target.slice.value))
    return list(found.values()) if found or not args else None


# --- okx-api ---------------------------------------------------------------------------------------------------------


def okx_api(folder: Path, source: str) -> list[Endpoint]:
    """Paths stand in the code, parameters in the declarations."""
    code = (folder / "rest-client.js").read_text()
    declared = (folder / "rest-client.d.ts").read_text()
    signatures = dict(re.findall(r"^    (\w+)\(([^;]*?)\): Promise", declared, re.M | re.S))
    types = shapes(folder / "types")
    found = []
    for name, body in re.findall(r"^    (?:async )?(\w+)\([^)]*\) \{(.*?)^    \}", code, re.M | re.S):
        for how, path in re.findall(r"this\.(get|post|getPrivate|postPrivate)\('([^']+)'", body):
            verb, signed = ASKS[how]
            params = parameters(signatures.get(name, ""), types)
            found.append(Endpoint("rest", verb, path, params, signed, source=source))
    return found


def shapes(folder: Path) -> dict[str, tuple[str, str]]:
    """What an interface extends and its body; of a type, nothing and its text."""
    found = {}
    for file in sorted(folder.rglob("*.d.ts")):
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", file.read_text(), flags=re.S)
        for head in re.finditer(r"export interface (\w+)(?:<[^>]*>)?(?: extends ([^{]+))?\s*\{", text):
            found.setdefault(head[1], (head[2] or "", text[head.end():closing(text, head.end())]))
        for name, body in re.findall(r"export type (\w+)(?:<[^>]*>)? =\s*([^;{]*(?:\{.*?\n\})?[^;]*);", text, re.S):
            found.setdefault(name, ("", "=" + body))
    return found


def closing(text: str, at: int) -> int:
    depth = 1
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at - 1


def parameters(signature: str, types: dict) -> list[Param] | None:
    found: dict[str, Param] = {}
    for arg in split(signature, ","):
        named = re.match(r"\s*(\w+)(\??):\s*(.*)", arg, re.S)
        if not named:
            continue
        name, free, type_ = named[1], named[2], named[3].strip()
        if name in WHOLE and type_ not in PLAIN:
            if type_.endswith("[]"):
                return [Param("[]", "objects", True)]
            inner = members(type_, types)
            if inner is None:
                return None
            found |= {param.name: param for param in inner}
        else:
            found[name] = param(name, not free, type_, types)
    return list(found.values())


def members(type_: str, types: dict, depth: int = 0) -> list[Param] | None:
    """The members of an object type; `None` where it is not one that can be read."""
    type_ = type_.strip()
    if depth > 6:
        return None
    if type_.startswith("{"):
        inside = type_[1:type_.rindex("}")]
        pairs = (re.match(r"\s*'?(\w+)'?(\?)?:\s*(.*)", part, re.S) for part in split(inside, ";"))
        return [param(m[1], m[2] is None, m[3].strip(), types) for m in pairs if m]
    if type_.startswith("Partial<"):
        inner = members(type_[8:-1], types, depth + 1)
        return inner and [Param(p.name, p.type, False, p.words) for p in inner]
    if omitted := re.match(r"Omit<(\w+),(.*)>$", type_, re.S):
        left_out = set(re.findall(r"'(\w+)'", omitted[2]))
        inner = members(omitted[1], types, depth + 1)
        return inner and [p for p in inner if p.name not in left_out]
    for sign in "&|":
        parts = split(type_, sign)
        if len(parts) > 1:
            inner = [members(part, types, depth + 1) for part in parts]
            known = {p.name: p for found in inner if found for p in found}
            return list(known.values()) if all(found is not None for found in inner) else None
    if type_ in types:
        base, body = types[type_]
        if body.startswith("="):
            return members(body[1:], types, depth + 1)
        inherited = [p for part in split(base, ",") if part.strip() for p in members(part, types, depth + 1) or []]
        own = members("{" + body + "}", types, depth + 1) or []
        return list({p.name: p for p in inherited + own}.values())
    return None


def param(name: str, required: bool, type_: str, types: dict) -> Param:
    if type_.endswith("[]"):
        inner = members(type_[:-2], types)
        return Param(name, "objects" if inner else "list", required, [p.name for p in inner or []] or ["str"])
    words = re.findall(r"'([^']*)'", types.get(type_, ("", type_))[1])
    if words and not members(type_, types):
        return Param(name, "word", required, [word for word in words if word])
    return Param(name, PLAIN.get(type_, "text"), required)


def split(text: str, at: str) -> list[str]:
    """Parts between a sign that stands outside of every bracket."""
    parts, depth, start = [], 0, 0
    for n, sign in enumerate(text):
        depth += (sign in "{<([") - (sign in "}>)]")
        if sign == at and depth == 0:
            parts.append(text[start:n])
            start = n + 1
    return [part for part in [*parts, text[start:]] if part.strip()]


# --- ccxt ------------------------------------------------------------------------------------------------------------


def ccxt(folder: Path, source: str) -> list[Endpoint]:
    """Paths only: it lists no parameters."""
    text = (folder / "ccxt" / "abstract" / "okx.py").read_text()
    rows = re.findall(r"Entry\[\w+\]\('([^']+)', \['?(\w+)'?\], '(\w+)'", text) or re.findall(
        r"Entry\('([^']+)', '(\w+)', '(\w+)'", text)
    return [Endpoint("rest", verb, f"/api/v5/{path}", source=source) for path, _, verb in rows]
