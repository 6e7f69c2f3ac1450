"""`codecmark compare`: what changed between two runs beyond noise."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from codecmark.commands import stored_rows
from codecmark.errors import InputError
from codecmark.leaderboard import changes_text
from codecmark.results import axes, newest, store
from codecmark.results.row import ResultRow

HELP = "say what changed between two runs beyond noise; exit status 1 if something got worse"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "old", metavar="OLD", help="a run id, or a results folder: the run that it shows"
    )
    parser.add_argument("new", metavar="NEW", help="the same for the newer run")
    stored_rows.add_folder(parser, "--results", "where run ids are looked up")
    stored_rows.add_axes(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if something got worse."""
    chosen = stored_rows.chosen_axes(arguments)
    old, new = (
        axes.chosen(_rows(name, arguments.results), chosen)
        for name in (arguments.old, arguments.new)
    )
    shown, worse = changes_text.compare(old, new)
    # no markup, no emoji in `a:b:`, no folding: two terminals show the same text
    console.print(shown, end="", markup=False, emoji=False, highlight=False, soft_wrap=True)
    return 1 if worse else 0


def _rows(name: str, results: Path) -> list[ResultRow]:
    if name in store.run_ids(results):
        return store.read(results, [name])
    if Path(name).is_dir():
        return store.read(Path(name), [newest.newest(Path(name))])
    known = ", ".join(store.run_ids(results)) or "none"
    raise InputError(f"run: {name!r} is neither a run in {results} ({known}) nor a folder")
