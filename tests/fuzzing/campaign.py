"""Runs the targets in turn, in processes of their own, and keeps count on disk after each turn."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from codecmark.system import whole_files
from fuzzing.child import BOARD_BYTES, HEAD, Board
from places import TESTS

HANGS_S = 10.0  # of processor time for one input
WANTED = {"streams": 1_000_000, "files": 200_000, "faults": 200, "kills": 60}
MOST_BYTES = 2 << 30  # of memory of a process that decodes or reads
_STUCK_S = 180.0  # of clock time without a next input: a process that waits uses no processor
_POLL_S = 0.25
_MOST_FINDINGS = 20  # of a target that are told apart


class NoStartError(Exception):
    """A target's process ended before its first input."""


@dataclass
class Count:
    """What was done to one target so far.

    Attributes
    ----------
    inputs, taken, refused : int
        Taken is decoded or read; every other input is refused with this package's own error.
    seconds : float
        Of processor time, of the inputs' processes.
    slowest_s, peak_mib : float
        Of one input; of a process.
    deaths : int
        Of the process, where the suite has a process for it: a death costs one file there.
    findings : list of str
    """

    name: str
    kind: str
    inputs: int = 0
    taken: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    peak_mib: float = 0.0
    deaths: int = 0
    findings: list[str] = field(default_factory=list)


class Counts:
    """The counts of a campaign, in a file that is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
        self.targets = {name: Count(**each) for name, each in kept.get("targets", {}).items()}
        self.trials: dict[str, dict[str, Any]] = kept.get("trials", {})
        self._lock = threading.Lock()

    def save(self) -> None:
        """Write them."""
        with self._lock:
            kept = {
                "targets": {name: asdict(each) for name, each in sorted(self.targets.items())},
                "trials": self.trials,
            }
            whole_files.replace(self._path, json.dumps(kept, indent=1) + "\n")

    def total(self, kind: str) -> int:
        """Return the inputs of all targets of a kind, or the trials."""
        if kind not in {"streams", "files"}:
            return int(self.trials.get(kind, {}).get("count", 0))
        return sum(each.inputs for each in self.targets.values() if each.kind == kind)


def turn(
    count: Count,
    work: Path,
    seconds: float,
    most: int,
    *,
    apart: bool,
    log: Callable[[str], None] = print,
) -> None:
    """Run one process on the next inputs of a target, and count what came of them.

    Parameters
    ----------
    work : Path
        Where inputs that are mutated further, and those that were found, are kept.
    seconds, most : float, int
        When the turn ends.
    apart : bool
        Whether a death of the process is no finding, see `Count`.
    """
    pool = work / "pool" / _file_name(count.name)
    pool.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        board_path, found_path = Path(folder) / "board", Path(folder) / "found"
        board_path.write_bytes(HEAD.pack(*Board()) + bytes(BOARD_BYTES - HEAD.size))
        arguments = (count.name, count.inputs, most, seconds, board_path, pool, found_path)
        with (work / "stderr.log").open("ab") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "fuzzing.child", *map(str, arguments)],
                cwd=TESTS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
                start_new_session=True,
            )  # fmt: skip
            how, spent_s = _watch(process, board_path)
        content = board_path.read_bytes()
        findings = json.loads(found_path.read_text()) if found_path.is_file() else []
    board = Board(*HEAD.unpack_from(content))
    if how and board.at < count.inputs:
        raise NoStartError(f"its process ended before the first input: {how}")
    for finding in findings:
        text = f"{finding['what']} ({finding['where']})"
        _keep(count, work, text, bytes.fromhex(finding["data"]))
    if how:
        data = content[HEAD.size : HEAD.size + board.length]
        if apart and how.startswith("SIG"):
            count.deaths += 1
            _write(work / "deaths" / _file_name(count.name), data)
        else:
            _keep(count, work, how, data)
    if board.peak_kib << 10 > MOST_BYTES:
        _keep(count, work, f"a process of {board.peak_kib >> 10} MiB", b"")
    count.inputs = board.at + bool(how)
    count.taken += board.taken
    count.refused += board.refused
    count.seconds += spent_s
    count.slowest_s = max(count.slowest_s, board.slowest_us / 1e6)
    count.peak_mib = max(count.peak_mib, board.peak_kib / 1024)
    log(f"{count.name}: {count.inputs} inputs, {count.deaths} deaths, {count.findings}")


def trials(
    counts: Counts, name: str, module: str, wanted: int, arguments: Callable[[int], list[int]]
) -> None:
    """Have a module do trials in a process of its own, until there are enough.

    Parameters
    ----------
    arguments : callable
        Of how many there are, what the module is given after the file for its results.
    """
    while (done := counts.total(name)) < wanted:
        with TemporaryDirectory() as folder:
            out = Path(folder) / "out.json"
            words = [str(out), *map(str, arguments(done))]
            start_s = time.monotonic()
            subprocess.run([sys.executable, "-m", module, *words], cwd=TESTS, check=True)
            found = json.loads(out.read_text())
        kept = counts.trials.setdefault(
            name, {"count": 0, "by": {}, "findings": [], "seconds": 0.0}
        )
        for key, number in found["by"].items():
            kept["by"][key] = kept["by"].get(key, 0) + number
        kept["count"] += found["count"]
        kept["findings"] += found["findings"]
        kept["seconds"] += time.monotonic() - start_s
        counts.save()


def _watch(process: subprocess.Popen[bytes], board_path: Path) -> tuple[str, float]:
    """Wait for the process; end it if it hangs. Return how it failed, and its processor seconds."""
    index, since_s, used_s = -2, time.monotonic(), 0.0
    how = ""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            break
        time.sleep(_POLL_S)
        with board_path.open("rb") as file:
            board = Board(*HEAD.unpack(file.read(HEAD.size)))
        now_used_s = _used_s(process.pid)
        if board.at != index:
            index, since_s, used_s = board.at, time.monotonic(), now_used_s
            continue
        hangs = index >= 0 and now_used_s - used_s > HANGS_S
        if hangs or time.monotonic() - since_s > _STUCK_S * (1 if index >= 0 else 5):
            how = f"more than {HANGS_S:g} s" if hangs else f"no answer in {_STUCK_S:g} s"
            process.kill()
    if process.returncode and not how:
        code = process.returncode
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
    return how, usage.ru_utime + usage.ru_stime


def _used_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _keep(count: Count, work: Path, text: str, data: bytes) -> None:
    """Count a finding, with the input that made it."""
    name = _write(work / "findings" / _file_name(count.name), data)
    if len(count.findings) < _MOST_FINDINGS:
        count.findings.append(f"{text} [{name}]")


def _write(folder: Path, data: bytes) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(data).hexdigest()[:16]
    (folder / f"{name}.bin").write_bytes(data)
    return name


def _file_name(name: str) -> str:
    return name.translate(str.maketrans(":/@#~+ ", "-------"))
