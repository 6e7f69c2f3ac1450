"""`codecmark leaderboard`: print and write the tables of stored rows."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from codecmark import store
from codecmark.leaderboard import render
from codecmark.leaderboard.sections import DEFAULT_SORT

HELP = "print the tables of stored rows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "results", type=Path, nargs="?", default=Path("results"), metavar="DIR",
        help="where the rows are (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--run", metavar="ID", help="a stored run (default: the newest)")
    parser.add_argument(
        "--sort", default=DEFAULT_SORT, metavar="COLUMN",
        help="column key to sort by (default: %(default)s); a wrong one lists them all",
    )  # fmt: skip
    parser.add_argument("--markdown", action="store_true", help="print Markdown instead")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    rows = store.read(arguments.results, [arguments.run] if arguments.run else None)
    if arguments.markdown:
        print(render.markdown(rows, arguments.sort), end="")
    else:
        render.print_leaderboard(rows, console, arguments.sort)
    return 0
