"""One metric of every codec, clip by clip: what statistics and curves are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from codecmark.errors import InputError
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.results import axes, same_clips
from codecmark.results.row import ResultRow
from codecmark.system.counting import counted


@dataclass(frozen=True)
class Scored:
    """One codec's values of one metric over the clips of one condition.

    Attributes
    ----------
    values : dict[str, float]
        By clip, finite, in the metric's unit.
    infinite : frozenset[str]
        Clips that came back exactly.
    sources : dict[str, str]
        Speaker or track of each clip in `values`.
    attempted : int
        Clips that any codec was given, this one's failures included.
    reason : str
        Why a value is absent, where one is.
    """

    spec: str
    values: dict[str, float]
    infinite: frozenset[str]
    sources: dict[str, str]
    attempted: int
    reason: str

    @property
    def exact(self) -> bool:
        """Whether every clip that was attempted came back exactly."""
        return bool(self.infinite) and len(self.infinite) == self.attempted

    @property
    def gap(self) -> str | None:
        """Why no mean over all clips can be formed; None for complete codecs."""
        got = len(self.values) + len(self.infinite)
        if got < self.attempted:
            return f"scored {got} of {counted(self.attempted, 'clip')}: {self.reason}"
        if self.infinite and self.values:
            clips = counted(self.attempted, "clip")
            return f"infinite on {len(self.infinite)} of {clips}: no mean exists"
        return None


def collect(
    rows: Iterable[ResultRow], name: str, clip_class: str | None = None
) -> dict[str, Scored]:
    """Return the values of the row field `name` for each codec, in the order of the rows.

    Parameters
    ----------
    rows : iterable of ResultRow
        Of one condition and one combination of axes. Of two rows for one codec and clip the later
        counts.
    clip_class : str, optional
        Only clips of this class.

    Raises
    ------
    InputError
        If `name` is no quality field, no clip is left, or as `latest_rows`.
    """
    if name not in QUALITY_FIELDS:
        raise InputError(f"metric: no {name!r}; choose one of {', '.join(QUALITY_FIELDS)}")
    latest = latest_rows(rows, clip_class)
    if not latest.clips:
        raise InputError(f"clips: none of class {clip_class!r} in these rows")
    attempted = len(latest.clips)
    return {spec: _scored(spec, group, name, attempted) for spec, group in latest.by_spec.items()}


class Latest(list[ResultRow]):
    """The newest row of each codec and clip, of one condition and one combination of axes."""

    def __init__(self, rows: Iterable[ResultRow]) -> None:
        super().__init__(rows)
        self._of_class: dict[str, Latest] = {}

    @cached_property
    def by_spec(self) -> dict[str, list[ResultRow]]:
        """The rows of each codec."""
        groups: dict[str, list[ResultRow]] = {}
        for row in self:
            groups.setdefault(row.spec, []).append(row)
        return groups

    @cached_property
    def clips(self) -> set[str]:
        """The clips that any codec was given."""
        return {row.clip for row in self if row.clip}

    def of_class(self, clip_class: str | None) -> Latest:
        """Return the rows of one class, or all; filtered once."""
        if clip_class is None:
            return self
        if clip_class not in self._of_class:
            kept = [row for row in self if row.clip_class in {clip_class, None}]
            self._of_class[clip_class] = Latest(kept) if len(kept) < len(self) else self
        return self._of_class[clip_class]


def latest_rows(rows: Iterable[ResultRow], clip_class: str | None = None) -> Latest:
    """Return the newest row of each codec and clip, of one class if named.

    Rows without a clip (unavailable codecs) stay. What it returned once is not looked at again.

    Raises
    ------
    InputError
        If the rows are of several conditions, of several combinations of axes, or of two sounds
        under one clip's name.
    """
    if isinstance(rows, Latest):
        return rows.of_class(clip_class)
    kept = [row for row in rows if clip_class is None or row.clip_class in {clip_class, None}]
    conditions = sorted({row.condition for row in kept})
    if len(conditions) > 1:
        raise InputError(f"condition: rows of {', '.join(conditions)}; statistics need one")
    axes.require_one(kept)
    latest = Latest({(row.spec, row.clip): row for row in kept}.values())
    same_clips.require(latest)
    return latest


def _scored(spec: str, rows: Sequence[ResultRow], name: str, attempted: int) -> Scored:
    measured = {row.clip or "": row for row in rows if getattr(row, name) is not None}
    infinite = {row.clip or "" for row in rows if row.is_exact(name)}
    there = {*measured, *infinite}
    absent = [row for row in rows if row.clip not in there]
    reasons = (row.reasons.get(name) or row.reason or "not measured" for row in absent)
    return Scored(
        spec,
        {clip: float(getattr(row, name)) for clip, row in measured.items()},
        frozenset(infinite),
        {clip: row.source or clip for clip, row in measured.items()},
        attempted,
        next(reasons, "not run on every clip"),
    )
