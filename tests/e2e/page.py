"""The tables of docs/clients.md that tests hold to what clients do.

With `CLAVIGER_WRITE=1` a table is written anew; the reasons that stand there are kept, and new lines are without one, which fails.
"""

import dataclasses
import os
import pathlib
import re

PATH = pathlib.Path(__file__).resolve().parents[2] / "docs" / "clients.md"
MISSING = "REASON MISSING"


@dataclasses.dataclass
class Row:
    """One endpoint that is refused whatever is granted: by which rule, about what, called by which methods, and why."""

    endpoint: str
    rule: str
    detail: str
    methods: str
    reason: str

    @property
    def key(self):
        return self.endpoint, self.rule, self.detail

    def __str__(self):
        detail = f" {self.detail}" if self.detail else ""
        return f"| `{self.endpoint}` | `{self.rule}`{detail} | {self.methods} | {self.reason} |"


class Page:
    """The page, by its sections: each table stands between two comments."""

    @staticmethod
    def part(name):
        text = PATH.read_text()
        found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", text, re.S)
        assert found, f"docs/clients.md has no table {name}"
        return found[1]

    @staticmethod
    def lines(name):
        return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in Page.part(name).splitlines()[2:] if line.startswith("|")]

    @staticmethod
    def rows(exchange):
        out = []
        for endpoint, rule, methods, reason in Page.lines(f"refused {exchange}"):
            name, _, detail = rule.partition(" ")
            out.append(Row(endpoint.strip("`"), name.strip("`"), detail, methods, reason))
        return out

    @staticmethod
    def check(exchange, found):
        """Whether the page lists exactly what was refused, with a reason for each. `found`: endpoint, rule, detail → methods."""
        if os.environ.get("CLAVIGER_WRITE"):
            Page.write(exchange, found)
        listed = {row.key: row for row in Page.rows(exchange)}
        new = {key: sorted(methods)[:4] for key, methods in found.items() if key not in listed}
        assert new == {}, "refused whatever is granted, and not in docs/clients.md"
        assert [key for key in listed if key not in found] == [], "docs/clients.md lists what is not refused any more"
        wrong = [str(row) for key, row in listed.items() if row.methods != shown(found[key])]
        assert wrong == [], "docs/clients.md names other methods than those that were refused"
        assert [str(row) for row in listed.values() if row.reason in ("", MISSING)] == [], "a refusal without a reason"

    @staticmethod
    def write(exchange, found):
        reasons = {row.key: row.reason for row in Page.rows(exchange)}
        table = ["| request | refused by | called by | why |", "|---|---|---|---|"]
        table += [str(Row(*key, shown(found[key]), reasons.get(key, MISSING))) for key in sorted(found)]
        text, old = PATH.read_text(), Page.part(f"refused {exchange}")
        PATH.write_text(text.replace(f"<!-- refused {exchange} -->\n{old}", f"<!-- refused {exchange} -->\n" + "\n".join(table) + "\n"))


def shown(methods):
    """Methods and where they were called, short: `createOrder (usdm, coinm)`."""
    places = {}
    for one in sorted(methods):
        method, _, where = one.partition(" in ")
        places.setdefault(method, []).append(where)
    groups = {}
    for method, where in places.items():
        groups.setdefault(", ".join(where), []).append(method)
    return "; ".join(f"{', '.join(names)}: {where}" for where, names in groups.items())
