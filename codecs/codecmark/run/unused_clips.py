"""Which clips a run leaves out, and why, in a few lines."""

from __future__ import annotations

from collections.abc import Mapping

from codecmark.system.counting import counted
from codecmark.system.text import legible

_NAMED = 3  # clips that are named of those that are left out for one reason


def lines(unused: Mapping[str, str]) -> list[str]:
    """Return a line for each reason, with the clips that it concerns.

    Parameters
    ----------
    unused : mapping
        For each clip that the condition does not admit, why.
    """
    clips_by_reason: dict[str, list[str]] = {}
    for name, reason in unused.items():
        clips_by_reason.setdefault(reason, []).append(name)
    return [
        legible(f"not used: {_named(names)}: {reason}") for reason, names in clips_by_reason.items()
    ]


def _named(names: list[str]) -> str:
    if len(names) <= _NAMED:
        return ", ".join(names)
    others = len(names) - _NAMED
    return f"{counted(len(names), 'clip')} ({', '.join(names[:_NAMED])} and {others} more)"
