"""Clips of no known class: what a run says before it begins, and how to name the class."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_on_disk import put
from codecmark import __main__ as command_line
from codecmark import corpus
from codecmark.metrics.table import NOT_DEFINED
from codecmark.results import store
from codecmark.run import clip_classes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two clips of unknown class, and one of music."""
    for name in ("a.wav", "b.wav", "music/c.wav"):
        put(tmp_path / "mine" / name, seconds=0.5)
    return tmp_path / "mine"


def test_the_notice_counts_and_names_what_will_be_missing(folder: Path) -> None:
    notice = clip_classes.notice(corpus.load(folder))
    assert notice is not None
    assert notice.startswith("2 of 3 clips have no class: no PESQ-WB, no ESTOI, no DistillMOS, and")
    assert "add --class speech" in notice
    (alone,) = corpus.load(folder / "a.wav")
    assert str(clip_classes.notice([alone])).startswith("the clip has no class: no PESQ-WB")


def test_no_notice_where_every_clip_has_a_class(folder: Path) -> None:
    assert clip_classes.notice(corpus.load()) is None
    assert clip_classes.notice(corpus.load(folder, "speech")) is None


def test_a_class_is_given_to_those_that_have_none(folder: Path) -> None:
    clips = corpus.load(folder, "speech")
    assert {clip.name: clip.clip_class for clip in clips} == {
        "a.wav": "speech", "b.wav": "speech", "music/c.wav": "music",
    }  # fmt: skip
    (alone,) = corpus.load(folder / "a.wav", "ambient")
    assert alone.clip_class == "ambient"
    manifest = folder / "list.csv"
    manifest.write_text("name,class\na.wav,\nb.wav,ambient\n")
    assert [clip.clip_class for clip in corpus.load(manifest, "speech")] == ["speech", "ambient"]


def test_the_command_says_so_before_it_runs_and_takes_the_class(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["run", "--corpus", str(folder), "--codecs", "pcm16", "--out", str(out)]
    assert command_line.main([*arguments, "--dry-run"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "2 of 3 clips have no class: no PESQ-WB, no ESTOI, no DistillMOS" in shown
    assert command_line.main(
        [*arguments, "--class", "speech", "--engine", "in-process", "--no-timing"]
    ) == 0  # fmt: skip
    assert "have no class" not in capsys.readouterr().out
    rows = store.read(out)
    assert sorted((row.clip, row.clip_class) for row in rows) == [
        ("a.wav", "speech"), ("b.wav", "speech"), ("music/c.wav", "music"),
    ]  # fmt: skip
    without = {row.clip for row in rows if row.reasons.get("pesq_wb", "").startswith(NOT_DEFINED)}
    assert without == {"music/c.wav"}
