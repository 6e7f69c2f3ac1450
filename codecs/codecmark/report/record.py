"""The newest decision record, as far as the page quotes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from codecmark.errors import InputError

FOLDER = "decisions"
_FIRST_PART = re.compile(r"^##\s", re.MULTILINE)
_OUTCOME = re.compile(r"^##\s+Decision Outcome\s*$", re.IGNORECASE | re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s", re.MULTILINE)
_TITLE = re.compile(r"^#\s+(.+?)\s*$", re.MULTILINE)
_STATUS = re.compile(r"^status:\s*(.+?)\s*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_DEFINITION = re.compile(r"^\[[^\]\n]+\]:\s.*$", re.MULTILINE)  # of links that stand elsewhere
_HEADLINE = re.compile(r"\*\*(.+?)\*\*\s*")
_RISK = re.compile(r"^\*\*Largest risk\*\*[:.]?\s*(.+?)(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
_MARKED = re.compile(r"`([^`\n]+)`|[\"“]([^\"”\n]+)[\"”]")


@dataclass(frozen=True)
class Record:
    """A decision in MADR form.

    Attributes
    ----------
    path : Path
    title, status : str
        `status` is empty where the front matter has none.
    headline : str
        Markdown: the bold sentence that the summary begins with; empty where there is none.
    summary : str
        Markdown: what stands between title and first part, without the headline; in a record
        that has nothing there, its Decision Outcome down to the first subheading.
    risk : str
        Markdown: the summary's paragraph that begins with a bold "Largest risk", parted from it.
    definitions : str
        Markdown: what the links of all three stand for.
    body : str
        All of it, without front matter and comments.
    """

    path: Path
    title: str
    status: str
    headline: str
    summary: str
    risk: str
    definitions: str
    body: str

    def chosen(self, specs: Iterable[str]) -> str | None:
        """Return the first of `specs` that headline and summary name as code or in quotes."""
        known = set(specs)
        for found in _MARKED.finditer(f"{self.headline}\n{self.summary}"):
            text: str = next(filter(None, found.groups()))
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
    """Return the record that `text` holds; None if it says nothing that can be quoted."""
    front, body = _split(_COMMENT.sub("", text))
    title, status = _TITLE.search(body), _STATUS.search(front)
    summary = body[title.end() if title else 0 :]
    first = _FIRST_PART.search(summary)
    summary = summary[: first.start()].strip() if first else summary.strip()
    if not summary:
        outcome = _OUTCOME.search(body)
        rest = body[outcome.end() :] if outcome else ""
        until = _HEADING.search(rest)
        summary = (rest[: until.start()] if until else rest).strip()
    if not summary:
        return None
    bold = _HEADLINE.match(summary)
    if bold:
        summary = summary[bold.end() :]
    risk = _RISK.search(summary)
    if risk:
        summary = summary[: risk.start()] + summary[risk.end() :]
    return Record(
        path,
        title.group(1) if title else path.stem,
        status.group(1).strip("\"'") if status else "",
        bold.group(1) if bold else "",
        summary,
        risk.group(1) if risk else "",
        "\n".join(_DEFINITION.findall(body)),
        body,
    )


def _split(text: str) -> tuple[str, str]:
    """Part the front matter from the rest."""
    if text.startswith("---\n"):
        front, mark, body = text[4:].partition("\n---\n")
        if mark:
            return front, body
    return "", text
