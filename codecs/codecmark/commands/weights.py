"""`codecmark weights`: which published weights are here, where, and what each is."""

from __future__ import annotations

import argparse

from rich import box
from rich.console import Console
from rich.table import Table

from codecmark import weights
from codecmark.errors import UnavailableError
from codecmark.weight_sets import SETS

HELP = "show which published weights are here, and where they come from"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--fetch", action="store_true", help="fetch those that are missing")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if a set is missing or damaged."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("set", "licence", "here", "SHA-256", "remark"):
        table.add_column(heading, overflow="fold")
    missing = 0
    for name, weight_set in SETS.items():
        try:
            found = weights.locate(name, fetch=arguments.fetch)
        except UnavailableError as error:
            missing += 1
            table.add_row(name, weight_set.licence, "no", "", str(error))
        else:
            digest = (found.weights.sha256 or "")[:16]
            table.add_row(name, weight_set.licence, str(found.folder), digest, found.weights.note)
    console.print(table)
    return 1 if missing else 0
