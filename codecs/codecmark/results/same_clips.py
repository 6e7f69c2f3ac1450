"""Whether clips of one name are one sound: rows are paired, ranked and judged by that name.

Rows could be of two corpora whose files have the same names, or of a file that was replaced. The
digest of a clip, `clip_sha256`, tells them apart. A network without trained weights is given the
start of a clip only and has no figures of quality, so its rows are not asked; nor are those that
failed, which may know no more than the clip that was to be changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

from codecmark.errors import InputError
from codecmark.results.row import AXES, ResultRow
from codecmark.system.counting import counted

_clip = attrgetter("clip", "condition", *AXES)
_NAMED = 3  # codecs that an error names of each sound
REMEDY = (
    "measure them over one corpus with `codecmark run --corpus PATH`, which begins a new run where "
    "sounds differ, or choose another run with --run"
)


class Sounds:
    """The sound of each clip of the rows seen so far."""

    def __init__(self) -> None:
        self._first: dict[tuple[object, ...], ResultRow] = {}

    def require(self, rows: Iterable[ResultRow]) -> None:
        """Look at more rows.

        Raises
        ------
        InputError
            If one is of another sound than an earlier one of its clip, condition and axes: names
            the clip, the codecs of each sound, and what to do.
        """
        for row in filter(_tells, rows):
            first = self._first.setdefault(_clip(row), row)
            if first.clip_sha256 != row.clip_sha256:
                raise _error([first, row])


def require(rows: Iterable[ResultRow]) -> None:
    """Check that rows of one clip, condition and axes are of one sound.

    Raises
    ------
    InputError
        As `Sounds.require`, naming more codecs.
    """
    rows = list(rows)
    try:
        Sounds().require(rows)
    except InputError:
        raise _error(rows) from None


def _tells(row: ResultRow) -> bool:
    is_whole = row.status == "ok" and row.weights != "random"
    return is_whole and bool(row.clip_sha256) and row.clip is not None


def _error(rows: Iterable[ResultRow]) -> InputError:
    by_clip: dict[tuple[object, ...], dict[str | None, list[str]]] = {}
    for row in filter(_tells, rows):
        by_clip.setdefault(_clip(row), {}).setdefault(row.clip_sha256, []).append(row.spec)
    mixed = {clip: sounds for clip, sounds in by_clip.items() if len(sounds) > 1}
    (name, condition, *_), sounds = next(iter(mixed.items()))
    others = len({clip[0] for clip in mixed}) - 1
    return mixed_error(str(name), str(condition), list(sounds.values()), others)


def mixed_error(
    clip: str, condition: str, sounds: Sequence[Sequence[str]], others: int
) -> InputError:
    """Return the error on a clip name that stands for several sounds.

    Parameters
    ----------
    sounds : sequence
        The specs of each sound.
    others : int
        How many more clips there are of which that holds.
    """
    codecs = " and another for ".join(_listed(specs) for specs in sounds)
    more = f", and {counted(others, 'more clip')} likewise" if others else ""
    return InputError(
        f"clip: {clip} under {condition} is one sound for {codecs}, by clip_sha256{more}; such "
        f"rows cannot be compared: {REMEDY}"
    )


def _listed(specs: Sequence[str]) -> str:
    names = list(dict.fromkeys(specs))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
