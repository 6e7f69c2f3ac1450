"""The sessions and answers of a test: one line each, on disk before it is acknowledged.

Lines are appended under one lock, synchronised, and sealed by a checksum as rows are. A last line
that was cut off by a kill was never acknowledged, and is dropped when the file is opened.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec
from filelock import FileLock, Timeout

from codecmark.errors import InputError, ResultSchemaError
from codecmark.listen.design import ANSWERS, Design
from codecmark.listen.turns import Turn, check, draw
from codecmark.results.lines import is_torn, sealed, unsealed

MOST_LISTENERS = 10_000
LONGEST_COMMENT = 500
LONGEST_NAME = 40


class Joined(msgspec.Struct, frozen=True, tag="joined", forbid_unknown_fields=True):
    """The start of a session; `headphones` as the listener stated."""

    session: str
    listener: str
    index: int
    headphones: bool | None
    at: str


class Answer(msgspec.Struct, frozen=True, tag="answer", forbid_unknown_fields=True):
    """The answer to one page.

    Attributes
    ----------
    stimuli : tuple of str
        In the order shown, as in `Turn.items`.
    values : tuple of int
        As `turns.SCALES` says.
    heard_s : tuple of float
        How long each was heard, the open reference last.
    """

    session: str
    page: str
    stimuli: tuple[str, ...]
    values: tuple[int, ...]
    heard_s: tuple[float, ...]
    page_s: float
    comment: str
    at: str


Entry = Joined | Answer


class Journal:
    """The open file of a test; one process at a time, any number of threads."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self._lock = threading.Lock()
        self._sync_lock = threading.Lock()
        self._written = self._synced = 0
        self._process_lock = FileLock(design.folder / ".lock")
        self._sessions: dict[str, Joined] = {}
        self._names: set[str] = set()
        self._answers: dict[tuple[str, str], Answer] = {}
        self._turns: dict[str, dict[str, Turn]] = {}
        path = design.folder / ANSWERS
        try:
            self._process_lock.acquire(blocking=False)
        except Timeout as error:
            raise InputError(
                f"{design.folder}: another process serves or imports this test; end it first"
            ) from error
        whole = 0
        try:
            for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
                if is_torn(line):
                    break
                self._take(_entry(path, line))
                whole += len(line)
            self._file = path.open("ab", buffering=0)
            self._file.truncate(whole)
        except BaseException:
            self._process_lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and release its lock."""
        self._file.close()
        self._process_lock.release()

    @property
    def sessions(self) -> list[Joined]:
        """All sessions, in the order in which they began."""
        return list(self._sessions.values())

    @property
    def answers(self) -> list[Answer]:
        """Every page that was answered, training included."""
        return list(self._answers.values())

    def join(self, listener: str = "", headphones: bool | None = None) -> Joined:
        """Begin a session; without a pseudonym the listener gets a number.

        Raises
        ------
        InputError
            If the pseudonym is taken, or too long.
        """
        name = listener.strip()
        if len(name) > LONGEST_NAME or not name.isprintable() or "@" in name:
            raise InputError(
                f"listener: use a pseudonym of at most {LONGEST_NAME} letters, no mail address"
            )
        with self._lock:
            index = len(self._sessions)
            if index >= MOST_LISTENERS:
                raise InputError(f"listener: this test has {MOST_LISTENERS} already")
            name = name or f"listener {index + 1}"
            if name.casefold() in self._names:
                raise InputError(
                    f"listener: {name!r} is taken; choose another name, or go on in the browser "
                    "that you began in"
                )
            joined = Joined(secrets.token_urlsafe(16), name, index, headphones, _now())
            self._append(joined)
        self._synchronise()
        return joined

    def session(self, session: str) -> Joined:
        """Return a session, or raise `InputError`."""
        if session not in self._sessions:
            raise InputError("session: not one of this test; begin again")
        return self._sessions[session]

    def turns(self, session: str) -> dict[str, Turn]:
        """Return a session's pages in their order, by name."""
        joined = self.session(session)
        if session not in self._turns:
            drawn = draw(self.design, session, joined.index)
            self._turns[session] = {turn.page: turn for turn in drawn}
        return self._turns[session]

    def done(self, session: str) -> list[str]:
        """Return the pages that a session has answered."""
        return [page for page in self.turns(session) if (session, page) in self._answers]

    def answer(
        self,
        session: str,
        page: str,
        values: Any,
        heard_s: Any,
        page_s: float = 0.0,
        comment: str = "",
    ) -> bool:
        """Store an answer, on disk when this returns; False if the page was answered before.

        The first answer counts: a post that is repeated changes nothing.

        Raises
        ------
        InputError
            If session or page are not known, or the answer is not one to that page.
        """
        turn = self.check(session, page, values, heard_s, page_s, comment)
        made = Answer(
            session, page, turn.items, tuple(values), tuple(round(float(s), 2) for s in heard_s),
            round(float(page_s), 1), comment.encode("utf-8", "replace").decode(), _now(),
        )  # fmt: skip
        with self._lock:
            is_new = (session, page) not in self._answers
            if is_new:
                self._append(made)
        self._synchronise()  # a repeated post too: the first may not be on disk yet
        return is_new

    def check(
        self,
        session: str,
        page: str,
        values: Any,
        heard_s: Any,
        page_s: float = 0.0,
        comment: str = "",
    ) -> Turn:
        """Return the turn that an answer is to, or raise as `answer` does; nothing is stored."""
        turn = self.turns(session).get(page)
        if turn is None:
            raise InputError(f"page: not one of this listener's: {page!r:.40}")
        check(self.design.plan.method, turn, values, heard_s)
        if not isinstance(comment, str) or len(comment) > LONGEST_COMMENT:
            raise InputError(f"comment: at most {LONGEST_COMMENT} characters")
        if type(page_s) not in {int, float} or not 0 <= page_s < 1e7:
            raise InputError("page_s: must be seconds")
        return turn

    def _append(self, entry: Entry) -> None:
        whole = os.fstat(self._file.fileno()).st_size
        try:
            self._file.write(sealed(msgspec.json.encode(entry).decode()))
        except OSError:  # a full disk: no half line may stay before the next
            os.ftruncate(self._file.fileno(), whole)
            raise
        self._take(entry)
        self._written += 1

    def _synchronise(self) -> None:
        """Return once everything written so far is on disk; one call serves all who wait."""
        written = self._written
        with self._sync_lock:
            if self._synced < written:
                reached = self._written
                os.fsync(self._file.fileno())
                self._synced = reached

    def _take(self, entry: Entry) -> None:
        if isinstance(entry, Joined):
            self._sessions[entry.session] = entry
            self._names.add(entry.listener.casefold())
        else:
            self._answers[entry.session, entry.page] = entry


