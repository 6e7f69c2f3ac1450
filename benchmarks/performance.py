"""What a run costs beside its codecs and metrics: writes `results/performance.md`.

    python benchmarks/performance.py [--only rerun,million] [--minutes 5] [--pairs 2]

Each figure is taken in interleaved pairs within this one process tree. Wall time is what a user
waits; on a machine that others use too, look at the processor seconds.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from codecmark import catalog, corpus
from codecmark.clip import Samples
from codecmark.codec import Codec
from codecmark.corpus import condition
from codecmark.measure import scoring
from codecmark.metrics import alignment, visqol_model
from codecmark.metrics.score import functions_for, visqol_mode
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.run import plan
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.engines.pool import Pool
from codecmark.run.runner import run
from codecmark.system import host, markdown, threads

CONDITION = condition.named("16k-mono")
CODECS = ("opus@24k", "mp3@32k", "vorbis@q3", "aac@32k", "lc3@24k", "flac")
ROW_S = 0.28  # about what a row of these takes, for choosing how many
MILLION = 1_000_000


def main() -> None:
    """Measure and write the page, or some of its sections."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default=",".join(_SECTIONS), help="some of %(default)s")
    parser.add_argument("--minutes", type=float, default=5.0, help="of each quality run")
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results"))
    arguments = parser.parse_args()
    if unknown := sorted({*arguments.only.split(",")} - _SECTIONS.keys()):
        parser.error(f"--only: no section {unknown[0]!r}; choose from {', '.join(_SECTIONS)}")
    threads.limit(1)
    head = (
        f"# What a run costs beside its codecs and metrics\n\n{host.host()}. Other work on "
        "the machine makes wall times longer, and pairs of them noisy: each section states the "
        "load average when it began, and on a free machine that is below 0.5. Written by "
        "`benchmarks/performance.py`.\n"
    )
    rows = max(len(CODECS), round(60 * arguments.minutes / ROW_S))
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only.split(","):
            load = f"Load average {os.getloadavg()[0]:.1f} before."
            heading, *lines = _SECTIONS[name](Work(Path(folder), rows, arguments.pairs))
            made[heading.removeprefix("## ")] = "\n".join(["", load, *lines])
    page = arguments.out / "performance.md"
    # what others wrote below it stays
    theirs = page.read_text().partition("\n## ")[1:] if page.is_file() else ()
    page.write_text(markdown.with_sections(head + "".join(theirs), made))


@dataclass(frozen=True)
class Work:
    """Where to work, and how much: rows of each quality run, pairs of them."""

    scratch: Path
    rows: int
    pairs: int


def _metrics(_: Work) -> list[str]:
    """Processor time of each metric, its libraries warm, on the bundled clips."""
    clips, _unused = condition.prepare(corpus.load(), CONDITION)
    codec = catalog.create("opus@24k")
    pairs = [(clip, codec.decode(codec.encode(clip.audio)).samples) for clip in clips]
    spent: dict[str, list[float]] = defaultdict(list)
    audio_s: dict[str, float] = defaultdict(float)
    rate = CONDITION.sample_rate_hz

    def take(name: str, seconds: float, call: Callable[[], Any]) -> None:
        start = process_time()
        call()
        spent[name].append(process_time() - start)
        audio_s[name] += seconds

    def score(clip: condition.PreparedClip, decoded: Samples) -> None:
        ours, length = clip.audio.samples, clip.audio.duration_s
        functions = functions_for(clip.clip_class)
        mode, visqol = visqol_mode(clip.clip_class), functions.pop(VISQOL_FIELD)
        take("alignment", length, partial(alignment.find_lag, ours, decoded))
        for name, function in functions.items():
            take(TABLE[name].label, length, partial(function, ours, decoded, rate))
        spectrograms = visqol_model.model(mode)._manager.spect_builder
        spectrograms.forget()
        take(f"ViSQOL {mode}, a clip's first", length, partial(visqol, ours, decoded, rate))
        spectrograms.forget()
        visqol(ours, decoded * np.float32(0.99), rate)  # another codec's output
        take(f"ViSQOL {mode}", length, partial(visqol, ours, decoded, rate))

    for _turn in range(2):  # the first loads and compiles
        spent.clear()
        audio_s.clear()
        for clip, decoded in pairs:
            score(clip, decoded)
    lines = ["## Metrics", "", "| metric | processor s a second of audio |", "| --- | ---: |"]
    ordered = sorted(spent, key=lambda name: -sum(spent[name]) / audio_s[name])
    lines += [f"| {name} | {sum(spent[name]) / audio_s[name]:.5f} |" for name in ordered]
    lines += [
        "",
        "One codec after the other meets the same clips: ViSQOL's spectrograms of the reference "
        "are kept, to the same score. The rest is spent inside the metric "
        "libraries.",
    ]
    return lines


def _rerun(work: Work) -> list[str]:
    """`codecmark run` of the default set, quality only, and the same command again."""
    command = [
        sys.executable, "-m", "codecmark", "run", "--no-timing", "--workers", "2",
        "--out", str(work.scratch / "rerun"),
    ]  # fmt: skip
    times = [_timed(command) for _ in range(4)]
    wall, spent = zip(*times, strict=True)
    count = len(list(catalog.all_specs(default_only=True)))
    usual = statistics.median(wall[1:])
    return [
        "## A run and the same command again",
        "",
        f"The default set, {count} settings and 23 clips, quality only, 2 workers: {wall[0]:.1f} s "
        f"({spent[0]:.1f} processor s); again, nothing missing: {usual:.1f} s "
        f"(median of three; {min(spent[1:]):.1f} processor s), {wall[0] / usual:.0f} times faster.",
    ]


