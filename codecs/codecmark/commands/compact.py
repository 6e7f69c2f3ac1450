"""`codecmark compact`: turn the newest run into one Parquet file."""

from __future__ import annotations

import argparse

from rich.console import Console

from codecmark.commands import stored_rows
from codecmark.errors import InputError
from codecmark.results import store
from codecmark.system.counting import counted

HELP = "turn a run into one Parquet file, for hundreds of thousands of rows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    stored_rows.add_folder(parser)
    stored_rows.add_run(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    stored = store.run_ids(arguments.results)
    if not stored or arguments.run not in (None, *stored):
        raise InputError(f"run: no {arguments.run or 'rows'} in {arguments.results / store.ROWS}")
    run_id = arguments.run or stored[-1]
    if store.compacted(arguments.results, run_id):
        console.print(f"{run_id} is Parquet already", markup=False)
        return 0
    count = store.compact(arguments.results, run_id)
    console.print(
        f"{counted(count, 'row')} in {arguments.results / store.ROWS / run_id}.parquet",
        markup=False,
    )
    return 0
