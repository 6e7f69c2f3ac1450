"""What commands on stored rows share: the choice of folder, run and axes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from codecmark.analysis.summary import Summarised
from codecmark.measure.impairments import naming
from codecmark.results import axes, newest, store
from codecmark.results.axes import Axes
from codecmark.results.row import ResultRow
from codecmark.review.requirements import Requirements
from codecmark.review.requirements_file import load
from codecmark.system.counting import counted
from codecmark.system.text import legible

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
    parser.add_argument(
        "--run", metavar="ID",
        help="a stored run (default: the newest that is not a part of an earlier one)",
    )  # fmt: skip


def add_requirements(parser: argparse.ArgumentParser) -> None:
    """Add the choice of what is asked of the codecs."""
    parser.add_argument(
        "--requirements", type=Path, metavar="FILE",
        help="TOML with requirements (default: those of the newest decision below DIR, or the "
        "ones that come with the package)",
    )  # fmt: skip


def requirements(arguments: argparse.Namespace) -> Requirements | None:
    """Return what `add_requirements` let the user ask for.

    Raises
    ------
    InputError
        If the file is not usable.
    """
    return None if arguments.requirements is None else load(arguments.requirements)


def add_axes(parser: argparse.ArgumentParser) -> None:
    """Add the choice of one combination of axes."""
    parser.add_argument(
        "--axes", default="", metavar="NAME=VALUE,...",
        help="only rows of clips that went through this beside the codec, e.g. loss_percent=5 "
        "(default: clips that went through nothing)",
    )  # fmt: skip


def chosen_axes(arguments: argparse.Namespace) -> Axes:
    """Return the chosen combination, completed; without `add_axes` that of untouched clips.

    Raises
    ------
    InputError
        If it names no axes.
    """
    return naming.of_rows(getattr(arguments, "axes", ""))


def run_of(arguments: argparse.Namespace) -> str:
    """Return the run that `add_folder` and `add_run` let the user name.

    Raises
    ------
    InputError
        If there is no run in the folder.
    """
    chosen: str | None = arguments.run
    return chosen or newest.newest(arguments.results)


def read(arguments: argparse.Namespace) -> list[ResultRow]:
    """Return the rows that `add_folder`, `add_run` and `add_axes` let the user name.

    Raises
    ------
    InputError, ResultSchemaError
        As `store.read`, and where no row is of the chosen axes.
    """
    rows = store.read(arguments.results, [run_of(arguments)])
    return axes.chosen(rows, chosen_axes(arguments))


def show_run(results: Path, rows: Sequence[ResultRow], console: Console) -> None:
    """Print which run these rows are of, and which newer runs are a part of it."""
    run_id = rows[0].run_id
    codecs = len({row.spec for row in rows})
    if isinstance(rows, Summarised):
        clips = max(summary.attempted for summary in rows.summaries)
    else:
        clips = len({row.clip for row in rows if row.clip})
    conditions = ", ".join(dict.fromkeys(row.condition for row in rows))
    console.print(
        legible(
            f"run {run_id}: {counted(codecs, 'codec')}, {counted(clips, 'clip')}, {conditions}, "
            f"on {rows[0].host}"
        ),
        markup=False, highlight=False,
    )  # fmt: skip
    for part in newest.parts(results, run_id):
        console.print(
            f"run {part} is newer and a part of it; --run {part} shows it",
            style="yellow", markup=False, highlight=False,
        )  # fmt: skip
