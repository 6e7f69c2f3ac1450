"""Which rows belong in one table: those of one combination of axes.

Axes say what a clip went through beside the codec: packets lost, noise added, several passes (see
`row.AXES`). A combination gives some of them a value; the others did not apply to the clip.
Whatever sums, compares or ranks rows works on one combination, by default on clips that went
through nothing. Other combinations are chosen by name, and a mixture is refused. A codec that could
not be built has a single row, without a clip, which belongs to every combination.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any

import msgspec

from codecmark.errors import InputError
from codecmark.results.row import AXES, ResultRow

Axes = Mapping[str, float | int | str]
UNTOUCHED: Axes = {}

_values = attrgetter(*AXES)
_UNTOUCHED_VALUES = (None,) * len(AXES)
_TYPES = {field.name: field.type for field in msgspec.structs.fields(ResultRow)}


def parse(text: str) -> Axes:
    """Return the combination that `loss_percent=5,loss_pattern=random` names; `none` is untouched.

    Raises
    ------
    InputError
        If an axis is unknown, named twice, or its value is of another type.
    """
    axes: dict[str, float | int | str] = {}
    if text.strip() == "none":
        return axes
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        if name not in AXES:
            raise InputError(f"axes: no {name!r}; choose from {', '.join(AXES)}")
        if name in axes:
            raise InputError(f"axes: {name} is named twice")
        try:
            axes[name] = msgspec.convert(value or None, _TYPES[name], strict=False)
        except msgspec.ValidationError as error:
            raise InputError(f"axes: {name}: {value!r} is not a value of it ({error})") from error
        if not equals or axes[name] is None:
            raise InputError(f"axes: {name}: needs a value, as in {name}=VALUE")
    return axes


def in_words(axes: Axes) -> str:
    """Write a combination as `parse` reads it, in the order of `AXES`."""
    named = [f"{name}={axes[name]}" for name in AXES if name in axes]
    return ",".join(named) or "none"


def combinations(rows: Iterable[ResultRow]) -> list[Axes]:
    """Return the combinations of some rows, in the order in which they first come."""
    present = dict.fromkeys(_values(row) for row in rows if not _belongs_to_all(row))
    return [
        {name: value for name, value in zip(AXES, values, strict=True) if value is not None}
        for values in present
    ]


def chosen(rows: Iterable[ResultRow], axes: Axes = UNTOUCHED) -> list[ResultRow]:
    """Return the rows of one combination, by default those of untouched clips.

    Raises
    ------
    InputError
        If there are rows, but none of this combination: names those that there are.
    """
    rows = list(rows)
    values = tuple(axes.get(name) for name in AXES)
    kept = [row for row in rows if _values(row) == values or _belongs_to_all(row)]
    if rows and not kept:
        raise nothing_of(axes, combinations(rows))
    return kept


def nothing_of(axes: Axes, present: Iterable[Axes]) -> InputError:
    """Return the error that says which combinations there are, where the chosen one has no row."""
    return InputError(f"axes: no row of {in_words(axes)}; there are {_listed(present)}")


def require_one(rows: Iterable[ResultRow]) -> None:
    """Check that rows are of one combination.

    Raises
    ------
    InputError
        If they are of several: names them.
    """
    present = combinations(rows)
    if len(present) > 1:
        raise InputError(
            f"axes: rows of {_listed(present)}; one table has one combination, see `axes.chosen`"
        )


def condition_sql(axes: Axes = UNTOUCHED) -> str:
    """Return what `chosen` keeps as an SQL condition."""
    own = " AND ".join(f"{name} IS NOT DISTINCT FROM {_literal(axes.get(name))}" for name in AXES)
    spared = " AND ".join(f"{name} IS NULL" for name in AXES)
    return f"(({own}) OR (clip IS NULL AND {spared}))"


def _belongs_to_all(row: ResultRow) -> bool:
    return row.clip is None and _values(row) == _UNTOUCHED_VALUES


def _listed(present: Iterable[Axes]) -> str:
    return " and ".join(map(in_words, present))


def _literal(value: Any) -> str:
    if isinstance(value, str):
        quoted = value.replace("'", "''")
        return f"'{quoted}'"
    return "NULL" if value is None else repr(value)
