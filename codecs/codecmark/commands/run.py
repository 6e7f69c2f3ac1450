"""`codecmark run`: make the rows that a run lacks."""

from __future__ import annotations

import argparse
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from codecmark import catalog, corpus
from codecmark.catalog import checking
from codecmark.commands import stored_rows
from codecmark.corpus import condition
from codecmark.corpus.entry import CLASSES, UNKNOWN_CLASS
from codecmark.errors import InputError
from codecmark.leaderboard import render
from codecmark.metrics.table import ON_REQUEST
from codecmark.networks.setup import Setup
from codecmark.results import axes, store
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition
from codecmark.run import clip_classes, plan, unused_clips
from codecmark.run.engines import Engine
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.engines.pool import Pool
from codecmark.run.plan import Plan
from codecmark.run.runner import run as run_plan
from codecmark.system.counting import counted
from codecmark.system.execution import (
    BACKENDS,
    DEVICES,
    DTYPES,
    EAGER,
    NETWORKS_ON_BACKENDS,
    Execution,
)

HELP = "measure codecs over a corpus and store the rows; rows that are there are not made again"
_ITEM_LIMIT_S = 900.0
_SHARD = re.compile(r"(\d+)/(\d+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--corpus", type=Path, metavar="PATH",
        help="folder, manifest or audio file (default: the bundled clips)",
    )  # fmt: skip
    add_class_argument(parser.add_argument)
    parser.add_argument("--codecs", metavar="SPEC,...", help="specs or families, comma-separated")
    parser.add_argument("--all", action="store_true", help="every catalog entry")
    parser.add_argument(
        "--condition", default=condition.DEFAULT_CONDITION, choices=condition.CONDITIONS,
        help="what every codec is given (default: %(default)s)",
    )  # fmt: skip
    add_predictors_argument(parser.add_argument)
    parser.add_argument("--limit", type=int, metavar="N", help="at most N clips, over all classes")
    stored_rows.add_folder(parser, "--out", "where rows and leaderboard go")
    what = parser.add_argument_group("what to do")
    what.add_argument("--dry-run", action="store_true", help="only show what is missing")
    what.add_argument(
        "--new", action="store_true", help="start a new run: measure everything afresh"
    )
    what.add_argument(
        "--retry-failed", action="store_true",
        help="try again what failed, was unavailable or lacked its weights",
    )  # fmt: skip
    what.add_argument(
        "--no-timing", action="store_true", help="quality and size only, on all cores"
    )
    how = parser.add_argument_group("how to do it")
    how.add_argument(
        "--engine", choices=("pool", "in-process", "ray"), default="pool",
        help="worker processes, this one, or a Ray cluster (default: %(default)s)",
    )  # fmt: skip
    how.add_argument(
        "--workers", type=int, metavar="N",
        help="processes (default: one for each core); timing has one of its own, which then works "
        "alone",
    )  # fmt: skip
    how.add_argument(
        "--gpus", type=float, default=0.0, metavar="N",
        help="of a GPU for each worker on Ray, e.g. 0.5 (default: %(default)g)",
    )  # fmt: skip
    how.add_argument(
        "--time-limit", type=float, metavar="SECONDS", default=_ITEM_LIMIT_S,
        help="for each clip, and for loading its codec (default: %(default)g)",
    )  # fmt: skip
    add_execution_arguments(how.add_argument)
    how.add_argument(
        "--shard", metavar="K/N",
        help="only the K-th of N parts, into DIR/shards/; `codecmark merge` joins them",
    )  # fmt: skip


def add_class_argument(add: Callable[..., Any]) -> None:
    """Add what unlabelled clips are; `add` is that of a parser or a pytest group."""
    add(
        "--class", dest="clip_class", choices=CLASSES, default=UNKNOWN_CLASS,
        help="what the clips are whose folder or manifest does not say: speech has metrics of "
        "its own (default: %(default)s)",
    )  # fmt: skip


def add_predictors_argument(add: Callable[..., Any]) -> None:
    """Add which further predictors judge; `add` is that of a parser or a pytest group."""
    names = ", ".join(metric.field for metric in ON_REQUEST)
    add(
        "--predictors", metavar="NAME,...",
        help=f"predictors beside those of every run, for speech: {names}",
    )  # fmt: skip


