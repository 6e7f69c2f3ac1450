"""The lines of a test's `answers.jsonl`: who came, what they said, and how they are read back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from codecmark.errors import InputError, ResultSchemaError
from codecmark.listen.design import ANSWERS, Design
from codecmark.listen.pseudonyms import is_pseudonym
from codecmark.listen.turns import check, check_values, draw, is_answer_to
from codecmark.results.lines import is_torn, unsealed


class Joined(msgspec.Struct, frozen=True, tag="joined", forbid_unknown_fields=True):
    """The start of a session; `headphones` as the listener stated.

    `by_file` says whether it is that of a file; None where it began before that was stored.
    """

    session: str
    listener: str
    index: int
    headphones: bool | None
    at: str
    by_file: bool | None = None


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


class Stated(msgspec.Struct, frozen=True, tag="stated", forbid_unknown_fields=True):
    """What a listener who had a file stated in it, after the session had begun under a number."""

    session: str
    listener: str
    headphones: bool | None
    at: str

    def of(self, joined: Joined) -> Joined:
        """Return the start of the session as if it had been stated then."""
        return msgspec.structs.replace(joined, listener=self.listener, headphones=self.headphones)


class Elsewhere(msgspec.Struct, frozen=True, tag="elsewhere", forbid_unknown_fields=True):
    """The answer to one page that another tool asked for; nobody can go on with it here.

    Attributes
    ----------
    tool, listener : str
        Who asked, and whom, as that tool names them.
    stimuli, values
        As in `Answer`; in the order of the plan, since the tool does not say what it showed.
    """

    tool: str
    listener: str
    page: str
    stimuli: tuple[str, ...]
    values: tuple[int, ...]
    page_s: float
    comment: str
    at: str

    @property
    def name(self) -> str:
        """How the listener is called among all listeners of the test."""
        return f"{self.tool} {self.listener}"


Entry = Joined | Stated | Answer | Elsewhere


def read(design: Design) -> tuple[list[Joined], list[Answer]]:
    """Return what the file holds, checked against the plan, while others may write to it.

    Whoever answered elsewhere is one more listener.

    Raises
    ------
    InputError
        If a line was changed, or is of a listener or page that the test does not have.
    """
    path = design.folder / ANSWERS
    entries = [entry_of(path, line) for line in whole_lines(path)]
    joined = {each.session: each for each in entries if isinstance(each, Joined)}
    answers = [each for each in entries if isinstance(each, Answer)]
    _check_all(design, path, joined, answers)
    for each in entries:
        if isinstance(each, Joined | Stated) and not each.listener.isprintable():
            raise InputError(f"{path}: listener: {each.listener!r:.60} holds what is no text")
        if isinstance(each, Stated):
            if each.session not in joined:
                raise InputError(f"{path}: a session that never began states something")
            joined[each.session] = each.of(joined[each.session])
        if isinstance(each, Elsewhere):
            check_elsewhere(design, each)
            joined.setdefault(each.name, Joined(each.name, each.name, len(joined), None, each.at))
            answers.append(
                Answer(
                    each.name, each.page, each.stimuli, each.values, (), each.page_s,
                    each.comment, each.at,
                )
            )  # fmt: skip
    seen = set()
    for answer in answers:
        if (answer.session, answer.page) in seen:
            raise InputError(f"{path}: page {answer.page} is there twice for one listener")
        seen.add((answer.session, answer.page))
    return list(joined.values()), answers


def check_elsewhere(design: Design, each: Elsewhere) -> None:
    """Check the answer of another tool, or raise `InputError`."""
    if not is_pseudonym(each.listener):
        raise InputError(f"listener: {each.listener!r:.60} is no pseudonym; replace it")
    page = design.page(each.page)
    if not is_answer_to(design.plan.method, page, each.stimuli):
        raise InputError(f"stimuli: not those of page {each.page}")
    expected = 1 if design.plan.method in {"ab", "abx"} else len(page.items)
    check_values(design.plan.method, expected, each.values)


def whole_lines(path: Path) -> list[bytes]:
    """Return the lines of a file, less a last one that was cut off; none where there is no file.

    A last line that lost no more than its end is whole. Lines end at a line feed and nowhere else:
    a carriage return is damage within one.
    """
    if not path.exists():
        return []
    *lines, last = path.read_bytes().split(b"\n")
    return [line + b"\n" for line in lines] + ([last] if last and not is_torn(last) else [])


def entry_of(path: Path, line: bytes) -> Entry:
    """Return a whole line of a file as an entry, or raise `InputError`."""
    try:
        content, has_seal = unsealed(line)
        if not has_seal:
            raise ResultSchemaError("crc32: absent")
        return msgspec.json.decode(content, type=Entry)
    except (ResultSchemaError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InputError(
            f"{path}: a line is not what was written ({error}); restore the file from a copy"
        ) from error


def _check_all(
    design: Design, path: Path, joined: dict[str, Joined], answers: Iterable[Answer]
) -> None:
    turns = {
        (each.session, turn.page): turn
        for each in joined.values()
        for turn in draw(design, each.session, each.index)
    }
    for each in answers:
        turn = turns.get((each.session, each.page))
        if turn is None or turn.items != each.stimuli:
            raise InputError(f"{path}: page {each.page} is not what this listener was given")
        check(design.plan.method, turn, each.values, each.heard_s)