def _million(work: Work) -> list[str]:
    """A leaderboard of a million rows."""
    import duckdb

    scratch = work.scratch
    base, large = scratch / "base", scratch / "large" / store.ROWS / "million.parquet"
    large.parent.mkdir(parents=True)
    rows = [
        structs.replace(row, run_id="base")
        for row in store.read(Path("results"))
        if row.weights != "random"
    ]
    store.append(base, rows)
    store.compact(base, "base")
    source = f"read_parquet('{base / store.ROWS / 'base.parquet'}')"
    copies = -(-MILLION // len(rows))
    duckdb.execute(
        f"COPY (SELECT * REPLACE (clip || '-' || copy AS clip, source || '-' || copy % 40 AS "  # noqa: S608
        "source, snr_db + hash(clip, copy) % 1000 / 500 AS snr_db, visqol_mos_lqo - "
        "hash(clip, copy) % 1000 / 3000 AS visqol_mos_lqo) "
        f"FROM {source}, range({copies}) AS copies (copy) ORDER BY spec) TO '{large}' "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    peak_file = scratch / "peak"
    program = (  # asks for its own peak: rusage would count what this process held before
        "import pathlib; from codecmark.measure import memory; from codecmark.__main__ import main;"
        f"main(['leaderboard', {str(scratch / 'large')!r}, '--markdown']);"
        f"pathlib.Path({str(peak_file)!r}).write_text(str(memory.own_peak_mib()))"
    )
    wall, spent = _timed([sys.executable, "-c", program])
    peak = float(peak_file.read_text())
    size = large.stat().st_size / 2**20
    return [
        "## A million rows",
        "",
        f"{copies * len(rows):,} rows of {len({r.spec for r in rows})} codecs, {size:.0f} MiB of "
        f"Parquet: `codecmark leaderboard --markdown` in {wall:.1f} s ({spent:.1f} processor s), "
        f"{peak:.0f} MiB at its peak.",
    ]


def _overhead(work: Work) -> list[str]:
    """Processor time outside the calls of codecs and metrics, in one process."""
    scratch, rows = work.scratch, min(work.rows, 60)
    _work(InProcess(), scratch / "warm", len(CODECS))
    inside = [0.0]

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any) -> Any:
            start = process_time()
            try:
                return call(*arguments)
            finally:
                inside[0] += process_time() - start

        return wrapper

    patch = pytest.MonkeyPatch()
    for owner, name in ((Codec, "encode"), (Codec, "decode"), (scoring, "_score")):
        patch.setattr(owner, name, counted(getattr(owner, name)))
    start = process_time()
    made, _ = _work(InProcess(), scratch / "overhead", rows)
    total = process_time() - start
    patch.undo()
    return [
        "## Overhead of the harness",
        "",
        f"{made} rows in one process: {total:.1f} processor s, of which {total - inside[0]:.2f} s "
        f"({100 * (1 - inside[0] / total):.1f} %) outside the codecs' and metrics' calls (reading "
        "and preparing clips, building codecs, keys, rows, disk).",
    ]


def _workers(work: Work) -> list[str]:
    """One and two workers on the same rows, start-up excluded."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    for pair in range(work.pairs):
        for workers in (1, 2) if pair % 2 == 0 else (2, 1):
            made, seconds = _work(
                Pool(workers), work.scratch / f"{pair}-{workers}", work.rows, workers
            )
            walls[workers].append(seconds / made)
    ratios = [one / two for one, two in zip(walls[1], walls[2], strict=True)]
    return [
        "## Workers",
        "",
        f"Quality runs of {work.rows} rows, one thread a worker, start-up excluded, "
        f"{work.pairs} interleaved pair{'s' * (work.pairs > 1)}: "
        f"{statistics.median(walls[1]):.2f} s a row with 1 worker, "
        f"{statistics.median(walls[2]):.2f} s with 2; {statistics.median(ratios):.2f}x faster "
        f"({', '.join(f'{ratio:.2f}' for ratio in ratios)}).",
    ]


def _work(engine: Any, out: Path, rows: int, workers: int = 1) -> tuple[int, float]:
    """Return rows made after each worker's first, and the seconds that they took."""
    clips, _ = plan.survey(corpus.load(), CONDITION)
    each = -(-rows // len(CODECS))
    repeated = (clips * (each // len(clips) + 1))[:each]
    made = plan.make(CODECS, repeated, CONDITION, out, Setup.from_environment(), timed=False)
    moments = [perf_counter() for _ in run(made, engine, out)]
    return len(moments) - workers, moments[-1] - moments[workers - 1]


def _timed(command: list[str]) -> tuple[float, float]:
    """Return wall and processor seconds of a command and its children."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall, after = perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


_SECTIONS: dict[str, Callable[[Work], list[str]]] = {
    "metrics": _metrics,
    "rerun": _rerun,
    "million": _million,
    "overhead": _overhead,
    "workers": _workers,
}


if __name__ == "__main__":
    main()
