"""`codecmark run`: measure codecs over a corpus and store the rows."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from codecmark import catalog, condition, corpus, store
from codecmark.errors import InputError
from codecmark.leaderboard import render
from codecmark.result import ResultRow
from codecmark.runner import run as run_codecs

HELP = "measure codecs over a corpus and store the rows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--corpus", type=Path, metavar="PATH",
        help="folder, manifest or audio file (default: the bundled clips)",
    )  # fmt: skip
    parser.add_argument("--codecs", metavar="SPEC,...", help="specs or families, comma-separated")
    parser.add_argument("--all", action="store_true", help="every catalog entry")
    parser.add_argument(
        "--condition", default=condition.DEFAULT_CONDITION, choices=condition.CONDITIONS,
        help="what every codec is given (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--limit", type=int, metavar="N", help="at most N clips, over all classes")
    parser.add_argument(
        "--out", type=Path, default=Path("results"), metavar="DIR",
        help="where rows and leaderboard go (default: %(default)s)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if a codec failed."""
    specs = catalog.select(arguments.codecs, everything=arguments.all)
    chosen = condition.named(arguments.condition)
    entries = corpus.limited(corpus.load(arguments.corpus), arguments.limit, chosen.seed)
    clips, unused = condition.prepare(entries, chosen)
    for name, reason in unused.items():
        console.print(f"not used: {name}: {reason}", style="yellow", markup=False)
    try:
        store.prepare(arguments.out)
    except InputError as error:
        raise InputError(f"--out: {error}") from error
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeRemainingColumn(), console=console, transient=True,
    )  # fmt: skip
    rows: list[ResultRow] = []
    with progress:
        task = progress.add_task(specs[0], total=len(specs))
        for index, done in enumerate(run_codecs(specs, clips, chosen, arguments.out), start=1):
            rows += done.rows
            following = specs[index] if index < len(specs) else "done"
            progress.update(task, advance=1, description=following)
    render.print_leaderboard(rows, console)
    page = render.write_markdown(rows, arguments.out)
    console.print(
        f"{_outcome(rows)}; rows in {arguments.out / store.ROWS}, page in {page}", markup=False
    )
    return 1 if any(row.status == "failed" for row in rows) else 0


def _outcome(rows: Sequence[ResultRow]) -> str:
    """Count rows by status; a codec that is not available has one."""
    count = Counter(row.status for row in rows)
    codecs = "codec" if count["unavailable"] == 1 else "codecs"
    return (
        f"{count['ok']} rows ok, {count['failed']} failed, "
        f"{count['unavailable']} {codecs} unavailable"
    )
