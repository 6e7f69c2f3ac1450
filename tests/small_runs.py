"""Two short clips, and runs over them in this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import soundfile

from codecmark import corpus
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.measure.codec_rows import CodecRows
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import Timer
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow
from codecmark.run import plan
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.plan import Plan
from codecmark.run.planned_clip import PlannedClip
from codecmark.run.runner import run
from entries import noise, tone

CONDITION = condition.named("16k-mono")


def two_clips(folder: Path) -> list[PlannedClip]:
    """Write noise and a tone to `folder`, and read them as a run does."""
    folder.mkdir()
    for name, clip in (("noise", noise(8_000)), ("tone", tone(0.5))):
        soundfile.write(folder / f"{name}.wav", clip.samples.T, 16_000)
    clips, unused = plan.survey(corpus.load(folder), CONDITION)
    assert not unused
    return clips


def planned(clips: list[PlannedClip], out: Path, *specs: str, **options: Any) -> Plan:
    return plan.make(specs, clips, CONDITION, out, Setup.from_environment(), **options)


def work(planned_run: Plan, out: Path) -> list[ResultRow]:
    return [row for outcome in run(planned_run, InProcess(), out) for row in outcome.rows]


def rows_of_clips(spec: str, clips: Sequence[PreparedClip], timer: Timer | None) -> list[ResultRow]:
    """Code clips and score them, without an engine and without memory."""
    codec = CodecRows("run", spec, clips[0], CONDITION, Setup.from_environment())
    codec.take(clips)
    codec.encode(timer)
    codec.decode(timer)
    with Scorer(workers=1) as scorer:
        return codec.rows(scorer, memory=False)
