"""What commands share that work on stored rows: the folder they are in, and the run."""

from __future__ import annotations

import argparse
from pathlib import Path

from codecmark.results import axes, store
from codecmark.results.axes import Axes
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


def add_axes(parser: argparse.ArgumentParser) -> None:
    """Add the choice of one combination of axes."""
    parser.add_argument(
        "--axes", default="", metavar="NAME=VALUE,...",
        help="only rows of clips that went through this beside the codec, e.g. loss_percent=5 "
        "(default: clips that went through nothing)",
    )  # fmt: skip


def chosen_axes(arguments: argparse.Namespace) -> Axes:
    """Return the combination that was chosen; without `add_axes` that of untouched clips.

    Raises
    ------
    InputError
        If it names no axes.
    """
    return axes.parse(getattr(arguments, "axes", ""))


def read(arguments: argparse.Namespace) -> list[ResultRow]:
    """Return the rows that `add_folder`, `add_run` and `add_axes` let the user name.

    Raises
    ------
    InputError, ResultSchemaError
        As `store.read`, and where no row is of the chosen axes.
    """
    rows = store.read(arguments.results, [arguments.run] if arguments.run else None)
    return axes.chosen(rows, chosen_axes(arguments))
