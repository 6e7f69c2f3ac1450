"""`codecmark merge`: join the rows of shards, or of several machines, into one run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path

from rich.console import Console

from codecmark.commands import stored_rows
from codecmark.errors import InputError
from codecmark.leaderboard import render
from codecmark.results import axes, newest, same_clips, store
from codecmark.results.joining import History, Joined, join
from codecmark.review.in_force import judged_by_condition
from codecmark.run import corpora
from codecmark.system.counting import counted

HELP = "join the newest runs of shards or other results folders into one run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    stored_rows.add_folder(parser, purpose="where the joined rows go")
    parser.add_argument(
        "sources", type=Path, nargs="*", metavar="FROM",
        help=f"results folders (default: those below DIR/{store.SHARDS}/)",
    )  # fmt: skip
    parser.add_argument(
        "--replace", action="store_true",
        help="where DIR and FROM have two rows of one codec and clip, and neither run says which "
        "is newer, take that of FROM (default: that of DIR); a row that is ok gives way to none "
        "that failed",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; doing so again adds nothing."""
    results: Path = arguments.results
    sources = arguments.sources or sorted((results / store.SHARDS).glob("*/"))
    if not sources:
        raise InputError(f"merge: no folder below {results / store.SHARDS}; name some")
    run_id, joined = merge(results, sources, replacing=arguments.replace)
    rows = axes.chosen(store.read(results, [run_id]))
    judged = judged_by_condition(results, rows)
    stored_rows.show_run(results, rows, console)
    render.print_leaderboard(rows, console, judged=judged)
    page = render.write_markdown(rows, results)
    console.print(
        f"{counted(len(joined.added), 'row')} added to {results / store.ROWS / run_id}.jsonl, "
        f"page in {page}",
        markup=False,
    )
    if joined.left_out:
        console.print(
            f"{counted(joined.left_out, 'row')} left out: there is another row of the same codec "
            "and clip, and nothing says which is newer; --replace takes those of the folders "
            "instead",
            style="yellow", markup=False,
        )  # fmt: skip
    return 0


def merge(results: Path, sources: Sequence[Path], *, replacing: bool = False) -> tuple[str, Joined]:
    """Append what the newest runs of `sources` have and the joined run lacks.

    The joined run is named after the newest of them. Of two rows of which nothing says which is
    newer, that of the newer run is taken, see `results.joining`.

    Parameters
    ----------
    replacing : bool
        Whether rows of the sources take the place of those that the joined run has.

    Returns
    -------
    run_id : str
    joined : Joined

    Raises
    ------
    InputError
        If a source has no rows, or clips of one name are of two sounds; nothing is written then.
    """
    newest_of = {source: newest.newest(source) for source in sources}
    runs = sorted(newest_of.items(), key=itemgetter(1), reverse=True)
    histories = [History(store.rows_of(source, run_id)) for source, run_id in runs]
    for (source, _), history in zip(runs, histories, strict=True):
        if not history.current:
            raise InputError(f"results: {source / store.ROWS} holds no whole row")
    run_id = runs[0][1]
    with store.writing(results, run_id) as writer:
        there = History(store.rows_of(results, run_id))
        joined = join(run_id, there, histories, replacing=replacing)
        same_clips.require(store.latest([*there.current.values(), *joined.added]))
        writer.add(joined.added)
    for source, source_run in newest_of.items():
        corpora.inherit(results, run_id, source, source_run)
    return run_id, joined
