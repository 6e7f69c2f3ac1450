"""pytest and `codecmark run` make the same rows, and each goes on with what the other began."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codecmark.__main__ import main
from codecmark.clip import AudioClip
from codecmark.corpus import audio_files, entry
from codecmark.results import store
from codecmark.results.row import TIME_PROBE
from killed_runs import clips
from places import REPOSITORY

__all__ = ["clips"]  # a fixture

SPECS = "pcm16,flac,opus@24k"
CLIPS = 4
WHOLE = 3 * CLIPS  # three codecs
Rows = dict[tuple[str, str | None], dict[str, object]]


def pytest_command(clips: Path, out: Path, *options: str) -> list[str]:
    return [
        sys.executable, "-m", "pytest", "benchmarks/bench_encode.py", "benchmarks/bench_decode.py",
        "-p", "no:cacheprovider", "--benchmark-only", "--codecs", SPECS, "--corpus", str(clips),
        "--results", str(out), *options,
    ]  # fmt: skip


def run_options(clips: Path, out: Path) -> list[str]:
    return [
        "run", "--codecs", SPECS, "--corpus", str(clips), "--out", str(out),
        "--engine", "in-process", "--workers", "1",
    ]  # fmt: skip


def untimed(out: Path) -> Rows:
    """Return the rows of the only run, without what the clock and the system say."""
    assert len(store.run_ids(out)) == 1
    measured = {"run_id", "peak_memory_mib"}
    rows = [msgspec.structs.asdict(row) for row in store.read(out)]
    for row in rows:  # the encode and the decode calls each have a probe beside them
        assert len(row["notes"].pop(TIME_PROBE).split()) == 2
    return {
        (row["spec"], row["clip"]): {
            name: value
            for name, value in row.items()
            if name == "clip_s" or not (name in measured or name.endswith(("_s", "_rtf")))
        }
        for row in rows
    }


@pytest.fixture(scope="module")
def undisturbed(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    out = tmp_path_factory.mktemp("undisturbed")
    assert main(run_options(clips, out)) == 0
    rows = untimed(out)
    assert len(rows) == WHOLE
    assert {row["encode_rounds"] for row in rows.values()} == {3}
    assert all(row["key"] for row in rows.values())
    return rows


def kill_when_begun(command: list[str], out: Path) -> None:
    """Start a command, and end it once some of its rows are on disk."""
    process = subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    while not any(b'"spec"' in path.read_bytes() for path in out.glob("rows/*.jsonl")):
        assert process.poll() is None, "it ended before the kill"
        assert time.monotonic() < deadline, "no rows within five minutes"
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert 0 < len(store.read(out)) < WHOLE


def test_what_pytest_began_is_finished_by_the_command(
    clips: Path, undisturbed: Rows, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kill_when_begun(pytest_command(clips, tmp_path), tmp_path)
    there = len(store.read(tmp_path))
    assert main(run_options(clips, tmp_path)) == 0
    assert f"{WHOLE - there} rows ok" in capsys.readouterr().out
    assert untimed(tmp_path) == undisturbed


def test_what_the_command_began_is_finished_by_pytest(
    clips: Path, undisturbed: Rows, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "codecmark", *run_options(clips, tmp_path)]
    kill_when_begun(command, tmp_path)
    rows = Counter(row.spec for row in store.read(tmp_path))
    there, whole = rows.total(), sum(count == CLIPS for count in rows.values())
    done = subprocess.run(
        pytest_command(clips, tmp_path, "-rs"), cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{there} rows are there, {WHOLE - there} are missing" in done.stdout
    # a codec all of whose rows are there is not measured again: it is not encoded, nor decoded
    skipped = f"{2 * whole} skipped" if whole else "6 passed in"
    assert skipped in done.stdout
    assert "Leaderboard, 16k-mono" in done.stdout
    assert untimed(tmp_path) == undisturbed


def test_a_clip_is_read_and_hashed_once(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []
    hashed: list[AudioClip] = []

    def counted_read(path: Path, **part: Any) -> AudioClip:
        reads.append(path)
        return audio_files.read_audio(path, **part)

    digest = AudioClip.__dict__["_digest"].func

    def counted_digest(clip: AudioClip) -> str:
        hashed.append(clip)
        found: str = digest(clip)
        return found

    counted: Any = cached_property(counted_digest)
    counted.__set_name__(AudioClip, "_digest")
    monkeypatch.setattr(AudioClip, "_digest", counted)
    monkeypatch.setattr(entry, "read_audio", counted_read)
    copies = tmp_path / "clips"  # which no other test has read
    copies.mkdir()
    for path in clips.iterdir():
        (copies / path.name).write_bytes(path.read_bytes())
    options = run_options(copies, tmp_path / "out")
    assert main([*options, "--no-timing"]) == 0
    assert sorted(reads) == sorted(copies.iterdir())
    assert len({id(clip) for clip in hashed}) == len(hashed)
    assert len(hashed) == 4 + WHOLE  # of the clips, and of what the codecs decoded
    assert main([*options, "--no-timing"]) == 0
    assert len(reads) == 4
