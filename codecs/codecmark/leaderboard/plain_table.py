"""A table of texts, with what it answers and what it means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Plain cells under headings, what they mean, and what is to be said below.

    `question` is what it answers, and the condition that it is of.
    """

    question: str
    condition: str
    title: str
    meaning: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...] = ()
    page_only: bool = True
