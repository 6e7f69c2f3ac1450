"""JSON of strangers: what parsers read in different ways, or fall over, is refused."""

from __future__ import annotations

import json
from typing import Any

from codecmark.errors import InputError


def read(data: bytes) -> Any:
    """Return what JSON text holds.

    Raises
    ------
    InputError
        If it is none in UTF-8, names a key twice, holds NaN or an infinity, a whole number beyond
        64 bits, or is nested too deep.
    """
    try:
        return json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_constant,
            parse_int=_whole,
        )  # fmt: skip
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else error
        raise InputError(f"cannot be read as JSON ({reason})") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"{name!r:.40} is there twice")
            seen.add(name)
    return values


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _whole(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= (value := int(text)) < 2**63:
        raise ValueError(f"{text:.20} is beyond 64 bits")
    return value
