"""What terminal and page both show of some rows, made once for the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from codecmark.leaderboard import curve_tables
from codecmark.leaderboard.notes import notes
from codecmark.leaderboard.plain_table import Table
from codecmark.results.row import ResultRow
from codecmark.review.judgement import Judged


class Board:
    """Curve tables and notes of some rows; `judged` as in `sections`."""

    def __init__(self, rows: Sequence[ResultRow], judged: Mapping[str, Judged]) -> None:
        self._rows = rows
        self._judged = judged

    @cached_property
    def curves(self) -> list[Table]:
        """See `curve_tables.tables`."""
        return curve_tables.tables(self._rows, self._judged)

    @cached_property
    def notes(self) -> list[str]:
        """See `notes`."""
        return notes(self._rows)
