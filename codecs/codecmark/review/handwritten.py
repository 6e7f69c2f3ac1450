"""The parts of a record that people write, and that regeneration keeps.

They stand between `<!-- hand-written: NAME -->` and `<!-- /hand-written: NAME -->`.
"""

from __future__ import annotations

import re

from codecmark.errors import InputError

_MARK = re.compile(r"^<!-- (/?)hand-written: ([a-z-]+) -->$", re.MULTILINE)


def block(name: str, text: str) -> str:
    """Return a part between its marks."""
    return f"<!-- hand-written: {name} -->\n{text.strip()}\n<!-- /hand-written: {name} -->"


def parts(text: str) -> dict[str, str]:
    """Return the parts of a record by name.

    Raises
    ------
    InputError
        If marks are missing, doubled or crossed: what is theirs could not be told.
    """
    by_name: dict[str, str] = {}
    opened: re.Match[str] | None = None
    for mark in _MARK.finditer(text):
        name, closes = mark.group(2), bool(mark.group(1))
        if closes != (opened is not None) or (opened and opened.group(2) != name):
            raise InputError(f"hand-written: the marks of {name!r} are not a pair; mend them")
        if not closes:
            if name in by_name:
                raise InputError(f"hand-written: {name!r} is there twice; join the two")
            opened = mark
            continue
        assert opened is not None  # noqa: S101 (checked above)
        by_name[name] = text[opened.end() : mark.start()].strip()
        opened = None
    if opened is not None:
        raise InputError(f"hand-written: {opened.group(2)!r} has no end; add its closing mark")
    return by_name
