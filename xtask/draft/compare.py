"""Where the catalogue and the sources say different things."""

from __future__ import annotations

from catalogue import Row
from model import Endpoint

Key = tuple[str, str, str]


def differences(rows: dict[Key, Row], endpoints: dict[Key, Endpoint]) -> list[str]:
    """One line each, the same line for the same difference every time."""
    found = [f"new: {name(key)} ({e.source})" for key, e in endpoints.items() if key not in rows]
    for key, row in rows.items():
        endpoint = endpoints.get(key)
        if row.data["verb"] == "WS":
            continue
        if endpoint is None:
            found.append(f"gone: {name(key)}")
        elif row.kind in ("not-yet-read", "refused"):
            if endpoint.params is not None and row.kind == "not-yet-read":
                found.append(f"unread: {name(key)} ({endpoint.source})")
        elif endpoint.params is not None:
            found += [f"{name(key)}: {what}" for what in parameters(row, endpoint)]
    return sorted(found)


def parameters(row: Row, endpoint: Endpoint) -> list[str]:
    ours = {param["name"]: param for param in row.data.get("params", [])}
    theirs = {param.name: param for param in endpoint.params or []}
    found = [f"`{n}` is new{' and required' if theirs[n].required else ''}" for n in theirs if n not in ours]
    found += [f"`{n}` is in no source" for n in ours if n not in theirs]
    for n in ours.keys() & theirs.keys():
        if theirs[n].required is not None and ours[n].get("required", False) != theirs[n].required:
            found.append(f"`{n}` is {'' if theirs[n].required else 'not '}required")
        known = ours[n]["grammar"].get("word") if isinstance(ours[n]["grammar"], dict) else None
        if known and theirs[n].words:
            found += [f"`{n}` may be {word}" for word in theirs[n].words if word not in known]
            gone = [word for word in known if word not in theirs[n].words and word.upper() not in theirs[n].words]
            # A wider word list does no harm where nothing is changed.
            found += [f"`{n}` may not be {word}" for word in gone if row.kind != "read"]
    return found


def name(key: Key) -> str:
    surface, verb, path = key
    return f"{surface} {verb} {path}"
