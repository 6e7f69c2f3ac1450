"""What the fields of a row may hold, and messages that name the value that is nothing of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from reprlib import repr as shortened
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

import msgspec
from msgspec import Meta

# what other readers hold in an integer
Integer: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Size: TypeAlias = Annotated[int, Meta(ge=1, le=2**63 - 1)]  # a stream has a byte, to divide by
# squares and sums of what is no larger stay finite
Figure: TypeAlias = Annotated[float, Meta(ge=-1e15, le=1e15)]
Positive: TypeAlias = Annotated[float, Meta(ge=0, le=1e15)]
# the ranges of `metrics.table`, as a test holds
OneToFive: TypeAlias = Annotated[float, Meta(ge=1, le=5)]
Pesq: TypeAlias = Annotated[float, Meta(ge=1, le=4.65)]
SegmentalSnr: TypeAlias = Annotated[float, Meta(ge=-10, le=35)]
Correlation: TypeAlias = Annotated[float, Meta(ge=-1, le=1)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Percent: TypeAlias = Annotated[float, Meta(ge=0, le=100)]


def first_mismatch(record: Mapping[str, Any], types: Mapping[str, Any]) -> str | None:
    """Return the first field whose value is not of its type, and what it should be."""
    for name, value in record.items():
        if expected := _mismatch(types[name], value):
            return f"{name}: {shortened(value)} is not {expected}"
    return None


def first_out_of_range(record: Mapping[str, Any], types: Mapping[str, Any]) -> str | None:
    """Return the first field whose value is of its type and not possible, and what is."""
    for name, value in record.items():
        try:
            msgspec.convert(value, types[name])
        except msgspec.ValidationError as error:
            possible = str(error).replace("Expected `float`", "a number")
            possible = possible.replace("Expected `int`", "an integer")
            return f"{name}: {shortened(value)} is not {possible}"
    return None


def _mismatch(kind: Any, value: object) -> str | None:
    """Return what `value` should have been, or None if it is of the type `kind`."""
    choices = get_args(kind) if type(None) in get_args(kind) else (kind,)
    if value is None and type(None) in choices:
        return None
    if get_origin(choices[0]) is Literal:
        named = get_args(choices[0])
        return None if value in named else f"one of {', '.join(named)}"
    if get_origin(kind) is dict:
        whole = isinstance(value, dict) and all(map(_is_text, (*value, *value.values())))
        return None if whole else "an object of texts"
    if str in choices:
        return None if _is_text(value) else "text"
    # true and false are integers in Python only
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if int in choices:
        fits = number and isinstance(value, int) and -(2**63) <= value < 2**63
        return None if fits else "an integer of at most 64 bits"
    # 1e999 is strict JSON and reads as infinity
    try:
        finite = number and isinstance(value, int | float) and math.isfinite(value)
    except OverflowError:
        finite = False
    return None if finite else "a finite number"


def _is_text(value: object) -> bool:
    """Half of a surrogate pair can be escaped in JSON but not written to any file."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)
