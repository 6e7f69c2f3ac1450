"""The sessions and answers of a test: one line each, on disk before it is acknowledged.

Lines are sealed by a checksum as rows are. A last line that was cut off by a kill was never
acknowledged, and is dropped when the file is opened.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self

import msgspec
from filelock import FileLock, Timeout

from codecmark.errors import InputError
from codecmark.listen.design import ANSWERS, LOCK, Design
from codecmark.listen.entries import (
    Answer,
    Elsewhere,
    Entry,
    Joined,
    Stated,
    check_elsewhere,
    entry_of,
    whole_lines,
)
from codecmark.listen.pseudonyms import chosen, look
from codecmark.listen.synchronised_lines import SynchronisedLines
from codecmark.listen.turns import Turn, check, draw
from codecmark.results.lines import sealed

MOST_LISTENERS = 10_000
LONGEST_COMMENT = 500
_MOST_PAGE_S = 1e7


class AnsweredError(InputError):
    """A page was answered before, and otherwise."""


class Journal:
    """The open file of a test; one process at a time, any number of threads.

    `lines` says what of it is on disk.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self._lock = threading.Lock()
        self._process_lock = FileLock(design.folder / LOCK)
        self._sessions: dict[str, Joined] = {}
        self._names: set[str] = set()
        self._stated: set[str] = set()
        self._answers: dict[tuple[str, str], Answer] = {}
        self._elsewhere: dict[tuple[str, str], Elsewhere] = {}
        self._turns: dict[str, dict[str, Turn]] = {}
        path = design.folder / ANSWERS
        try:
            self._process_lock.acquire(blocking=False)
        except Timeout as error:
            raise InputError(
                f"{design.folder}: another process serves or imports this test; end it first"
            ) from error
        try:
            stored = whole_lines(path)
            for line in stored:
                self._take(entry_of(path, line))
            self.lines = SynchronisedLines(
                path, sum(map(len, stored)), ends=not stored or stored[-1].endswith(b"\n")
            )
        except BaseException:
            self._process_lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and release its lock."""
        self.lines.close()
        self._process_lock.release()

    @property
    def sessions(self) -> list[Joined]:
        """All sessions, in the order in which they began."""
        return list(self._sessions.values())

    @property
    def answers(self) -> list[Answer]:
        """Every page that was answered, training included."""
        return list(self._answers.values())

    def join(
        self,
        listener: str = "",
        headphones: bool | None = None,
        *,
        by_file: bool = False,
        waits: bool = True,
    ) -> Joined:
        """Begin a session; without a pseudonym the listener gets a number.

        On disk when this returns; without `waits` only after `lines.synchronise`. Only who has a
        file states a pseudonym later.

        Raises
        ------
        InputError
            If the pseudonym is taken, looks like one that is, or is none.
        """
        name = chosen(listener)
        with self._lock:
            index = len(self._sessions)
            if index >= MOST_LISTENERS:
                raise InputError(f"listener: this test has {MOST_LISTENERS} already")
            name = name or self._free_name(index + 1)
            if look(name) in self._names:
                raise InputError(
                    f"listener: {name!r} is taken; choose another name, or go on in the browser "
                    "that you began in"
                )
            joined = Joined(secrets.token_urlsafe(16), name, index, headphones, now(), by_file)
            self._append(joined)
        if waits:
            self.lines.synchronise()
        return joined

    def state(self, session: str, listener: str, headphones: bool | None) -> Joined:
        """Store what a listener stated in a file, and return the session; the first time counts.

        Two who had files may have chosen one pseudonym, and cannot be asked for another: the
        second keeps the number as well. What is no pseudonym, such as a mail address, is not kept.

        Raises
        ------
        InputError
            If there is no such session, or it began at the server.
        """
        joined = self.session(session)
        if joined.by_file is False:
            raise InputError("session: began at the server, and not with a file")
        try:
            name = chosen(listener) or joined.listener
        except InputError:
            name = joined.listener
        with self._lock:
            if session not in self._stated:
                if look(name) != look(joined.listener) and look(name) in self._names:
                    name = self._free_beside(name, joined)
                self._append(Stated(session, name, headphones, now()))
        self.lines.synchronise()
        return self.session(session)

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
        *,
        waits: bool = True,
    ) -> bool:
        """Store an answer; False if the page was answered before.

        On disk when this returns; without `waits` only after `lines.synchronise`, which a repeated
        post needs as well, since the first may not be there yet.

        The first answer counts: a post that is repeated changes nothing.

        Raises
        ------
        AnsweredError
            If the page was answered before with other values, which stand.
        InputError
            If session or page are not known, or the answer is not one to that page.
        """
        turn = self.check(session, page, values, heard_s, page_s, comment)
        made = Answer(
            session, page, turn.items, tuple(values), tuple(round(float(s), 2) for s in heard_s),
            round(float(page_s), 1), comment.encode("utf-8", "replace").decode(), now(),
        )  # fmt: skip
        with self._lock:
            before = self._answers.get((session, page))
            if before is None:
                self._append(made)
        if waits:
            self.lines.synchronise()
        if before is not None and before.values != made.values:
            raise AnsweredError("values: this page was answered before, and that answer stands")
        return before is None

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
        if type(page_s) not in {int, float} or not 0 <= page_s < _MOST_PAGE_S:
            raise InputError("page_s: must be seconds")
        return turn

    def take_elsewhere(self, given: Sequence[Elsewhere]) -> tuple[int, int]:
        """Store answers that another tool asked for; return how many are new, and how many not.

        Raises
        ------
        InputError
            If one is not to a page of this test, or contradicts one that is stored or given
            twice; nothing is stored then.
        """
        with self._lock:
            fresh: dict[tuple[str, str], Elsewhere] = {}
            for each in given:
                check_elsewhere(self.design, each)
                if not 0 <= each.page_s < _MOST_PAGE_S:
                    raise InputError(f"page_s: {each.page_s:g} s on page {each.page} is no time")
                key = each.name, each.page
                before = self._elsewhere.get(key) or fresh.get(key)
                if before is None:
                    fresh[key] = each
                elif (before.stimuli, before.values) != (each.stimuli, each.values):
                    raise InputError(
                        f"values: page {each.page} of {each.name} was taken in before with other "
                        "values; if these are two people, give one another pseudonym"
                    )
            listeners = {name for name, _ in (*self._elsewhere, *fresh)}
            if len(listeners) > MOST_LISTENERS:
                raise InputError(f"listeners: {len(listeners)}, more than {MOST_LISTENERS}")
            for each in fresh.values():
                self._append(each)
        self.lines.synchronise()
        return len(fresh), len(given) - len(fresh)

    def _free_name(self, number: int) -> str:
        while look(f"listener {number}") in self._names:  # somebody chose it as a pseudonym
            number += 1
        return f"listener {number}"

    def _free_beside(self, name: str, joined: Joined) -> str:
        number = joined.index + 1
        while look(free := f"{name[:20]} (listener {number})") in self._names:
            number += 1
        return free

    def _append(self, entry: Entry) -> None:
        self.lines.append(sealed(msgspec.json.encode(entry).decode()))
        self._take(entry)

    def _take(self, entry: Entry) -> None:
        if isinstance(entry, Joined):
            self._sessions[entry.session] = entry
            self._names.add(look(entry.listener))
        elif isinstance(entry, Stated):
            self._take(entry.of(self.session(entry.session)))
            self._stated.add(entry.session)
        elif isinstance(entry, Answer):
            self._answers[entry.session, entry.page] = entry
        else:
            self._elsewhere[entry.name, entry.page] = entry


def now() -> str:
    """Return the time as entries state it, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
