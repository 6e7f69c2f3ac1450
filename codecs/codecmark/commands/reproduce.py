"""`codecmark reproduce`: try some rows of a run again, against their digests."""

from __future__ import annotations

import argparse
import secrets
from collections import Counter
from pathlib import Path

from rich.console import Console

from codecmark import corpus
from codecmark.commands import stored_rows
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.run import corpora, reproduction
from codecmark.system.counting import counted

HELP = "code some clips of a stored run again and compare streams, output and figures with its rows"

_IMPOSTOR = (
    "codecmark's own clip of this name is another; if the run's is meant, name its folder with "
    "--corpus"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    stored_rows.add_folder(parser)
    stored_rows.add_run(parser)
    parser.add_argument(
        "--rows", type=int, default=10, metavar="N", help="how many to try (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", metavar="TEXT", help="try the same rows again (default: others each time)"
    )
    parser.add_argument(
        "--corpus", type=Path, metavar="PATH",
        help="where the run's clips are (default: where it took them from)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if a row differs, or none could be tried."""
    rows = store.read(arguments.results, [stored_rows.run_of(arguments)])
    stored_rows.show_run(arguments.results, rows, console)
    seed = arguments.seed or secrets.token_hex(4)
    chosen = reproduction.choose(rows, arguments.rows, seed)
    impostors: frozenset[str] = frozenset()
    if arguments.corpus is None:
        clips = corpora.load(arguments.results, rows[0].run_id)
        if folder := corpora.folder_of(arguments.results, rows[0].run_id):
            console.print(
                f"clips from {folder}, as the run says: nothing but the run vouches for them",
                markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
            impostors = corpora.impostors(clips)
    else:
        clips = corpus.load(arguments.corpus)
    setup = Setup.from_environment()
    count = Counter[str]()
    for row in chosen:
        if row.clip in impostors:
            tried = reproduction.Reproduction(row, "untried", _IMPOSTOR)
        else:
            tried = reproduction.reproduce(row, clips, setup)
        count[tried.verdict] += 1
        what = f": {tried.what}" if tried.what else ""
        console.print(
            f"{row.spec} on {row.clip}, {row.condition}: {tried.verdict}{what}",
            markup=False, highlight=False,
        )  # fmt: skip
    untriable = reproduction.untriable(rows)
    if untriable:
        console.print(
            f"{counted(untriable.total(), 'row')} of {len(rows)} cannot be tried: "
            f"{reproduction.written(untriable)}",
            markup=False, highlight=False,
        )  # fmt: skip
    console.print(
        f"{count['reproduced']} of {counted(len(chosen), 'row')} reproduced, {count['differs']} "
        f"differ, {count['untried']} untried; --seed {seed} tries the same",
        markup=False, highlight=False,
    )  # fmt: skip
    return 0 if count["reproduced"] and not count["differs"] else 1