def add_execution_arguments(add: Callable[..., Any]) -> None:
    """Add what says how networks run; `add` is that of a parser or a pytest group."""
    add(
        "--backend", choices=BACKENDS, default=EAGER.backend,
        help=f"what runs {NETWORKS_ON_BACKENDS} (default: %(default)s)",
    )  # fmt: skip
    add(
        "--dtype", choices=DTYPES, default=EAGER.dtype,
        help="what their layers multiply in (default: %(default)s)",
    )  # fmt: skip
    add("--device", choices=DEVICES, help="for every network (default: a GPU if there is one)")
    add("--threads", type=int, metavar="N", help="for every codec (default: the condition's, 1)")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if a codec failed."""
    workers = (os.cpu_count() or 1) if arguments.workers is None else arguments.workers
    if workers < 1:
        raise InputError(f"--workers: must be at least 1, got {workers}")
    specs = catalog.with_execution(
        checking.selected(arguments.codecs, everything=arguments.all),
        Execution(arguments.backend, arguments.dtype, arguments.device),
    )
    chosen = condition.named(arguments.condition)
    if arguments.threads is not None:
        chosen = condition.with_threads(chosen, arguments.threads)
    chosen = condition.with_predictors(chosen, arguments.predictors)
    entries = corpus.load(arguments.corpus, arguments.clip_class)
    entries = corpus.limited(entries, arguments.limit, chosen.seed)
    clips, unused = plan.survey(entries, chosen)
    for line in unused_clips.lines(unused):
        console.print(line, style="yellow", markup=False)
    if notice := clip_classes.notice([clip.entry for clip in clips]):
        console.print(notice, style="yellow", markup=False)
    out = arguments.out
    if arguments.shard:
        part, of = _shard(arguments.shard)
        out = out / store.SHARDS / f"{part}-of-{of}"
        clips = clips[part - 1 :: of]
        if not clips:
            raise InputError(f"--shard: {arguments.shard} has no clip left; use fewer parts")
    found = plan.make(
        specs, clips, chosen, out, Setup.from_environment(),
        timed=not arguments.no_timing, retry=arguments.retry_failed, fresh=arguments.new,
    )  # fmt: skip
    if arguments.dry_run:
        _show(found, out, workers, console)
        return 0
    if not found.missing:
        console.print(
            f"nothing to do: run {found.run_id} has all its rows; `codecmark leaderboard {out}` "
            "shows them, --new measures afresh",
            markup=False,
        )
        return 0
    try:
        store.prepare(out)
    except InputError as error:
        raise InputError(f"--out: {error}") from error
    made = _work(found, out, workers, arguments, console)
    rows = axes.chosen(store.latest([*found.stored, *made]))
    render.print_leaderboard(rows, console, judged=judged_by_condition(out, rows))
    page = render.write_markdown(rows, out)
    console.print(
        f"{_outcome(made)}; rows in {out / store.ROWS / found.run_id}.jsonl, page in {page}",
        markup=False,
    )
    return 1 if any(row.status == "failed" for row in made) else 0


def _work(
    found: Plan, out: Path, workers: int, arguments: argparse.Namespace, console: Console
) -> list[ResultRow]:
    engine = _engine(arguments, workers)
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeRemainingColumn(), console=console, transient=True,
    )  # fmt: skip
    rows: list[ResultRow] = []
    left = {spec: len(clips) for spec, clips in found.missing.items()}
    with progress:
        task = progress.add_task(next(iter(left)), total=found.count)
        for outcome in run_plan(found, engine, out):
            rows += outcome.rows
            spec = outcome.item.spec
            through = left[spec] if outcome.settled else len(outcome.item.clips)
            left[spec] -= through
            progress.update(task, advance=through, description=spec)
    return rows


def _engine(arguments: argparse.Namespace, workers: int) -> Engine:
    timed = not arguments.no_timing
    if arguments.engine == "ray":
        if timed:
            raise InputError("--engine: ray times nothing, since others work beside it; add "
                             "--no-timing")  # fmt: skip
        from codecmark.run.engines.ray_cluster import RayCluster

        return RayCluster(arguments.workers, gpus=arguments.gpus, limit_s=arguments.time_limit)
    if arguments.engine == "in-process":
        return InProcess(scorers=workers)
    if timed:  # one process times, and nothing else works meanwhile
        return Pool(1, scorers=workers, limit_s=arguments.time_limit)
    return Pool(workers, limit_s=arguments.time_limit)


def _shard(text: str) -> tuple[int, int]:
    match = _SHARD.fullmatch(text)
    part, of = map(int, match.groups()) if match else (0, 0)
    if not 1 <= part <= of:
        raise InputError(f"--shard: {text!r} is not K/N with K from 1 to N, e.g. 2/4")
    return part, of


def _show(found: Plan, out: Path, workers: int, console: Console) -> None:
    """Print the plan and how long it will take."""
    for spec, clips in found.missing.items():
        console.print(f"{spec}: {counted(len(clips), 'clip')}", markup=False, highlight=False)
    earlier = store.read(out, store.run_ids(out)) if store.run_ids(out) else []
    seconds, unknown = found.estimated_s(earlier, 1 if found.timed else workers)
    console.print(
        f"{counted(found.count, 'row')} of {counted(len(found.missing), 'codec')} "
        f"{'is' if found.count == 1 else 'are'} missing in run {found.run_id}",
        markup=False,
    )
    if found.count and len(unknown) < len(found.missing):
        console.print(
            f"about {timedelta(seconds=round(seconds))} by earlier rows, loading not counted"
        )
    if unknown:
        console.print(f"no earlier row to estimate from: {', '.join(unknown)}", markup=False)


def _outcome(rows: Sequence[ResultRow]) -> str:
    """Count rows by status; a codec that is not available has one."""
    count = Counter(row.status for row in rows)
    return (
        f"{counted(count['ok'], 'row')} ok, {count['failed']} failed, "
        f"{counted(count['unavailable'], 'codec')} unavailable"
    )
