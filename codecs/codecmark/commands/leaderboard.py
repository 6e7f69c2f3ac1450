"""`codecmark leaderboard`: print and write the tables of stored rows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console

from codecmark.analysis import summary_sql
from codecmark.commands import stored_rows
from codecmark.leaderboard import render
from codecmark.leaderboard.sections import DEFAULT_SORT
from codecmark.results import store
from codecmark.results.row import ResultRow

HELP = "print the tables of stored rows; of the newest run write leaderboard.md too"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    stored_rows.add_folder(parser)
    stored_rows.add_run(parser)
    parser.add_argument(
        "--sort", default=DEFAULT_SORT, metavar="COLUMN",
        help="column key to sort by, or its end, e.g. pesq_wb (default: %(default)s); "
        "a wrong one lists them all",
    )  # fmt: skip
    parser.add_argument("--markdown", action="store_true", help="only print Markdown")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    rows: Sequence[ResultRow]
    compacted = store.compacted(arguments.results, arguments.run)
    rows = stored_rows.read(arguments) if compacted is None else summary_sql.read(compacted)
    if arguments.markdown:
        print(render.markdown(rows, arguments.sort), end="")
        return 0
    render.print_leaderboard(rows, console, arguments.sort)
    # the page is that of the newest run, in the default order, whatever is looked at here
    if arguments.run in (None, store.run_ids(arguments.results)[-1]):
        page = render.write_markdown(rows, arguments.results)
        console.print(f"page in {page}", markup=False)
    return 0
