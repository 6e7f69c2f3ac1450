"""Under which licence a codec is: what the catalog says of it, and whether that was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from codecmark import catalog
from codecmark.catalog import facts
from codecmark.errors import CodecmarkError
from codecmark.spec import without_setting

_ASIDE = re.compile(r"\([^()]*\)")  # whose it is: `MIT (transformers)`
_OF_WEIGHTS = "weights "


@cache
def licence_of(spec: str) -> str | None:
    """Return the licence of a codec, code and weights, as its class states it.

    None where nothing here knows the codec. A codec with a network is not built for it.
    """
    known, codec = facts.table(), without_setting(spec)
    same = (entry for other, entry in known.items() if without_setting(other) == codec)
    if entry := known.get(spec) or next(same, None):
        return entry.licence
    try:
        return catalog.info(spec).licence or None
    except CodecmarkError:
        return None


def parts(licence: str) -> list[str]:
    """Return the licences that a statement names: `MIT (x); weights CC-BY-4.0` are two."""
    plain = (_ASIDE.sub("", part).strip() for part in licence.split(";"))
    return [part.removeprefix(_OF_WEIGHTS).strip() for part in plain if part]


def is_among(licence: str, among: Iterable[str]) -> bool:
    """Say whether every licence of a statement fits one of some patterns, in any case of letters.

    What is no plain name, such as `see their source`, fits none but `*`.
    """
    patterns = [pattern.lower() for pattern in among]
    named = [part.lower() for part in parts(licence)]
    return bool(named) and all(
        any(fnmatchcase(part, pattern) for pattern in patterns) for part in named
    )
