"""`codecmark leaderboard`: print and write the tables of stored rows."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from codecmark.analysis import summary_sql
from codecmark.analysis.summary import SummedOnce
from codecmark.commands import stored_rows
from codecmark.leaderboard import render
from codecmark.leaderboard.board import Board
from codecmark.leaderboard.sections import DEFAULT_SORT
from codecmark.report import picture
from codecmark.results import newest, store
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition

_CURVES = (
    "opus@vbr", "opus@vbr-60ms", "opus", "lc3", "mp3", "aac", "vorbis", "lyra", "codec2",
    "mel:16k-64+wave+shaped", "mel:16k-64+wave+anchored",
    "mel:16k-64/griffinlim-64", "mel:16k-64/harmonic",
    "mel:22k-80/hifigan-22k", "mel:22k-80/hifigan-22k+consistent-6", "audioldm2:compact/joint",
)  # fmt: skip
HELP = "print the tables of stored rows; of the newest run write leaderboard.md too"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    stored_rows.add_folder(parser)
    stored_rows.add_run(parser)
    stored_rows.add_requirements(parser)
    stored_rows.add_axes(parser)
    parser.add_argument(
        "--sort", default=DEFAULT_SORT, metavar="COLUMN",
        help="column key to sort by, or its end, e.g. pesq_wb (default: %(default)s); "
        "a wrong one lists them all",
    )  # fmt: skip
    parser.add_argument("--markdown", action="store_true", help="only print Markdown")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE",
        help="only draw quality over bitrate, on speech, as .svg or .png",
    )  # fmt: skip
    parser.add_argument(
        "--curves", default=",".join(_CURVES), metavar="NAME,...",
        help="what the picture shows: specs without their settings (default: %(default)s)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    rows: Sequence[ResultRow]
    run_id = arguments.run = stored_rows.run_of(arguments)
    compacted = store.compacted(arguments.results, run_id)
    axes = stored_rows.chosen_axes(arguments)
    if compacted is None:
        with _uncollected():
            rows = SummedOnce(stored_rows.read(arguments))
    else:
        rows = summary_sql.read(compacted, axes)
    if arguments.picture is not None:
        absent = picture.draw(rows, arguments.picture, arguments.curves.split(","))
        console.print(f"picture in {arguments.picture}", markup=False)
        if absent:
            console.print(
                f"no figures on speech: {', '.join(absent)}", style="yellow", markup=False
            )
        return 0
    given = stored_rows.requirements(arguments)
    judged = judged_by_condition(arguments.results, rows, given)
    if arguments.markdown:
        print(render.markdown(rows, arguments.sort, judged), end="")
        return 0
    stored_rows.show_run(arguments.results, rows, console)
    board = Board(rows, judged)
    render.print_leaderboard(rows, console, arguments.sort, judged, board)
    # the page is that of the run that none needs to name, in the default order
    if not axes and given is None and run_id == newest.newest(arguments.results):
        page = render.write_markdown(rows, arguments.results, judged, board)
        console.print(f"page in {page}", markup=False)
    return 0


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector from what is made here: rows have no cycles, and there are many."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
