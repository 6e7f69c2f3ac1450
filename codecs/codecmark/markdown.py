"""Text that Markdown, or the HTML it becomes, must not act on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def escaped(text: str) -> str:
    """Escape what would be markup; a line end would end a table."""
    text = " ".join(text.splitlines())
    for plain, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|")):
        text = text.replace(plain, safe)
    return text


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> str:
    """Return a table of cells that are escaped already; the last `numbers` align right."""
    texts = len(headings) - numbers
    lines = [headings, ["---"] * texts + ["---:"] * numbers, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
