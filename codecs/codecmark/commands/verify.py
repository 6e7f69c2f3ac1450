"""`codecmark verify`: whether stored rows are what was written, and saving those that are."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from codecmark.commands import stored_rows
from codecmark.errors import InputError
from codecmark.results import salvage, store
from codecmark.system.counting import counted
from codecmark.system.text import legible

HELP = "check every stored row, and name each damaged line"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    stored_rows.add_folder(parser)
    parser.add_argument("--run", metavar="ID", help="a stored run (default: all of them)")
    parser.add_argument(
        "--salvage", action="store_true",
        help="put damaged lines into a file beside their own, and keep all others",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if something is damaged and was not put aside."""
    results: Path = arguments.results
    stored = store.run_ids(results)
    if not stored or arguments.run not in (None, *stored):
        raise InputError(f"run: no {arguments.run or 'rows'} in {results / store.ROWS}")
    left = 0
    for run_id in [arguments.run] if arguments.run else stored:
        damages = salvage.damages(results, run_id)
        for damage in damages:
            console.print(legible(str(damage)), style="red", markup=False, soft_wrap=True)
        left += len(damages)
        if not damages:
            console.print(f"{run_id}: {_whole(salvage.unsealed(results, run_id))}", markup=False)
        elif arguments.salvage and any(damage.line is not None for damage in damages):
            removed, aside = salvage.salvage(results, run_id)
            left -= sum(damage.line is not None for damage in damages)
            console.print(
                f"{run_id}: {counted(removed, 'line')} moved to {aside}; the command that made "
                "the run makes their rows anew",
                markup=False, soft_wrap=True,
            )  # fmt: skip
    return 1 if left else 0


def _whole(unsealed: int) -> str:
    if not unsealed:
        return "every row is what was written"
    return (
        f"{counted(unsealed, 'line')} of schema 1 or 2 without a checksum: nothing says whether "
        "they are what was written; every other row is"
    )
