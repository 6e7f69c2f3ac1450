"""Every codec against the anchor: one table, from which leaderboard, page and study are made."""

from __future__ import annotations

import pytest

import committed as committed_run
from codecmark.analysis.anchor_table import against_anchor
from codecmark.analysis.delta import Refusal
from codecmark.results.row import ResultRow


def row(spec: str, rate_kbps: float, snr_db: float) -> ResultRow:
    return ResultRow(
        run_id="r1", spec=spec, family=spec.partition("@")[0], clip="a", source="a",
        clip_class="music", clip_s=1.0, condition="16k-mono", status="ok",
        stream_bytes=round(125 * rate_kbps), snr_db=snr_db,
    )  # fmt: skip


OPUS = [row(f"opus@{rate}k", rate, snr) for rate, snr in ((8, 1), (16, 2), (32, 3), (64, 4))]


def test_a_point_is_held_against_the_curve() -> None:
    table = against_anchor([*OPUS, row("mp3@16k", 32, 2)], "snr_db", "music")
    assert table is not None
    (name, gap), = table.gaps.items()  # fmt: skip
    assert (name, gap.anchor, gap.points) == ("mp3", "opus", 1)
    assert isinstance(gap.bd_rate, Refusal)
    (distance,) = gap.distances
    assert distance.factor == pytest.approx(0.5)  # Opus needs half the bits


def test_sentinels_and_the_anchor_are_no_lines() -> None:
    rows = [*OPUS, row("pcm@8bit", 128, 40), row("lowpass@7k", 256, 6), row("pcm16", 256, 60)]
    table = against_anchor(rows, "snr_db")
    assert table is not None
    assert list(table.gaps) == ["pcm16"]


def test_there_is_no_table_without_anchor_or_clips() -> None:
    assert against_anchor(OPUS, "snr_db", "speech") is None
    assert against_anchor([row("mp3@16k", 16, 2)], "snr_db") is None
    assert against_anchor(OPUS, "snr_db", anchor="lc3") is None


def test_the_committed_run_has_its_codecs_once_each() -> None:
    rows = committed_run.rows()
    table = against_anchor(rows, "snr_db")
    assert table is not None
    assert {"mp3", "aac", "lc3", "mel:16k-64+wave"} <= set(table.gaps)
    assert not {"opus@vbr", "silence", "noise", "lowpass", "pcm"} & set(table.gaps)
