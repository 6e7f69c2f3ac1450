"""How text of the rows is written on the page."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_HEADLINE = 60  # characters of a reason that stand in the table


def headline(reason: str) -> str:
    """Return how a reason begins, up to its first clause."""
    clause = re.split(r"[;(]", reason, maxsplit=1)[0].strip()
    return clause if len(clause) <= _HEADLINE else f"{clause[:_HEADLINE].rstrip()}…"


def minus(text: str) -> str:
    """Write a minus sign where a hyphen precedes a figure."""
    return re.sub(r"(?<![\w-])-(?=\d)", "−", str(text))


def spread(text: str) -> Markup:
    """Return a figure with its interval set apart."""
    figure, sign, rest = minus(text).partition(" ±")
    if not sign:
        return escape(figure)
    return Markup('{} <span class="pm">±{}</span>').format(figure, rest)
