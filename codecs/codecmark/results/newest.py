"""Which run is meant where none is named: the newest, unless it is a part of an earlier one.

A run of a few codecs or clips that was tried beside a whole one, one without times, one that failed
where the earlier did not, or a new measurement of everything that is not through yet, does not take
the whole one's place. A run over other sounds under the same clip names is no part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import msgspec

from codecmark.errors import InputError
from codecmark.results import parquet, store
from codecmark.results.row import AXES

_Pair = tuple[str, str]  # condition and clip
_Axes = tuple[object, ...]


class _Place(msgspec.Struct):
    """What of a line says which row it is."""

    spec: str | None = None
    condition: str | None = None
    clip: str | None = None
    clip_sha256: str | None = None
    weights: str | None = None
    status: str | None = None
    encode_s: float | None = None
    # what the clip went through beside the codec, see `row.AXES`
    loss_percent: float | None = None
    loss_pattern: str | None = None
    concealment: str | None = None
    bit_error_rate: float | None = None
    passes: int | None = None
    passed_through: str | None = None
    noise_snr_db: float | None = None
    level_db: float | None = None
    overdrive_db: float | None = None
    shift_samples: int | None = None

    @property
    def axes(self) -> _Axes:
        return tuple(getattr(self, name) for name in AXES)


class _Extent:
    """What a run has rows of, read when it is asked for."""

    def __init__(self, results: Path, run_id: str) -> None:
        self.run_id = run_id
        self._lines = results / store.ROWS / f"{run_id}.jsonl"

    @property
    def has_worked(self) -> dict[tuple[str, _Pair, _Axes], tuple[bool, bool]]:
        """Of every codec, condition and clip, and axes, whether it was coded, and timed."""
        return self._read[0]

    @property
    def sounds(self) -> dict[tuple[_Pair, _Axes], str]:
        """The digest of each whole clip; untrained networks are given the start of one only."""
        return self._read[1]

    @cached_property
    def clips(self) -> set[_Pair]:
        """Condition and clip of every row."""
        return {pair for _, pair, _ in self.has_worked}

    @property
    def size(self) -> tuple[int, int]:
        """Number of rows of clips that were coded, and of those with times."""
        coded, timed = zip(*self.has_worked.values(), strict=True) if self.has_worked else ((), ())
        return sum(coded), sum(timed)

    def is_part_of(self, other: _Extent) -> bool:
        """Return whether the other run has all these clips, and more rows that count or times."""
        return (
            self.clips <= other.clips
            and self.size < other.size
            and all(
                other.sounds.get(clip, sha256) == sha256 for clip, sha256 in self.sounds.items()
            )
        )

    @cached_property
    def _read(
        self,
    ) -> tuple[dict[tuple[str, _Pair, _Axes], tuple[bool, bool]], dict[tuple[_Pair, _Axes], str]]:
        """Return `has_worked` and `sounds`, of one pass."""
        has_worked, sounds = {}, {}
        for place in self._places():
            if not (place.spec and place.condition and place.clip):
                continue
            pair = place.condition, place.clip
            is_timed = place.encode_s is not None
            has_worked[place.spec, pair, place.axes] = place.status == "ok", is_timed
            if place.clip_sha256 and place.status == "ok" and place.weights != "random":
                sounds[pair, place.axes] = place.clip_sha256
        return has_worked, sounds

    def _places(self) -> Iterator[_Place]:
        compacted = self._lines.with_suffix(".parquet")
        if compacted.is_file():
            fields = ", ".join(_Place.__struct_fields__)
            query = f"SELECT {fields} FROM {parquet.source(compacted)}"  # noqa: S608 - a path of ours
            for values in parquet.connect().execute(query).fetchall():
                yield _Place(*values)
        if self._lines.is_file():
            decoder = msgspec.json.Decoder(_Place)
            with self._lines.open("rb") as lines:
                for line in lines:
                    # torn, damaged or endlessly deep: reading it will say so
                    with suppress(msgspec.DecodeError, UnicodeError, RecursionError):
                        yield decoder.decode(line)


def newest(results: Path) -> str:
    """Return the run that is meant where none is named.

    Raises
    ------
    InputError
        If there is none.
    """
    run_ids = store.run_ids(results)
    if not run_ids:
        raise InputError(
            f"results: no rows below {results / store.ROWS}; run `codecmark run` first, or "
            "name the folder that has some"
        )
    *earlier, last = (_Extent(results, run_id) for run_id in run_ids)
    chosen = last
    for candidate in reversed(earlier):
        if chosen.is_part_of(candidate):
            chosen = candidate
    return chosen.run_id


def parts(results: Path, run_id: str) -> list[str]:
    """Return the runs that are newer than one and part of it, oldest first."""
    whole = _Extent(results, run_id)
    return [
        other
        for other in store.run_ids(results)
        if other > run_id and _Extent(results, other).is_part_of(whole)
    ]
