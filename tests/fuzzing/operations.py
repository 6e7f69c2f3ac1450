"""What writes files that somebody wants to keep: what it starts from, does, and leaves."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
