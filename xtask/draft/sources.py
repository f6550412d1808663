"""Clients of an exchange, installed as files to read; nothing of them is ever imported or run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def install(exchange: str, root: Path) -> list[tuple[str, Path]]:
    """Each source that `EXCHANGE.sources` names, with the folder that it is in; only what is missing is installed.

    A line is `NAME==VERSION` for pip or `npm:NAME@VERSION` for npm.
    """
    found = []
    listed = (Path(__file__).parent / f"{exchange}.sources").read_text().splitlines()
    for line in (line.strip() for line in listed):
        if line and not line.startswith("#"):
            folder = root / line.removeprefix("npm:").replace("==", "-").replace("/", "-").lstrip("@")
            if not folder.is_dir():
                fetch(line, folder, root)
            found.append((line.removeprefix("npm:").replace("==", " "), folder))
    return found


def fetch(line: str, folder: Path, root: Path) -> None:
    print(f"installing {line}", file=sys.stderr)
    python = root / "venv" / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(root / "venv")], check=True)
    made = folder.with_suffix(".part")
    if line.startswith("npm:"):
        what = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev",
                "--prefix", str(made), line.removeprefix("npm:")]
    else:
        # Wheels only, without what they depend on: no code of theirs runs.
        what = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                "--only-binary", ":all:", "--no-compile", "--target", str(made), line]
    subprocess.run(what, check=True, env=os.environ | {"PIP_ROOT_USER_ACTION": "ignore"})
    made.rename(folder)
