"""Injected faults: a file that cannot be opened, written, synchronised, renamed or removed.

`python -m fuzzing.faults OUT` tries every operation with every fault at every place where it can
happen, each in a folder of its own, and writes what came of them. Writing fails as on a full disk,
through a limit of the system on the size of files, so that libraries in C meet it too.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import resource
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from codecmark.__main__ import main
from codecmark.errors import CodecmarkError
from codecmark.listen import entries, ratings
from codecmark.listen.design import read as read_design
from codecmark.listen.journal import Journal
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.system import whole_files
from fuzzing import records
from listening_sets import panel
from listening_tests import planned
from made_rows import row

KINDS = ("open", "sync", "rename", "remove", "write")
_SIZES = (0, 1, 100, 1_000, 4_096, 10_000)  # bytes at which a file can grow no further
_ERRORS = (errno.ENOSPC, errno.EIO)
_MOST_PLACES = 12


@cache
def _disk() -> Disk:
    """Return the one of this process: its hook can be put in, and never taken out."""
    return Disk()


class Disk:
    """Fails once, at the n-th call of a kind below a folder."""

    def __init__(self) -> None:
        self.folder = ""
        self.kind = ""
        self.place = -1
        self.error = errno.ENOSPC
        self.met = 0
        self._real_sync = os.fsync
        sys.addaudithook(self._hook)
        os.fsync = self._sync  # type: ignore[assignment]

    def fail(self, kind: str, place: int, error: int, folder: Path) -> None:
        """Arm a fault."""
        self.kind, self.place, self.error, self.folder = kind, place, error, str(folder)
        self.met = 0

    def work(self) -> None:
        """Fail no more."""
        self.kind = ""

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        kind = {"open": "open", "os.rename": "rename", "os.remove": "remove"}.get(event)
        if kind == self.kind and kind and self.folder in os.fsdecode(str(arguments[0])):
            self._count()

    def _sync(self, descriptor: Any) -> None:
        if self.kind == "sync":
            self._count()
        self._real_sync(descriptor)

    def _count(self) -> None:
        self.met += 1
        if self.met == self.place + 1:
            raise OSError(self.error, os.strerror(self.error))


@contextmanager
def _files_up_to(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@dataclass(frozen=True)
class Operation:
    """What writes, what it starts from, and how to see what is there.

    Attributes
    ----------
    act : callable
        Raises a `CodecmarkError` or `OSError`, or returns an exit status.
    state : callable
        What a reader finds; anything it raises is a loss.
    parts : bool
        Whether a part of what was to be written may be there, as of rows that are appended.
    """

    name: str
    start: Callable[[Path], object]
    act: Callable[[Path], int | None]
    state: Callable[[Path], object]
    parts: bool = False


def _rows(folder: Path, run_id: str = "r1") -> list[tuple[str, str | None, float | None]]:
    if run_id not in store.run_ids(folder):
        return []
    try:
        found: list[ResultRow] = store.read(folder, [run_id])
    except CodecmarkError as error:
        if "no whole row" in str(error):
            return []
        raise
    return [(each.spec, each.clip, each.snr_db) for each in found]


def _append(folder: Path, *specs: str) -> int:
    store.append(folder, [row(spec) for spec in specs])
    return 0


def _command(*words: str, folder: Path | None = None) -> int:
    """Run a command; what it prints on an error is one line."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            status = main([*words, *([] if folder is None else [str(folder)])])
        except OSError as error:
            raise AssertionError(f"a traceback, not a line: {error!r}") from error
    if status and said.getvalue().count("\n") > 1:
        raise AssertionError(f"not one line: {said.getvalue()[:200]}")
    return status


def _damaged(folder: Path) -> None:
    _append(folder, "pcm16", "flac", "opus@24k")
    path = folder / "rows" / "r1.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"', b"'", 1)
    path.write_bytes(b"".join(lines))


def _lines(folder: Path) -> list[bytes]:
    """Every line that is anywhere, once: salvaging moves them."""
    found = {line for path in (folder / "rows").glob("r1.jsonl*")
             for line in path.read_bytes().splitlines()}  # fmt: skip
    return sorted(found)


def _two_shards(folder: Path) -> None:
    for number, spec in enumerate(("pcm16", "flac")):
        store.append(folder / "shards" / str(number), [row(spec)])


def _merge(folder: Path) -> int:
    return _command("merge", folder=folder)


