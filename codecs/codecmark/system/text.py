"""Text from outside (file names, messages of libraries) that can be stored and shown anywhere."""

from __future__ import annotations

import unicodedata

# what a terminal or a page acts on instead of showing: controls, and marks of text direction
_ACTED_ON = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# the marks among them, which no page needs, as text that shows them
MARKS = {
    ord(letter): letter.encode("unicode_escape").decode()
    for letter in (*sorted(_DIRECTIONS), "\u2028", "\u2029")
}

MOST_OF_A_MESSAGE = 2_000  # characters


def storable(text: str) -> str:
    r"""Return text that can be encoded: half of a surrogate pair becomes e.g. `\udcff`."""
    return text.encode("utf-8", "backslashreplace").decode()


def legible(text: str) -> str:
    r"""Return text in one line without anything that is acted on: escapes such as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        letter.encode("unicode_escape").decode()
        if unicodedata.category(letter) in _ACTED_ON or letter in _DIRECTIONS
        else letter
        for letter in text
    )


def shortened(text: str, most: int = MOST_OF_A_MESSAGE) -> str:
    """Return text of at most `most` characters: of a longer one the middle is left out."""
    if len(text) <= most:
        return text
    gap = f" [... {len(text)} characters ...] "
    start = (most - len(gap)) // 2
    return text[:start] + gap + text[len(text) - (most - len(gap) - start) :]
