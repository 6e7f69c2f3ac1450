"""The stages of the mel chain, as `codecmark diagnose --out` left them in `chain.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from codecmark.errors import ResultSchemaError

NAME = "chain.json"


@dataclass(frozen=True)
class ChainTable:
    """Headings, a line for each stage, what they show, and which were not measured."""

    chain: str
    clips: tuple[str, ...]
    headings: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    reading: tuple[str, ...]
    missing: tuple[str, ...]


def read(results: Path) -> ChainTable | None:
    """Return the stages, or None where no diagnosis was stored.

    Raises
    ------
    ResultSchemaError
        If the file is not what `codecmark diagnose` writes.
    """
    path = results / NAME
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        width = len(found["headings"])
        if any(len(line) != width for line in found["stages"]):
            raise ValueError("a stage has not one value for each heading")
        return ChainTable(
            str(found["chain"]),
            tuple(map(str, found["clips"])),
            tuple(map(str, found["headings"])),
            tuple(tuple(map(str, line)) for line in found["stages"]),
            tuple(map(str, found["reading"])),
            tuple(map(str, found["missing"])),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultSchemaError(
            f"{path}: not a stored diagnosis ({error}); run `codecmark diagnose --out {results}`"
        ) from error