def read(design: Design) -> tuple[list[Joined], list[Answer]]:
    """Return what the file holds, checked against the plan, while others may write to it.

    Raises
    ------
    InputError
        If a line was changed, or is of a listener or page that the test does not have.
    """
    path = design.folder / ANSWERS
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    entries = [_entry(path, line) for line in lines if not is_torn(line)]
    joined = {each.session: each for each in entries if isinstance(each, Joined)}
    answers = [each for each in entries if isinstance(each, Answer)]
    _check_all(design, path, joined, answers)
    return list(joined.values()), answers


def _check_all(
    design: Design, path: Path, joined: dict[str, Joined], answers: Iterable[Answer]
) -> None:
    turns = {
        (each.session, turn.page): turn
        for each in joined.values()
        for turn in draw(design, each.session, each.index)
    }
    seen = set()
    for each in answers:
        turn = turns.get((each.session, each.page))
        if turn is None or turn.items != each.stimuli:
            raise InputError(f"{path}: page {each.page} is not what this listener was given")
        if (each.session, each.page) in seen:
            raise InputError(f"{path}: page {each.page} is there twice for one listener")
        seen.add((each.session, each.page))
        check(design.plan.method, turn, each.values, each.heard_s)


def _entry(path: Path, line: bytes) -> Entry:
    try:
        content, has_seal = unsealed(line)
        if not has_seal:
            raise ResultSchemaError("crc32: absent")
        return msgspec.json.decode(content, type=Joined | Answer)
    except (ResultSchemaError, msgspec.MsgspecError, UnicodeError) as error:
        raise InputError(
            f"{path}: a line is not what was written ({error}); restore the file from a copy"
        ) from error


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
