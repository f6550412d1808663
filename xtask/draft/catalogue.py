"""The catalogue's files: read whole, changed row by row, everything else left as it stands."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

#: In this order they are written.
KEYS = ["surface", "verb", "path", "permission", "risk", "security", "kind", "refused", "market", "flags", "answer",
        "about", "source", "date", "params"]
START = "[[row]]\n"


@dataclass
class Row:
    file: "File"
    #: As it stands in the file.
    text: str
    data: dict

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.data.get("surface", self.file.surface), self.data["verb"], self.data["path"])

    @property
    def kind(self) -> str:
        return self.data.get("kind", "refused")

    def change(self, **fields) -> None:
        self.data = {k: v for k, v in (self.data | fields).items() if v not in (None, [], "")}
        self.text = written(self.data)


class File:
    """One file: a head and its rows."""

    def __init__(self, path: Path):
        self.path = path
        self.head, *rows = path.read_text().split(START)
        head = tomllib.loads(self.head)
        self.surface = head.get("surfaces", [""])[0]
        self.rows = [Row(self, text.strip() + "\n", tomllib.loads(text)) for text in rows]

    def save(self) -> None:
        self.path.write_text(self.head.rstrip() + "\n\n" + "\n".join(START + row.text for row in self.rows))


def load(folder: Path) -> list[File]:
    return [File(path) for path in sorted(folder.glob("*.toml"))]


def rows(files: list[File]) -> dict[tuple[str, str, str], Row]:
    return {row.key: row for file in files for row in file.rows}


def written(data: dict) -> str:
    lines = []
    for key in KEYS:
        if key == "params" and key in data:
            lines += ["params = ["] + [f"    {inline(param)}," for param in data[key]] + ["]"]
        elif key in data:
            lines.append(f"{key} = {value(data[key])}")
    unknown = set(data) - set(KEYS)
    assert not unknown, unknown
    return "\n".join(lines) + "\n"


def value(data) -> str:
    if isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, int):
        return str(data)
    if isinstance(data, str):
        return '"' + data.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(data, list):
        return "[" + ", ".join(value(item) for item in data) + "]"
    return inline(data)


def inline(data: dict) -> str:
    return "{ " + ", ".join(f"{key} = {value(item)}" for key, item in data.items()) + " }"
