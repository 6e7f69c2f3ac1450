"""How long a run will take, and what its bar says."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from audio_on_disk import put
from codecmark import corpus
from codecmark.commands.progress import RunProgress, described
from codecmark.corpus import condition
from codecmark.networks.setup import Setup
from codecmark.run import plan
from codecmark.run.durations import Remaining
from codecmark.run.engines import Item, Outcome, Stage
from codecmark.run.plan import Plan
from codecmark.system import host
from made_rows import row

CONDITION = condition.named("16k-mono")


@pytest.fixture
def planned(tmp_path: Path) -> Plan:
    """Two codecs on clips of 1 s and 3 s."""
    for seconds in (1, 3):
        put(tmp_path / "clips" / f"{seconds}.wav", seconds=seconds)
    clips, _ = plan.survey(corpus.load(tmp_path / "clips"), CONDITION)
    return plan.make(["flac", "opus@24k"], clips, CONDITION, tmp_path / "out", Setup())


def outcome(planned: Plan, spec: str, count: int, row_s: float) -> Outcome:
    clips = planned.missing[spec][:count]
    item = Item("r", spec, clips, planned.first, CONDITION, True, Setup())
    rows = [
        row(spec, clip.entry.name, host=host.host(), row_s=row_s, clip_s=clip.duration_s)
        for clip in clips
    ]
    return Outcome(item, rows)


def test_it_is_by_the_rows_of_the_same_codec_condition_host_and_timing(planned: Plan) -> None:
    remaining = Remaining([planned], 1)
    assert remaining.seconds() is None
    assert remaining.unknown == ["flac", "opus@24k"]
    known: dict[str, Any] = {"host": host.host(), "row_s": 2.0, "clip_s": 1.0}
    remaining.learn([
        row("flac", **known),
        row("flac", **{**known, "host": "another"}, encode_s=0.5),
        row("flac", **{**known, "row_s": 99.0}, condition="48k-mono"),
        row("flac", **{**known, "row_s": 99.0}, encode_s=None),
    ])  # fmt: skip
    assert remaining.unknown == ["opus@24k"]
    assert remaining.seconds() == pytest.approx(2 * 4 + 2 * 4)  # the unknown one counts as usual
    remaining.learn([row("opus@24k", **{**known, "row_s": 10.0})])
    assert remaining.seconds() == pytest.approx(2 * 4 + 10 * 4)
    remaining.finish("opus@24k", "16k-mono", 1)
    assert remaining.seconds() == pytest.approx(2 * 4 + 10 * 3)
    remaining.finish("opus@24k", "16k-mono", 1)
    assert remaining.seconds() == pytest.approx(2 * 4)


def test_workers_share_it(planned: Plan) -> None:
    remaining = Remaining([planned], 4)
    remaining.learn([row("flac", host=host.host(), row_s=2.0, clip_s=1.0)])
    assert remaining.seconds() == pytest.approx(16 / 4)


def test_the_bar_names_codec_clip_phase_and_the_time_left(planned: Plan) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=160)
    remaining = Remaining([planned], 1)
    with RunProgress(planned.count, remaining, console) as progress:
        progress.show(Stage("opus@24k", "encode", "voice.flac"))
        progress.advance(outcome(planned, "flac", 1, row_s=30.0), 1)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    assert "opus@24k: encode voice.flac" in shown
    assert "1/4" in shown
    assert "about 0:03:30 left" in shown  # 30 s for each of 7 s of audio


def test_what_is_named_stays_on_one_line() -> None:
    assert described(Stage("flac", "load")) == "flac: load"
    assert len(described(Stage("flac", "encode", "x" * 200))) == 60
