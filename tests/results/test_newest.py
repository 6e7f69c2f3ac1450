"""Which run is meant where none is named, and what the commands say of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from codecmark import InputError
from codecmark.__main__ import main
from codecmark.results import newest, store
from made_rows import row


@dataclass(frozen=True)
class Run:
    """Codecs and clips of a run, under one condition."""

    specs: str
    clips: str
    condition: str = "16k-mono"
    encode_s: float | None = 0.1


def put(results: Path, *runs: Run) -> None:
    """Store runs `r1`, `r2`, ..."""
    for number, run in enumerate(runs, start=1):
        rows = [
            row(
                spec, clip=clip, run_id=f"r{number}", condition=run.condition, encode_s=run.encode_s
            )
            for spec in run.specs.split()
            for clip in run.clips
        ]
        store.append(results, rows)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([Run("flac", "abc")], "r1"),
        ([Run("flac pcm16", "abc"), Run("flac pcm16", "abc")], "r2"),
        ([Run("flac pcm16", "abc"), Run("flac", "abc")], "r1"),
        ([Run("flac pcm16", "abc"), Run("flac pcm16", "ab")], "r1"),
        ([Run("flac pcm16", "abc"), Run("opus@20k", "abc")], "r1"),  # another codec was tried
        ([Run("flac pcm16", "abc"), Run("flac", "abcd")], "r2"),  # clips of its own
        ([Run("flac pcm16", "abc"), Run("flac", "x")], "r2"),
        ([Run("flac pcm16", "abc"), Run("flac", "a", "48k-mono")], "r2"),
        ([Run("flac", "abc"), Run("flac", "abc", encode_s=None)], "r1"),
        ([Run("flac", "abc", encode_s=None), Run("flac", "abc")], "r2"),
        ([Run("flac", "a"), Run("flac pcm16", "abc"), Run("flac", "ab"), Run("flac", "b")], "r2"),
        ([Run("flac pcm16", "abc"), Run("flac", "x"), Run("flac", "a")], "r1"),
    ],
)
def test_a_part_of_an_earlier_run_is_not_meant(
    tmp_path: Path, runs: list[Run], expected: str
) -> None:
    put(tmp_path, *runs)
    assert newest.newest(tmp_path) == expected


def test_no_rows_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run `codecmark run` first"):
        newest.newest(tmp_path)


def test_the_leaderboard_says_which_run_it_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, Run("flac pcm16", "abc"), Run("flac", "ab"))
    assert main(["leaderboard", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "run r1: 2 codecs, 3 clips, 16k-mono, on" in shown
    assert "run r2 is newer and a part of it; --run r2 shows it" in shown
    assert "`r1`" in (tmp_path / "leaderboard.md").read_text()
    (tmp_path / "leaderboard.md").unlink()
    assert main(["leaderboard", str(tmp_path), "--run", "r2"]) == 0
    assert "run r2: 1 codec, 2 clips, 16k-mono" in capsys.readouterr().out
    assert not (tmp_path / "leaderboard.md").exists()


def test_compare_means_the_same_run_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "a", Run("flac pcm16", "abc"), Run("flac", "ab"))
    put(tmp_path / "b", Run("flac pcm16", "abc"))
    main(["compare", str(tmp_path / "a"), str(tmp_path / "b")])
    assert "2 codecs in both, 6 rows on the same clips" in capsys.readouterr().out
