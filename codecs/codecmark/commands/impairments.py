"""`codecmark impairments`: what networks and studios do to codecs, rows and page."""

from __future__ import annotations

import argparse
import os
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from codecmark import corpus
from codecmark.commands import stored_rows
from codecmark.commands.progress import RunProgress
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.run.durations import Remaining
from codecmark.run.engines.pool import Pool
from codecmark.run.runner import run as run_plan
from codecmark.system import whole_files
from codecmark.system.counting import counted

HELP = "lost packets, wrong bits, several passes, noise and clipping: rows and a page"
ROWS = "impairments"  # folder of the rows, beside the page
_ROW_S = 6.0  # what a row takes on one core, where no row says


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--corpus", type=Path, metavar="PATH", help="clips (default: the bundled)")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="one clip of speech of each of N sources at most"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: the cores)")
    parser.add_argument("--dry-run", action="store_true", help="only say how long it will take")
    parser.add_argument(
        "--page", action="store_true", help="only write the page of the rows that are there"
    )
    stored_rows.add_folder(parser, "--out", f"where impairments.md and the rows, in {ROWS}/, go")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; rows that are there already are not measured again."""
    from codecmark.studies import impairments, impairments_page

    folder = arguments.out / ROWS
    failed = 0
    if not arguments.page:
        clips = impairments.speech(corpus.load(arguments.corpus), arguments.limit)
        plans = impairments.plans(clips, folder, Setup.from_environment())
        for line in dict.fromkeys(plan.anew for plan in plans if plan.anew):
            console.print(line, style="yellow", markup=False)
        workers = arguments.workers or os.cpu_count() or 1
        remaining = Remaining(plans, workers)
        remaining.learn(plans[0].stored)
        total = sum(plan.count for plan in plans)
        seconds = remaining.seconds() or (total * _ROW_S / workers)
        about = timedelta(seconds=round(seconds))
        console.print(f"{counted(total, 'row')} to make, about {about}", markup=False)
        if arguments.dry_run:
            return 0
        store.prepare(folder)
        with RunProgress(total, remaining, console) as progress:
            for plan in plans:
                left = {spec: len(missing) for spec, missing in plan.missing.items()}
                for outcome in run_plan(plan, Pool(workers), folder, progress.show):
                    spec = outcome.item.spec
                    through = left[spec] if outcome.settled else len(outcome.item.clips)
                    left[spec] -= through
                    progress.advance(outcome, through)
                    failed += sum(row.status == "failed" for row in outcome.rows)
    page = arguments.out / "impairments.md"
    text = impairments_page.markdown(store.read(folder))
    whole_files.write_inside(arguments.out, page.name, text)
    console.print(f"page in {page}; {counted(failed, 'row')} failed", markup=False)
    return 1 if failed else 0
