"""`codecmark merge`: join the rows of shards, or of several machines, into one run."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace
from rich.console import Console

from codecmark.commands import stored_rows
from codecmark.errors import InputError
from codecmark.leaderboard import render
from codecmark.results import axes, newest, store
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition
from codecmark.run import corpora
from codecmark.system.counting import counted

HELP = "join the newest runs of shards or other results folders into one run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    stored_rows.add_folder(parser, purpose="where the joined rows go")
    parser.add_argument(
        "sources", type=Path, nargs="*", metavar="FROM",
        help=f"results folders (default: those below DIR/{store.SHARDS}/)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; doing so again adds nothing."""
    results: Path = arguments.results
    sources = arguments.sources or sorted((results / store.SHARDS).glob("*/"))
    if not sources:
        raise InputError(f"merge: no folder below {results / store.SHARDS}; name some")
    run_id, added = merge(results, sources)
    rows = axes.chosen(store.read(results, [run_id]))
    judged = judged_by_condition(results, rows)
    stored_rows.show_run(results, rows, console)
    render.print_leaderboard(rows, console, judged=judged)
    page = render.write_markdown(rows, results)
    console.print(
        f"{counted(added, 'row')} added to {results / store.ROWS / run_id}.jsonl, page in {page}",
        markup=False,
    )
    return 0


def merge(results: Path, sources: list[Path]) -> tuple[str, int]:
    """Append what the newest runs of `sources` have and the joined run lacks.

    The joined run is named after the newest of them.

    Returns
    -------
    run_id : str
    added : int
        Rows.

    Raises
    ------
    InputError
        If a source has no rows.
    """
    newest_of = {source: newest.newest(source) for source in sources}
    rows = [row for source, run_id in newest_of.items() for row in store.read(source, [run_id])]
    run_id = max(newest_of.values())
    for source, source_run in newest_of.items():
        corpora.inherit(results, run_id, source, source_run)
    rows = [replace(row, run_id=run_id) for row in rows]
    with store.writing(results, run_id) as writer:
        there = {row.to_json(): row for row in store.rows_of(results, run_id)}
        better = _Better([*there.values(), *rows])
        new = {
            line: row
            for row in rows
            if (line := row.to_json()) not in there and not better.replaces(row)
        }
        writer.add(list(new.values()))
    return run_id, len(new)


class _Better:
    """Which rows must not take the place of others: later ones of a run replace earlier ones."""

    def __init__(self, rows: Iterable[ResultRow]) -> None:
        good = [row for row in rows if row.status == "ok"]
        self._measured = {row.identity for row in good}
        self._with_weights = {
            (row.spec, row.condition) for row in good if row.weights not in (None, "random")
        }
        self._built = {(row.spec, row.condition) for row in good}

    def replaces(self, row: ResultRow) -> bool:
        """Return whether another row says more: of a failure one that is whole, of random weights
        one with trained ones.
        """
        codec = row.spec, row.condition
        if row.status != "ok":
            return row.identity in self._measured or (row.clip is None and codec in self._built)
        return row.weights == "random" and codec in self._with_weights
