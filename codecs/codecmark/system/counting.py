"""Numbers of things in messages."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """Return e.g. `1 clip`, `2 clips`; `thing` is a noun whose plural ends in s."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
