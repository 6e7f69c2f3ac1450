"""Which run is meant where none is named, and what the commands say of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from codecmark import InputError
from codecmark.__main__ import main
from codecmark.results import newest, store
from codecmark.results.row import ResultRow
from codecmark.system import host
from made_rows import FAILED, row


@dataclass(frozen=True)
class Run:
    """Codecs and clips of a run, under one condition."""

    specs: str
    clips: str
    condition: str = "16k-mono"
    encode_s: float | None = 0.1
    failed: str = ""  # codecs that failed on every clip


def put(results: Path, *runs: Run) -> None:
    """Store runs `r1`, `r2`, ..."""
    for number, run in enumerate(runs, start=1):
        of_run = {"run_id": f"r{number}", "condition": run.condition}
        store.append(
            results,
            [
                row(spec, clip, **{"encode_s": run.encode_s, **of_run, **outcome(run, spec)})
                for spec in run.specs.split()
                for clip in run.clips
            ],
        )


def outcome(run: Run, spec: str) -> dict[str, object]:
    return FAILED if spec in run.failed.split() else {}


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
        # an untimed run of the same that broke everywhere, or in part
        (
            [
                Run("flac pcm16", "abc", encode_s=None),
                Run("flac pcm16", "abc", encode_s=None, failed="flac pcm16"),
            ],
            "r1",
        ),
        (
            [
                Run("flac pcm16", "abc", encode_s=None),
                Run("flac pcm16", "abc", encode_s=None, failed="flac"),
            ],
            "r1",
        ),
        ([Run("flac pcm16", "abc", failed="flac"), Run("flac pcm16", "abc")], "r2"),
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


@pytest.mark.parametrize("content", [b"", b'{"schema_ver', b"\n", b'{"x":' + b"[" * 200_000])
def test_an_interrupted_or_empty_file_hides_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    put(tmp_path, Run("flac pcm16", "abc"))
    (tmp_path / "rows" / "r2.jsonl").write_bytes(content)
    assert newest.newest(tmp_path) == "r1"
    for command in ("leaderboard", "report", "review"):
        main([command, str(tmp_path)])
        assert "r2.jsonl" not in "".join(capsys.readouterr())
    assert main(["leaderboard", str(tmp_path)]) == 0


def test_a_line_without_bottom_is_one_line_of_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, Run("flac pcm16", "abc"), Run("flac", "abc"))
    deep = b'{"schema_version":3,"x":' + b"[" * 200_000
    for run_id, content in (("r1", deep + b"\n"), ("r2", deep)):
        path = tmp_path / "rows" / f"{run_id}.jsonl"
        path.write_bytes(path.read_bytes() + content)
    assert newest.newest(tmp_path) == "r1"
    assert main(["leaderboard", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "r1.jsonl line 8: not strict JSON" in said
    assert len(said) < 500


def test_only_a_heading_is_no_run(tmp_path: Path) -> None:
    put(tmp_path, Run("flac", "abc"), Run("flac", "a"))
    path = tmp_path / "rows" / "r2.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    assert newest.newest(tmp_path) == "r1"
    assert main(["leaderboard", str(tmp_path)]) == 0


def test_times_of_files_decide_nothing(tmp_path: Path) -> None:
    put(tmp_path, Run("flac", "abc"), Run("flac", "xyz"))
    os.utime(tmp_path / "rows" / "r1.jsonl", (2**31, 2**31))
    assert newest.newest(tmp_path) == "r2"


@pytest.mark.parametrize("stored", ["29991231T235959Z-ffff", "20250101T000000Z-0000", "mine", ""])
def test_a_new_run_comes_after_those_of_a_clock_that_was_wrong(tmp_path: Path, stored: str) -> None:
    rows: list[ResultRow] = [row(run_id=stored)] if stored else []
    store.append(tmp_path, rows)
    made = host.new_run_id(store.run_ids(tmp_path))
    assert made > host.new_run_id()[:10]
    if stored[:1] == "2":
        assert made > stored
        assert max(*store.run_ids(tmp_path), made) == made


def test_a_time_that_has_no_next_second_is_no_end() -> None:
    assert host.new_run_id(["99991231T235959Z-0000", "29990231T000000Z-0000"])[:2] == "20"
