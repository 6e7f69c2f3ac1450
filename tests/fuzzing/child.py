"""The process that decodes and reads mutated inputs: what they do to it is seen from outside.

What it is at stands in a file that its parent maps too, so that an input which ends or hangs it is
known, byte for byte. `python -m fuzzing.child TARGET FIRST COUNT SECONDS BOARD POOL FOUND`
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import random
import resource
import struct
import sys
import time
import traceback
import warnings
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from codecmark.measure.memory import own_peak_mib
from codecmark.system import threads
from fuzzing.targets import Target, named

HEAD = struct.Struct("<6q")  # see `Board`
LARGEST = 1 << 20  # of an input that is kept for looking at
BOARD_BYTES = HEAD.size + LARGEST
_TRACED = 1_500  # of a target's first inputs: those that reach new lines are mutated further
_MOST_KEPT = 200
_MOST_FOUND = 10  # in one turn
_MORE_MEMORY = 4 << 30  # of address space beyond what the process has at its start


class Board(NamedTuple):
    """What the process is at and has done: counts, microseconds, KiB, bytes of the input."""

    at: int = -1
    taken: int = 0
    refused: int = 0
    slowest_us: int = 0
    peak_kib: int = 0
    length: int = 0


class _Lines:
    """Lines of the library that were reached: an input that reaches others is worth keeping."""

    def __init__(self) -> None:
        self._seen: set[tuple[CodeType, int]] = set()
        self.grown = False

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Follow calls into the library, and nothing else."""
        if "/codecmark/" not in frame.f_code.co_filename:
            return None
        return self._line

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        place = frame.f_code, frame.f_lineno
        if place not in self._seen:
            self._seen.add(place)
            self.grown = True
        return self._line


def main(
    name: str, first: int, count: int, seconds: float, board_path: Path, folder: Path, found: Path
) -> None:
    """Run inputs from `first` on, until they are enough or the processor time is spent.

    Parameters
    ----------
    board_path, folder, found : Path
        The file of the `Board`, inputs that are mutated further, and where findings are written.
    """
    threads.limit(1)
    warnings.simplefilter("error")
    # third-party code warning about itself
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")
    target = named(name)
    pool = target.seeds()
    pool += [path.read_bytes() for path in sorted(folder.glob("*.bin"))]
    for seed in pool:  # what a first call loads and compiles is no input's doing
        target.run(seed)
    _bound_memory()
    lines = _Lines()
    findings: list[dict[str, Any]] = []
    with board_path.open("r+b") as file, mmap.mmap(file.fileno(), BOARD_BYTES) as shared:
        board = Board()
        until = time.process_time() + seconds
        for index in range(first, first + count):
            data = target.mutated(pool, random.Random(f"{name} {index}"))  # noqa: S311
            board = board._replace(at=index, length=min(len(data), LARGEST))
            shared[: HEAD.size] = HEAD.pack(*board)
            shared[HEAD.size : HEAD.size + board.length] = data[:LARGEST]
            is_traced = index < _TRACED and len(pool) < _MOST_KEPT
            outcome, spent = _run(target, data, lines if is_traced else None, findings)
            if is_traced and lines.grown and len(data) < 1 << 16:
                pool.append(data)
                digest = hashlib.sha256(data).hexdigest()[:16]
                (folder / f"{digest}.bin").write_bytes(data)
            board = board._replace(
                taken=board.taken + (outcome == "taken"),
                refused=board.refused + (outcome == "refused"),
                slowest_us=max(board.slowest_us, round(1e6 * spent)),
                peak_kib=round(own_peak_mib() * 1024),
            )
            if time.process_time() > until:
                break
        board = board._replace(at=board.at + 1, length=0)
        shared[: HEAD.size] = HEAD.pack(*board)
    found.write_text(json.dumps(findings))


def _run(
    target: Target, data: bytes, lines: _Lines | None, findings: list[dict[str, Any]]
) -> tuple[str, float]:
    """Return what came of an input, and the processor time that it took, in seconds."""
    start = time.process_time()
    if lines is not None:
        lines.grown = False
        sys.settrace(lines.trace)
    try:
        outcome: str = target.run(data)
    except Exception as error:
        sys.settrace(None)
        outcome = "found"
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        what = f"{type(error).__name__}: {error}"[:300]
        if len(findings) < _MOST_FOUND and where not in {each["where"] for each in findings}:
            findings.append({"what": what, "where": where, "data": data[:LARGEST].hex()})
    finally:
        sys.settrace(None)
    return outcome, time.process_time() - start


def _bound_memory() -> None:
    """Let an input that asks for gigabytes fail, before the machine does."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + _MORE_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    name, first, count, seconds, *paths = sys.argv[1:]
    main(name, int(first), int(count), float(seconds), *map(Path, paths))
