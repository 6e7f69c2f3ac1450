"""Rows of another folder that a requirements file names: published sound, clips kept back."""

from __future__ import annotations

from pathlib import Path

from codecmark.results import axes, store
from codecmark.results.row import ResultRow
from codecmark.review.elsewhere import KeptBack, PublishedSound


def rows_in(
    named: PublishedSound | KeptBack | None, results: Path, condition: str
) -> list[ResultRow]:
    """Return the rows of one condition; none where nothing is named, or nothing is there."""
    if named is None:
        return []
    folder = results / named.results
    run_ids = store.run_ids(folder)
    rows = axes.chosen(store.read(folder, run_ids)) if run_ids else []
    return [row for row in rows if row.condition == condition]
