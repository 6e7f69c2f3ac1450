"""SIGKILL at random moments: of runs, of compaction, and of records that are written anew.

`python -m fuzzing.kills OUT FIRST COUNT` writes what came of trials FIRST to FIRST + COUNT.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import soundfile

from codecmark.__main__ import main
from codecmark.results import store
from codecmark.system import whole_files
from entries import noise
from fuzzing import records
from made_rows import row


def _quietly(*words: str) -> int:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return main(words)


def _killed_after(words: list[str], seconds: float) -> None:
    """Start a command, and end it and its children if it has not ended by itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "codecmark", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _run(folder: Path, chance: random.Random) -> str:
    """Kill a run once it has begun to store rows; the same command ends with every row, once."""
    (folder / "clips").mkdir()
    for index in range(6):
        samples = noise(4_000, seed=index).samples.T
        soundfile.write(folder / "clips" / f"{index}.wav", samples, 16_000)
    out = folder / "out"
    words = [
        "run", "--codecs", "pcm16,flac,g722", "--corpus", str(folder / "clips"), "--no-timing",
        "--out", str(out), "--engine", "in-process", "--workers", "1",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "codecmark", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    wanted, until = chance.randrange(0, 16), time.monotonic() + 300
    while process.poll() is None and time.monotonic() < until:
        if sum(path.read_bytes().count(b"\n") for path in out.glob("rows/*.jsonl")) > wanted:
            break
        time.sleep(0.002)
    time.sleep(chance.uniform(0, 0.05))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    stored = {(each.spec, each.clip) for run in store.run_ids(out) for each in _rows(out, run)}
    if _quietly(*words) != 0:
        return "the same command did not end with 0"
    found = [(each.spec, each.clip) for each in store.read(out)]
    if len(found) != 18 or len(set(found)) != 18 or not stored <= set(found):
        return f"{len(set(found))} of 18 rows, {len(found)} in all, {len(stored)} before"
    return ""


def _rows(out: Path, run_id: str) -> list[Any]:
    return list(store.latest(store.rows_of(out, run_id)))


def _compaction(folder: Path, chance: random.Random) -> str:
    """Kill compaction of a run that has lines and a table; no row is lost or doubled."""
    specs = [f"opus@{rate}k" for rate in range(6, 46)]
    expected = [(spec, clip) for spec in specs for clip in "abcde"]
    store.append(folder, [row(*each) for each in expected[:100]])
    if chance.random() < 0.5:
        store.compact(folder, "r1")
    store.append(folder, [row(*each) for each in expected[100:]])
    _killed_after(["compact", str(folder)], chance.uniform(0.3, 2.0))
    for _ in range(2):
        found = [(each.spec, each.clip) for each in store.read(folder)]
        if sorted(found) != sorted(expected):
            return f"{len(set(found))} of {len(expected)} rows, {len(found)} in all"
        if _quietly("compact", str(folder)) != 0:
            return "compaction does not go on"
    return ""


def _record(folder: Path, chance: random.Random) -> str:
    """Kill a review that writes a record anew; what people wrote stays."""
    with contextlib.redirect_stdout(io.StringIO()):
        records.begun(folder)
    count = records.notes(folder)
    _killed_after(records.words(folder), chance.uniform(0.5, 3.0))
    for _ in range(2):
        if records.notes(folder) != count:
            return f"{records.notes(folder)} of {count} notes"
        if _quietly(*records.words(folder)) != 0:
            return "the review does not go on"
    return ""


TRIALS: dict[str, Callable[[Path, random.Random], str]] = {
    "run": _run, "compaction": _compaction, "decision record": _record,
}  # fmt: skip


def run(first: int, count: int) -> dict[str, Any]:
    """Do some trials, each kind in turn; return counts by kind, and findings."""
    by: dict[str, int] = {}
    findings = []
    for number in range(first, first + count):
        name = list(TRIALS)[number % len(TRIALS)]
        with TemporaryDirectory() as folder:
            try:
                found = TRIALS[name](Path(folder), random.Random(number))  # noqa: S311
            except Exception as problem:
                found = f"{type(problem).__name__}: {problem}"[:300]
        by[name] = by.get(name, 0) + 1
        if found:
            findings.append(f"{name} {number}: {found}")
    return {"count": count, "by": by, "findings": findings}


if __name__ == "__main__":
    whole_files.replace(Path(sys.argv[1]), json.dumps(run(int(sys.argv[2]), int(sys.argv[3]))))
