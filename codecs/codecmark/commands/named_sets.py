"""The names of sets that a command was given."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from codecmark.errors import InputError
from codecmark.system.schema import near


def known(names: Iterable[str], sets: Collection[str]) -> list[str]:
    """Return each name once, or raise `InputError` for one that is no set."""
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in sets:
            raise InputError(
                f"SET: no set named {name!r};{near(name, sets)} known: {', '.join(sets)}"
            )
    return chosen
