"""Pareto fronts: which codecs no other beats on every axis that is asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codecmark.analysis.curves import rates_kbps
from codecmark.analysis.samples import collect, latest_rows
from codecmark.analysis.statistics import estimate
from codecmark.errors import InputError
from codecmark.metrics.rate import real_time_factor
from codecmark.metrics.table import QUALITY_FIELDS, TABLE
from codecmark.results.row import ResultRow
from codecmark.system.counting import counted

COSTS = ("bitrate_kbps", "encode_rtf", "decode_rtf")


@dataclass(frozen=True)
class ParetoFront:
    """Who is on the front of some axes.

    Attributes
    ----------
    axes : tuple of str
        Row fields.
    values : dict[str, tuple of float]
        By spec, in the order of `axes`; infinite for an exact codec.
    dominators : dict[str, tuple of str]
        By spec, who is no worse on any axis and better on one; empty on the front.
    left_out : dict[str, str]
        Codecs that lack an axis, each with the reason.
    """

    axes: tuple[str, ...]
    values: dict[str, tuple[float, ...]]
    dominators: dict[str, tuple[str, ...]]
    left_out: dict[str, str]

    @property
    def members(self) -> tuple[str, ...]:
        """The specs on the front, in the order of the rows."""
        return tuple(spec for spec, above in self.dominators.items() if not above)


def front(
    rows: Iterable[ResultRow], axes: Sequence[str], clip_class: str | None = None
) -> ParetoFront:
    """Return the Pareto front over `axes`, by means alone.

    Parameters
    ----------
    rows : iterable of ResultRow
        Of one condition.
    axes : sequence of str
        `bitrate_kbps`, `encode_rtf`, `decode_rtf` and quality fields.

    Raises
    ------
    InputError
        If an axis is unknown, or a time is asked for and the rows come from several hosts.
    """
    if unknown := [axis for axis in axes if axis not in {*COSTS, *QUALITY_FIELDS}]:
        choices = ", ".join((*COSTS, *QUALITY_FIELDS))
        raise InputError(f"axis: no {unknown[0]!r}; choose from {choices}")
    latest = latest_rows(rows, clip_class)
    hosts = sorted({row.host for row in latest if row.host})
    if len(hosts) > 1 and {"encode_rtf", "decode_rtf"} & set(axes):
        raise InputError(f"host: speeds of {', '.join(hosts)} must not be compared")
    columns: list[dict[str, float]] = []
    left_out: dict[str, str] = {}
    for axis in axes:
        column, missing = _axis(latest, axis, clip_class)
        columns.append(column)
        for spec, reason in missing.items():
            left_out.setdefault(spec, f"{axis}: {reason}")
    specs = [spec for spec in dict.fromkeys(row.spec for row in latest) if spec not in left_out]
    values = {spec: tuple(column[spec] for column in columns) for spec in specs}
    signs = [TABLE[axis].sign for axis in axes]
    return ParetoFront(tuple(axes), values, dominators(values, signs), left_out)


def dominators(
    values: Mapping[str, Sequence[float]], signs: Sequence[int]
) -> dict[str, tuple[str, ...]]:
    """Return for each name who is no worse on any axis and better on at least one.

    Parameters
    ----------
    values : mapping of names to one number an axis
    signs : sequence of int
        For each axis 1 where higher is better, -1 where lower is.
    """
    good = {name: [s * v for s, v in zip(signs, v, strict=True)] for name, v in values.items()}
    return {
        name: tuple(
            other
            for other, theirs in good.items()
            if theirs != ours and all(t >= o for t, o in zip(theirs, ours, strict=True))
        )
        for name, ours in good.items()
    }


def _axis(
    rows: Sequence[ResultRow], axis: str, clip_class: str | None
) -> tuple[dict[str, float], dict[str, str]]:
    """Return the values by spec, and the reasons of those without one."""
    if axis in COSTS:
        return _costs(rows, axis)
    values, missing = {}, {}
    for spec, scored in collect(rows, axis, clip_class).items():
        if scored.gap is not None:
            missing[spec] = scored.gap
        elif scored.exact:
            values[spec] = float("inf")
        else:
            sources = [scored.sources[clip] for clip in scored.values]
            values[spec] = estimate(list(scored.values.values()), sources).mean
    return values, missing


def _costs(rows: Sequence[ResultRow], axis: str) -> tuple[dict[str, float], dict[str, str]]:
    clips = {row.clip for row in rows if row.clip}
    name = "stream_bytes" if axis == "bitrate_kbps" else f"{axis.partition('_')[0]}_s"
    measured = [row for row in rows if getattr(row, name) is not None and row.clip_s]
    counts = Counter(row.spec for row in measured)
    # totals over other clips are no cost of the same work
    absent = {
        row.spec: f"measured on {counts[row.spec]} of {counted(len(clips), 'clip')}"
        for row in rows
        if counts[row.spec] < len(clips)
    }
    whole = [row for row in measured if row.spec not in absent]
    if axis == "bitrate_kbps":
        return rates_kbps(whole), absent
    totals: dict[str, tuple[float, float]] = {}
    for row in whole:
        spent, seconds = totals.get(row.spec, (0.0, 0.0))
        totals[row.spec] = spent + getattr(row, name), seconds + (row.clip_s or 0.0)
    return {spec: real_time_factor(*total) for spec, total in totals.items()}, absent
