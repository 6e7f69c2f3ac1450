"""A decision as a JSON file: written for any program to read, read back with its types checked.

In the file a finding names its requirement; what was asked stands once, under `requirements`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from codecmark.errors import ResultSchemaError
from codecmark.review.decision import SCHEMA_VERSION, Decision
from codecmark.review.requirements import Requirements

_REMEDY = "write it anew with `codecmark review`"


def encoded(decision: Decision) -> bytes:
    """Return the file's text; the same decision gives the same bytes."""
    values = msgspec.to_builtins(decision)
    _replace_requirements(values, lambda requirement: requirement["name"])
    return msgspec.json.format(msgspec.json.encode(values), indent=1) + b"\n"


def decoded(text: bytes, name: str = "decision") -> Decision:
    """Return the decision that `encoded` wrote.

    Raises
    ------
    ResultSchemaError
        If it is no such file, is of another version, or was changed into something else.
    """
    try:
        values = msgspec.json.decode(text)
        version = values.get("schema_version") if isinstance(values, dict) else None
        if version != SCHEMA_VERSION:
            raise ResultSchemaError(
                f"{name}: schema_version {version!r:.80}, this version of codecmark reads "
                f"{SCHEMA_VERSION}; {_REMEDY}"
            )
        requirements = msgspec.convert(values["requirements"], Requirements)
        asked = {one.name: msgspec.to_builtins(one) for one in requirements.asked}
        _replace_requirements(values, lambda requirement: asked[requirement])
        return msgspec.convert(values, Decision)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ResultSchemaError(f"{name}: {error}; {_REMEDY}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ResultSchemaError(f"{name}: lacks its shape at {error}; {_REMEDY}") from error


def read(path: Path) -> Decision:
    """Read a file.

    Raises
    ------
    ResultSchemaError
        If it cannot be read; see `decoded`.
    """
    try:
        return decoded(path.read_bytes(), str(path))
    except OSError as error:
        raise ResultSchemaError(f"{path}: cannot be read ({error.strerror})") from error


def _replace_requirements(values: dict[str, Any], change: Callable[[Any], object]) -> None:
    for finding in _findings(values):
        finding["requirement"] = change(finding["requirement"])


def _findings(values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    offered = [one for outcome in values["outcomes"] for one in outcome["candidates"]]
    replayed = [one for name in values.get("by_class", {}).values() for one in name["replayed"]]
    for candidate in (*offered, *values["others"], *replayed):
        for finding in candidate["findings"]:
            yield finding
            if finding.get("stand_in") is not None:
                yield finding["stand_in"]
