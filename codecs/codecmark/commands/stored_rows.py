"""What commands share that work on stored rows: the folder they are in, and the run."""

from __future__ import annotations

import argparse
from pathlib import Path

from codecmark.results import store
from codecmark.results.row import ResultRow

RESULTS = Path("codecmark-results")  # in the current folder


def add_folder(
    parser: argparse.ArgumentParser, name: str = "results", purpose: str = "where the rows are"
) -> None:
    """Add the results folder: an argument that may be left out, or an option such as `--out`."""
    parser.add_argument(
        name,
        type=Path,
        nargs=None if name.startswith("-") else "?",
        default=RESULTS,
        metavar="DIR",
        help=f"{purpose} (default: %(default)s)",
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the choice of a stored run."""
    parser.add_argument("--run", metavar="ID", help="a stored run (default: the newest)")


def read(arguments: argparse.Namespace) -> list[ResultRow]:
    """Return the rows that `add_folder` and `add_run` let the user name; raises as `store.read`."""
    return store.read(arguments.results, [arguments.run] if arguments.run else None)
