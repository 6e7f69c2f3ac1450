"""Injected faults: a file that cannot be opened, written, synchronised, renamed or removed.

`python -m fuzzing.faults OUT` tries every operation with every fault at every place where it can
happen, each in a folder of its own, and writes what came of them. Writing fails as on a full disk,
through a limit of the system on the size of files, so that libraries in C meet it too.
"""

from __future__ import annotations

import errno
import json
import shutil
import signal
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from codecmark.errors import CodecmarkError
from codecmark.system import whole_files
from fuzzing.disk import SIZES, Disk, files_up_to, the_disk
from fuzzing.operations import OPERATIONS, Operation

KINDS = ("open", "sync", "rename", "remove", "write")
_ERRORS = (errno.ENOSPC, errno.EIO)
_MOST_PLACES = 12


class Started:
    """An operation, the folder that it starts from, and what a reader finds before and after."""

    def __init__(self, operation: Operation, folder: Path) -> None:
        self.operation = operation
        self.start, whole = folder / "start", folder / "whole"
        self.start.mkdir()
        operation.start(self.start)
        shutil.copytree(self.start, whole)
        operation.act(whole)
        self.before, self.after = operation.state(self.start), operation.state(whole)

    def tried(self, disk: Disk, kind: str, place: int, error: int) -> str | None:
        """Try one fault; return what was lost or went wrong, None if the fault was not met."""
        with TemporaryDirectory() as name:
            folder = Path(name) / "folder"
            shutil.copytree(self.start, folder)
            raised = _acted(disk, self.operation, kind, place, error, folder)
            return self._afterwards(folder) if raised == "" else raised

    def _afterwards(self, folder: Path) -> str:
        """Look at what there is, and do the same again."""
        operation = self.operation
        try:
            state = operation.state(folder)
            is_part = operation.parts and _between(state, self.after)
            if state not in (self.before, self.after) and not is_part:
                return f"after it there was {state!r:.200}"
            status = operation.act(folder)
            state = operation.state(folder)
        except Exception as problem:
            return f"after it: {type(problem).__name__}: {problem}"[:300]
        if status:
            return f"the same again ended with {status}"
        return "" if state == self.after else f"the same again left {state!r:.200}"


def _acted(
    disk: Disk, operation: Operation, kind: str, place: int, error: int, folder: Path
) -> str | None:
    """Act while the disk fails; None if it went through, a text if it ended as it must not."""
    try:
        if kind == "write":
            with files_up_to(SIZES[place]):
                status = operation.act(folder)
        else:
            disk.fail(kind, place, error, folder)
            status = operation.act(folder)
    except (CodecmarkError, OSError):
        return ""
    except Exception as problem:
        return f"raised {type(problem).__name__}: {problem}"[:300]
    finally:
        disk.work()
    was_met = disk.met > place if kind != "write" else bool(status)
    return "" if status or was_met else None


def _between(state: object, after: object) -> bool:
    return isinstance(state, list) and isinstance(after, list) and state == after[: len(state)]


def run(
    operations: tuple[Operation, ...] = OPERATIONS,
    kinds: tuple[str, ...] = KINDS,
    most: int = _MOST_PLACES,
) -> dict[str, Any]:
    """Try them all; return counts by operation and kind, and findings."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write fails with an error
    disk = the_disk()
    counts: Counter[str] = Counter()
    findings = []
    for operation in operations:
        with TemporaryDirectory() as name:
            started = Started(operation, Path(name))
            for kind, error in product(kinds, _ERRORS):
                if kind == "write" and error != _ERRORS[0]:  # there the system chooses
                    continue
                for place in range(most if kind != "write" else len(SIZES)):
                    found = started.tried(disk, kind, place, error)
                    if found is None and kind != "write":
                        break
                    if found is not None:
                        counts[f"{operation.name}, {kind}"] += 1
                    if found:
                        findings.append(f"{operation.name}, {kind} {place}: {found}")
    return {"count": counts.total(), "by": dict(counts), "findings": findings}


if __name__ == "__main__":
    whole_files.replace(Path(sys.argv[1]), json.dumps(run()))