def _record(folder: Path) -> int:
    with contextlib.redirect_stdout(io.StringIO()):
        return records.begun(folder)


def _set(folder: Path, listeners: int) -> None:
    ratings.write_set(folder / "set", panel(listeners=listeners, clips=1))


def _rated(folder: Path) -> int:
    return len({each.listener for each in ratings.read_set(folder / "set").ratings})


def _planned_test(folder: Path) -> None:
    planned(folder / "t", "acr", clips=1, seconds=0.1)
    with Journal(read_design(folder / "t")) as journal:
        journal.join("one")


def _join(folder: Path) -> None:
    with Journal(read_design(folder / "t")) as journal:
        if "two" not in {each.listener for each in journal.sessions}:
            journal.join("two")


def _joined(folder: Path) -> list[str]:
    return [each.listener for each in entries.read(read_design(folder / "t"))[0]]


def _page(folder: Path, text: str) -> None:
    whole_files.replace(folder / "page.md", text)


OPERATIONS = (
    Operation("rows of a new run", lambda _: None,
              lambda f: _append(f, "pcm16", "flac"), _rows, parts=True),
    Operation("more rows of a run", lambda f: _append(f, "pcm16"),
              lambda f: _append(f, "flac"), _rows, parts=True),
    Operation("compaction", lambda f: _append(f, "pcm16", "flac"),
              lambda f: _command("compact", folder=f), _rows),
    Operation("compaction of what was added",
              lambda f: _append(f, "pcm16") or (store.compact(f, "r1") and _append(f, "flac")),
              lambda f: _command("compact", folder=f), _rows),
    Operation("salvage", _damaged,
              lambda f: _command("verify", "--salvage", folder=f), _lines),
    Operation("merge", _two_shards, _merge, _rows, parts=True),
    Operation("leaderboard", lambda f: _append(f, "pcm16", "flac"),
              lambda f: _command("leaderboard", folder=f), _rows),
    Operation("decision record", _record, lambda f: _command(*records.words(f)), records.notes),
    Operation("listening set", lambda f: _set(f, 2), lambda f: _set(f, 3), _rated),
    Operation("listening answers", _planned_test, _join, _joined, parts=True),
    Operation("page", lambda f: _page(f, "old"), lambda f: _page(f, "new"),
              lambda f: (f / "page.md").read_text()),
)  # fmt: skip


def tried(disk: Disk, operation: Operation, kind: str, place: int, error: int) -> str | None:
    """Try one fault; return what was lost or went wrong, None if the fault was not met."""
    with TemporaryDirectory() as name:
        start, folder, whole = (Path(name) / each for each in ("start", "folder", "whole"))
        start.mkdir()
        operation.start(start)
        for copy in (folder, whole):
            shutil.copytree(start, copy)
        operation.act(whole)
        before, after = operation.state(start), operation.state(whole)
        raised = _acted(disk, operation, kind, place, error, folder)
        if raised is None:
            return None
        if raised:
            return raised
        try:
            state = operation.state(folder)
            if state not in (before, after) and not (operation.parts and _between(state, after)):
                return f"after it there was {state!r:.200}"
            status = operation.act(folder)
            state = operation.state(folder)
        except Exception as problem:
            return f"after it: {type(problem).__name__}: {problem}"[:300]
        if status:
            return f"the same again ended with {status}"
        return "" if state == after else f"the same again left {state!r:.200}"


def _acted(
    disk: Disk, operation: Operation, kind: str, place: int, error: int, folder: Path
) -> str | None:
    """Act while the disk fails; None if it went through, a text if it ended as it must not."""
    try:
        if kind == "write":
            with _files_up_to(_SIZES[place]):
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
    disk = _disk()
    counts: Counter[str] = Counter()
    findings = []
    for operation in operations:
        for kind in kinds:
            errors = _ERRORS if kind != "write" else (errno.EFBIG,)
            places = range(most if kind != "write" else len(_SIZES))
            for error in errors:
                for place in places:
                    found = tried(disk, operation, kind, place, error)
                    if found is None and kind != "write":
                        break
                    if found is not None:
                        counts[f"{operation.name}, {kind}"] += 1
                    if found:
                        findings.append(f"{operation.name}, {kind} {place}: {found}")
    return {"count": counts.total(), "by": dict(counts), "findings": findings}


if __name__ == "__main__":
    whole_files.replace(Path(sys.argv[1]), json.dumps(run()))
