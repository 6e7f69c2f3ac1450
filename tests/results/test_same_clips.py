"""Rows of two sounds under one clip's name are in no table, ranking or decision."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from codecmark import InputError
from codecmark.__main__ import main
from codecmark.analysis.samples import collect
from codecmark.analysis.summary import summarise
from codecmark.results import same_clips, store
from codecmark.results.row import ResultRow
from made_rows import row, unavailable, untrained

OF_TWO = r"clip: a under 16k-mono is one sound for flac, opus@24k and another for pcm16, by clip_"


def mixed() -> list[ResultRow]:
    """Three codecs on `a`, of which one was given another sound."""
    return [row(spec, clip_sha256=digest) for spec, digest in
            (("flac", "1"), ("opus@24k", "1"), ("pcm16", "2"))]  # fmt: skip


def test_every_reader_names_clip_codecs_and_remedy() -> None:
    for read in (summarise, lambda rows: collect(rows, "snr_db")):
        with pytest.raises(InputError, match=OF_TWO) as caught:
            read(mixed())
        assert "codecmark run --corpus PATH" in str(caught.value)


@pytest.mark.parametrize("kind", ["lines", "parquet"])
def test_no_command_shows_them(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [row("pcm16", clip, clip_sha256="3") for clip in "bcd"]
    others += [row("flac", clip, clip_sha256="4") for clip in "bc"]
    store.append(tmp_path, [*mixed(), *others])
    if kind == "parquet":
        pytest.importorskip("duckdb")
        store.compact(tmp_path, "r1")
    asked = Path(__file__).parents[2] / "results" / "decisions" / "requirements.toml"
    for command in (
        ["leaderboard", str(tmp_path)],
        ["report", str(tmp_path), "--listen", "none"],
        ["review", str(asked), "--results", str(tmp_path)],
    ):
        assert main(command) == 2
        said = "".join(capsys.readouterr())
        assert "one sound for flac, opus@24k and another for pcm16" in said
        assert "2 more clips likewise" in said
    assert not (tmp_path / "leaderboard.md").exists()


def test_what_cannot_be_told_or_is_not_compared_is_no_mixture() -> None:
    rows = [
        row(clip_sha256="1"),
        row("flac"),  # no digest
        replace(untrained(), clip_sha256="2"),  # the start of the clip
        unavailable(),
        row(clip_sha256="2", condition="48k-mono"),
        row(clip_sha256="2", noise_snr_db=10.0),  # what the codec was given has noise
        row("flac", "b", clip_sha256="1"),  # two names for one sound
    ]
    same_clips.require(rows)


@pytest.mark.parametrize("kind", ["lines", "parquet"])
def test_a_codec_that_hung_is_no_other_sound(tmp_path: Path, kind: str) -> None:
    """What its worker left behind knows the clip only as it was before noise was added."""
    hung = row("flac", status="failed", reason="took more than 900 s", snr_db=None, pesq_wb=None,
               visqol_mos_lqo=None, stream_bytes=None, encode_s=None, decode_s=None)  # fmt: skip
    store.append(tmp_path, [row(clip_sha256="1"), replace(hung, clip_sha256="2")])
    if kind == "parquet":
        pytest.importorskip("duckdb")
        store.compact(tmp_path, "r1")
    assert main(["leaderboard", str(tmp_path)]) == 0


def test_a_replaced_row_does_not_count() -> None:
    rows = [row("flac", clip_sha256="1"), row("opus@24k", clip_sha256="2")]
    (summary, _) = summarise(store.latest([*rows, row("flac", clip_sha256="2")]))
    assert summary.attempted == 1


def test_a_hundred_thousand_rows_are_checked_in_a_second() -> None:
    rows = [row("flac", str(clip), clip_sha256=str(clip)) for clip in range(20_000)] * 5
    start_s = time.process_time()
    same_clips.require(rows)
    assert time.process_time() - start_s < 1.5
