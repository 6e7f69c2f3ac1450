"""`codecmark run`: make the rows that a run lacks."""

from __future__ import annotations

import argparse
import os
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from codecmark import catalog, corpus
from codecmark.catalog import checking, plugin_questions
from codecmark.commands.progress import RunProgress
from codecmark.commands.run_options import add_arguments
from codecmark.corpus import condition
from codecmark.corpus.condition import Condition
from codecmark.errors import CodecmarkError, InputError
from codecmark.leaderboard import render
from codecmark.measure.impairments.treatment import Treatment
from codecmark.networks.setup import Setup
from codecmark.results import axes, newest, store
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition
from codecmark.run import clip_classes, corpora, plan, unused_clips
from codecmark.run.durations import Remaining
from codecmark.run.engines import Engine
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.engines.pool import Pool
from codecmark.run.plan import Plan
from codecmark.run.planned_clip import PlannedClip
from codecmark.run.runner import run as run_plan
from codecmark.system import whole_files
from codecmark.system.counting import counted
from codecmark.system.execution import Execution

__all__ = ["HELP", "add_arguments", "run"]
HELP = "measure codecs over a corpus and store the rows; rows that are there are not made again"
_RUNS_READ = 8  # for how long codecs take
_SHARD = re.compile(r"(\d+)/(\d+)")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if a codec failed."""
    workers = (os.cpu_count() or 1) if arguments.workers is None else arguments.workers
    if workers < 1:
        raise InputError(f"--workers: must be at least 1, got {workers}")
    setup = Setup.from_environment()
    specs = catalog.with_execution(
        checking.selected(
            arguments.codecs,
            setup,
            everything=arguments.all,
            limit_s=min(arguments.time_limit, plugin_questions.LIMIT_S),
        ),
        Execution(arguments.backend, arguments.dtype, arguments.device),
    )
    for reason in catalog.refused_plugins():
        console.print(f"left out: {reason}", style="yellow", markup=False)
    out: Path = arguments.out
    if arguments.shard:
        part, of = _shard(arguments.shard)
        shards = out / store.SHARDS
        out = shards / f"{part}-of-{of}"
        for folder in (shards, out):
            whole_files.refuse_link(folder)
    treatments = [Treatment.of(axes.parse(text)) for text in arguments.axes or ["none"]]
    if any(treatments) and not arguments.no_timing:
        arguments.no_timing = True
        console.print("clips go through more than the codec, so nothing is timed", style="yellow")
    plans = _plans(specs, _conditions(arguments), treatments, out, setup, arguments, console)
    for line in dict.fromkeys(planned.anew for planned in plans if planned.anew):
        console.print(line, style="yellow", markup=False)
    if arguments.dry_run:
        _show(plans, out, workers, console)
        return 0
    missing = [planned for planned in plans if planned.missing]
    if not missing:
        run_ids = ", ".join(dict.fromkeys(planned.run_id for planned in plans))
        console.print(
            f"nothing to do: run {run_ids} has all its rows; `codecmark leaderboard {out}` "
            "shows them, --new measures afresh",
            markup=False,
        )
        return 0
    try:
        store.prepare(out)
    except InputError as error:
        raise InputError(f"--out: {error}") from error
    new_rows = _work(missing, out, workers, arguments, console)
    for run_id in dict.fromkeys(planned.run_id for planned in missing):
        stored = max((planned.stored for planned in plans if planned.run_id == run_id), key=len)
        rows = [*stored, *(row for row in new_rows if row.run_id == run_id)]
        _show_results(run_id, rows, treatments, out, console)
    console.print(_outcome(new_rows), markup=False)
    return 1 if any(row.status == "failed" for row in new_rows) else 0


def _conditions(arguments: argparse.Namespace) -> list[Condition]:
    chosen = []
    for name in dict.fromkeys(part.strip() for part in arguments.condition.split(",")):
        named = condition.named(name)
        if arguments.threads is not None:
            named = condition.with_threads(named, arguments.threads)
        chosen.append(condition.with_predictors(named, arguments.predictors))
    return chosen


def _plans(
    specs: Sequence[str],
    conditions: Sequence[Condition],
    treatments: Sequence[Treatment],
    out: Path,
    setup: Setup,
    arguments: argparse.Namespace,
    console: Console,
) -> list[Plan]:
    """Return a plan for each condition and treatment; those without a run yet share one."""
    entries = corpus.load(arguments.corpus, arguments.clip_class)
    plans: list[Plan] = []
    for chosen in conditions:
        clips = _clips(entries, chosen, arguments, console)
        for treatment in treatments:
            plans.append(
                plan.make(
                    specs, clips, chosen, out, setup,
                    timed=not arguments.no_timing, retry=arguments.retry_failed,
                    fresh=arguments.new, beside=plans[-1].run_id if plans else None,
                    treatment=treatment,
                )
            )  # fmt: skip
    return plans


def _clips(
    entries: Sequence[corpus.CorpusClip],
    chosen: Condition,
    arguments: argparse.Namespace,
    console: Console,
) -> list[PlannedClip]:
    """Return the clips that a condition admits, or a shard's share of them; print what is not."""
    clips, unused = plan.survey(entries, chosen, arguments.limit)
    for line in unused_clips.lines(unused):
        console.print(line, style="yellow", markup=False)
    if notice := clip_classes.notice([clip.entry for clip in clips]):
        console.print(notice, style="yellow", markup=False)
    if arguments.shard:
        part, of = _shard(arguments.shard)
        clips = clips[part - 1 :: of]
        if not clips:
            raise InputError(f"--shard: {arguments.shard} has no clip left; use fewer parts")
    return clips


