"""The newest decision record, as far as the page quotes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from codecmark.errors import InputError

FOLDER = "decisions"
_OUTCOME = re.compile(r"^##\s+Decision Outcome\s*$", re.IGNORECASE | re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MARKED = re.compile(r"`([^`\n]+)`|[\"“]([^\"”\n]+)[\"”]|\*\*([^*\n]+)\*\*")


@dataclass(frozen=True)
class Record:
    """A decision in MADR form.

    Attributes
    ----------
    path : Path
    title, status : str
        `status` is empty where the front matter has none.
    outcome : str
        Markdown of the section Decision Outcome, down to its first subheading.
    """

    path: Path
    title: str
    status: str
    outcome: str

    def chosen(self, specs: Iterable[str]) -> str | None:
        """Return the first of `specs` that the outcome names in quotes, code or bold."""
        known = set(specs)
        for found in _MARKED.finditer(self.outcome):
            text = next(filter(None, found.groups())).strip("`\" ")
            if text in known:
                return text
        return None


def newest(results: Path) -> Record | None:
    """Return the record with the highest number in `results/decisions`, or None.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    paths = sorted((results / FOLDER).glob("[0-9]*.md"))
    if not paths:
        return None
    try:
        text = paths[-1].read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{paths[-1]}: cannot be read ({error})") from error
    return parse(paths[-1], text)


def parse(path: Path, text: str) -> Record | None:
    """Return the record that `text` holds; None if it has no Decision Outcome."""
    front, body = _split(text)
    status = re.search(r"^status:\s*(.+?)\s*$", front, re.MULTILINE)
    title = re.search(r"^#\s+(.+?)\s*$", body, re.MULTILINE)
    outcome = _OUTCOME.search(body)
    if outcome is None:
        return None
    rest = _COMMENT.sub("", body[outcome.end() :])
    until = _HEADING.search(rest)
    return Record(
        path,
        title.group(1) if title else path.stem,
        status.group(1).strip("\"'") if status else "",
        (rest[: until.start()] if until else rest).strip(),
    )


def _split(text: str) -> tuple[str, str]:
    """Part the front matter from the rest."""
    if text.startswith("---\n"):
        front, mark, body = text[4:].partition("\n---\n")
        if mark:
            return front, body
    return "", text
