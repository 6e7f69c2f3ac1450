"""Text that Markdown, or the HTML it becomes, must not act on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from codecmark.system.text import legible

_ESCAPES = (
    ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|"), ("](", "]&#40;"), ("][", "]&#91;"),
)  # fmt: skip


def escaped(text: str) -> str:
    """Escape what would be markup; a line end would end a table."""
    text = legible(" ".join(text.splitlines()))
    for plain, safe in _ESCAPES:
        text = text.replace(plain, safe)
    return text


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> str:
    """Return a table of cells that are escaped already; the last `numbers` align right."""
    texts = len(headings) - numbers
    lines = [headings, ["---"] * texts + ["---:"] * numbers, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def with_sections(page: str, sections: Mapping[str, str]) -> str:
    """Return the page with these sections of level 2 in place of its own, new ones at the end.

    `sections` are texts below their headings, by heading.
    """
    before, *parts = page.split("\n## ")
    text_by_heading = dict(part.partition("\n")[::2] for part in parts)
    text_by_heading |= {heading: f"\n{text.strip()}\n" for heading, text in sections.items()}
    return before.rstrip("\n") + "".join(
        f"\n\n## {heading}\n{text.rstrip()}" for heading, text in text_by_heading.items()
    ) + "\n"  # fmt: skip