def _work(
    plans: Sequence[Plan],
    out: Path,
    workers: int,
    arguments: argparse.Namespace,
    console: Console,
) -> list[ResultRow]:
    """Make the missing rows, one condition after the other."""
    remaining = _remaining(plans, out, workers)
    total = sum(planned.count for planned in plans)
    rows: list[ResultRow] = []
    with RunProgress(total, remaining, console) as progress:
        for planned in plans:
            if not planned.is_of_fewer_clips:
                corpora.remember(out, planned.run_id, arguments.corpus, arguments.clip_class)
            left = {spec: len(clips) for spec, clips in planned.missing.items()}
            engine = _engine(arguments, workers)
            for outcome in run_plan(planned, engine, out, progress.show):
                rows += outcome.rows
                spec = outcome.item.spec
                done = left[spec] if outcome.settled else len(outcome.item.clips)
                left[spec] -= done
                progress.advance(outcome, done)
    return rows


def _remaining(plans: Sequence[Plan], out: Path, workers: int) -> Remaining:
    """Return how long the plans will take, by the rows of the last few runs."""
    remaining = Remaining(plans, 1 if plans[0].timed else workers)
    for planned in plans:
        remaining.learn(planned.stored)
    for run_id in store.run_ids(out)[: -_RUNS_READ - 1 : -1]:
        if remaining.unknown:
            with suppress(CodecmarkError):  # damaged, or of another version
                remaining.learn(store.rows_of(out, run_id))
    return remaining


def _show_results(
    run_id: str,
    stored: Sequence[ResultRow],
    treatments: Sequence[Treatment],
    out: Path,
    console: Console,
) -> None:
    """Print a run's tables; write its page unless an earlier run has all its rows and more.

    The page is of untouched clips.
    """
    latest = store.latest(stored)
    rows: list[ResultRow] = []
    for treatment in sorted(treatments, key=bool, reverse=True):
        rows = axes.chosen(latest, treatment.axes)
        render.print_leaderboard(rows, console, judged=judged_by_condition(out, rows))
    console.print(f"rows in {out / store.ROWS / run_id}.jsonl", markup=False)
    if all(treatments):
        return
    shown = newest.newest(out)
    if shown == run_id:
        console.print(f"page in {render.write_markdown(rows, out)}", markup=False)
    else:
        why = "has all these clips and more rows" if shown < run_id else "is newer"
        console.print(
            f"no page: run {shown} in {out} {why}; `codecmark leaderboard {out} --run {run_id}` "
            "shows this one",
            markup=False,
        )


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


def _show(plans: Sequence[Plan], out: Path, workers: int, console: Console) -> None:
    """Print what is missing and how long it will take."""
    for planned in plans:
        under = f" under {planned.condition.name}" if len(plans) > 1 else ""
        if planned.treatment:
            under += f" with {planned.treatment}"
        for spec, clips in planned.missing.items():
            clip_count = counted(len(clips), "clip")
            console.print(f"{spec}: {clip_count}{under}", markup=False, highlight=False)
        console.print(
            f"{counted(planned.count, 'row')} of {counted(len(planned.missing), 'codec')} "
            f"{'is' if planned.count == 1 else 'are'} missing in {_named(planned)}{under}",
            markup=False,
        )
    remaining = _remaining(plans, out, workers)
    seconds = remaining.seconds()
    if seconds is not None:
        console.print(
            f"about {timedelta(seconds=round(seconds))} by earlier rows, loading not counted"
        )
    if remaining.unknown:
        console.print(
            f"no earlier row to estimate from: {', '.join(remaining.unknown)}", markup=False
        )


def _named(planned: Plan) -> str:
    return f"run {planned.run_id}" if planned.stored else "a new run"


def _outcome(rows: Sequence[ResultRow]) -> str:
    """Count rows by status; an unavailable codec has one row."""
    count = Counter(row.status for row in rows)
    return (
        f"{counted(count['ok'], 'row')} ok, {count['failed']} failed, "
        f"{counted(count['unavailable'], 'codec')} unavailable"
    )
