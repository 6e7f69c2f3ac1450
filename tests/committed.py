"""The committed run, by name: a run of one's own in `results/` decides about no test."""

from __future__ import annotations

from functools import cache

from codecmark.results import store
from codecmark.results.row import ResultRow
from places import COMMITTED

RUN_ID = "20261130T080428Z-8bbf"


@cache
def _read() -> tuple[ResultRow, ...]:
    return tuple(store.read(COMMITTED, [RUN_ID]))


def rows() -> list[ResultRow]:
    """Return the rows; they are read once a session and are not to be changed."""
    return list(_read())
