"""What a source says of an exchange's endpoints, in one shape for every source and exchange."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Param:
    """One parameter as a source has it."""

    name: str
    #: The source's own type: `text`, `whole`, `number`, `flag`, `word`, `list`, `object`.
    type: str = "text"
    #: `None` where the source does not say for certain.
    required: bool | None = False
    words: list[str] = field(default_factory=list)
    about: str = ""


@dataclass
class Endpoint:
    """One endpoint as a source has it. `params` is `None` where the source lists no parameters."""

    surface: str
    verb: str
    path: str
    params: list[Param] | None = None
    signed: bool | None = None
    about: str = ""
    source: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.surface, self.verb, self.path)


def merge(sources: list[list[Endpoint]]) -> dict[tuple[str, str, str], Endpoint]:
    """One endpoint a key. The first source that lists parameters is believed; every source is named."""
    found: dict[tuple[str, str, str], Endpoint] = {}
    for source in sources:
        for endpoint in source:
            known = found.get(endpoint.key)
            if known is None:
                found[endpoint.key] = endpoint
            elif known.params is None and endpoint.params is not None:
                endpoint.source = named(endpoint.source, known.source)
                found[endpoint.key] = endpoint
            else:
                known.source = named(known.source, endpoint.source)
    return found


def named(first: str, second: str) -> str:
    parts = first.split(", ") if first else []
    parts += [part for part in second.split(", ") if part and part not in parts]
    return ", ".join(parts)
