"""One command, several conditions; clips that a condition cannot use do not count."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_on_disk import put
from codecmark.__main__ import main
from codecmark.results import store

BOTH = "16k-mono,48k-stereo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four clips of music at 16 kHz, two at 48 kHz in stereo."""
    for index in range(4):
        put(tmp_path / "clips" / "music" / f"low{index}.wav", seconds=0.1 + index / 100)
    for index in range(2):
        path = tmp_path / "clips" / "music" / f"high{index}.wav"
        put(path, seconds=0.2 + index / 100, channels=2, rate_hz=48_000)
    return tmp_path


def run(folder: Path, *options: str) -> int:
    fixed = ["--corpus", str(folder / "clips"), "--out", str(folder / "out"), "--workers", "1",
             "--engine", "in-process", "--codecs", "flac"]  # fmt: skip
    return main(["run", *fixed, *options])


def counts(folder: Path) -> dict[tuple[str, str], int]:
    """Return the rows by run and condition."""
    found: dict[tuple[str, str], int] = {}
    for run_id in store.run_ids(folder / "out"):
        for row in store.read(folder / "out", [run_id]):
            assert row.status == "ok"
            found[run_id, row.condition] = found.get((run_id, row.condition), 0) + 1
    return found


def test_conditions_share_a_run_and_go_on_with_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "--condition", BOTH, "--dry-run") == 0
    shown = capsys.readouterr().out
    assert "flac: 6 clips under 16k-mono" in shown
    assert "flac: 2 clips under 48k-stereo" in shown
    assert run(folder, "--condition", BOTH) == 0
    (run_id,) = store.run_ids(folder / "out")
    whole = {(run_id, "16k-mono"): 6, (run_id, "48k-stereo"): 2}
    assert counts(folder) == whole
    page = (folder / "out" / "leaderboard.md").read_text()
    assert "16k-mono" in page
    assert "48k-stereo" in page
    capsys.readouterr()
    for names in (BOTH, "48k-stereo", "16k-mono"):
        assert run(folder, "--condition", names) == 0
        assert f"nothing to do: run {run_id} has all its rows" in capsys.readouterr().out
    assert counts(folder) == whole


def test_a_condition_joins_the_run_that_there_is(folder: Path) -> None:
    assert run(folder) == 0
    assert run(folder, "--condition", BOTH) == 0
    (run_id,) = store.run_ids(folder / "out")
    assert counts(folder) == {(run_id, "16k-mono"): 6, (run_id, "48k-stereo"): 2}


def test_an_unknown_condition_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--condition", "16k-mono,44k-mono") == 2
    assert "condition: no '44k-mono'; choose one of" in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_the_limit_counts_clips_that_can_be_used(folder: Path) -> None:
    assert run(folder, "--condition", BOTH, "--limit", "2") == 0
    assert [count for _, count in counts(folder).items()] == [2, 2]


def test_the_limit_looks_into_other_clips_of_a_class(tmp_path: Path) -> None:
    for index in range(9):
        put(tmp_path / "clips" / "speech" / f"low{index}.wav", seconds=0.1, rate_hz=8_000)
    put(tmp_path / "clips" / "speech" / "right.wav", seconds=0.1)
    put(tmp_path / "clips" / "music" / "other.wav", seconds=0.1)
    assert run(tmp_path, "--limit", "2") == 0
    rows = store.read(tmp_path / "out")
    assert {row.clip for row in rows} == {"speech/right.wav", "music/other.wav"}


def test_damaged_rows_are_not_passed_over(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder) == 0
    (run_id,) = store.run_ids(folder / "out")
    path = folder / "out" / "rows" / f"{run_id}.jsonl"
    path.write_text(path.read_text().replace('"status":"ok"', '"status":"no"', 1))
    capsys.readouterr()
    for options in ((), ("--dry-run",)):
        assert run(folder, *options) == 2
        error = capsys.readouterr().err
        assert f"{run_id}.jsonl line 2: crc32: the line is not what was written" in error
        assert "--new leaves what is there alone" in error
    assert store.run_ids(folder / "out") == [run_id]
    assert run(folder, "--new") == 0
    assert len(store.run_ids(folder / "out")) == 2
