"""Records on disk: which file a decision is, and writing it without losing what people wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from codecmark.errors import InputError
from codecmark.results.row import ResultRow
from codecmark.review import handwritten, stored
from codecmark.review.decision import Decision, decide_within
from codecmark.review.record import markdown
from codecmark.review.requirements_file import load
from codecmark.system import whole_files

DECISIONS = "decisions"
_RECORD = re.compile(r"^(\d{4})-([^/\\]+)$")
_LISTED = re.compile(r"^supersedes: (.+)$", re.MULTILINE)
_STATUS = re.compile(r"^status: .*$", re.MULTILINE)


def path_of(title: str, folder: Path) -> Path:
    """Return the file of a decision: the one with its title, or one with the next number."""
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "decision"
    numbered = [m for m in (_RECORD.match(path.stem) for path in folder.glob("*.md")) if m]
    same = sorted(m.group(0) for m in numbered if m.group(2) == slug)
    if same:
        return folder / f"{same[0]}.md"
    number = 1 + max((int(m.group(1)) for m in numbered), default=0)
    return folder / f"{number:04d}-{slug}.md"


def text_of(decision: Decision, source: str, path: Path) -> str:
    """Return the record as it would be written to `path`, hand-written parts kept.

    Raises
    ------
    InputError
        If there is a file that no review wrote, its marks are broken, or a record that this one
        supersedes does not exist.
    """
    kept: dict[str, str] = {}
    if path.exists():
        old = path.read_text(encoding="utf-8")
        try:
            kept = handwritten.parts(old)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        if not kept:
            raise InputError(f"{path}: was not written by a review; move it, or choose a title")
    for name in decision.requirements.supersedes:
        if not _RECORD.match(name) or not (path.parent / f"{name}.md").is_file():
            raise InputError(f"supersedes: no record {name!r} in {path.parent}; name one there")
    newer = [
        other.stem
        for other in sorted(path.parent.glob("*.md"))
        if path.stem in _superseded(other.read_text(encoding="utf-8"))
    ]
    return markdown(decision, source, kept, newer[-1] if newer else None)


def write(decision: Decision, source: str, results: Path) -> Path:
    """Write decision and record below `results/decisions`; return the record's path.

    The decision is JSON beside the record. The record's name goes into those that it supersedes.

    Raises
    ------
    InputError
        If it cannot be written; see `text_of`.
    """
    folder = results / DECISIONS
    path = path_of(decision.requirements.title, folder)
    try:
        text = text_of(decision, source, path)
        superseded = [folder / f"{name}.md" for name in decision.requirements.supersedes]
        for kept in (path, *superseded):  # their texts are read, and come back into the folder
            whole_files.refuse_link(kept)
        _write_inside(path.with_suffix(".json"), stored.encoded(decision), results)
        _write_inside(path, text, results)
        for older in superseded:
            status = f'status: "superseded by [{path.stem}]({path.stem}.md)"'
            text = older.read_text(encoding="utf-8")
            _write_inside(older, _STATUS.sub(status, text, count=1), results)
    except OSError as error:
        raise InputError(whole_files.cannot_write(path, error)) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: cannot be written ({error})") from error
    return path


def _write_inside(path: Path, content: str | bytes, results: Path) -> None:
    whole_files.write_inside(results, path.relative_to(results), content)


def renew(results: Path, rows: Sequence[ResultRow]) -> list[Path]:
    """Write the record of each requirements file in `results/decisions`; return their paths.

    Raises
    ------
    InputError
        If a file is not usable or a record cannot be written.
    """
    sources = sorted((results / DECISIONS).glob("*.toml"))
    asked = {source: load(source) for source in sources}
    return [
        write(decide_within(results, rows, requirements), str(source), results)
        for source, requirements in asked.items()
    ]


def _superseded(text: str) -> list[str]:
    """Return whom a record supersedes, from its front matter."""
    front_matter = text.split("\n---\n", 1)[0] if text.startswith("---\n") else ""
    listed = _LISTED.search(front_matter)
    return listed.group(1).split(", ") if listed else []
