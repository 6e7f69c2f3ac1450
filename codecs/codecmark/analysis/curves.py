"""Rate-distortion curves: the settings of one codec as points of rate and quality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from codecmark.analysis.samples import Scored, collect, latest_rows
from codecmark.analysis.statistics import Estimate, estimate
from codecmark.metrics import rate
from codecmark.metrics.table import TABLE
from codecmark.results.row import ResultRow
from codecmark.spec import without_setting


@dataclass(frozen=True)
class Point:
    """One setting.

    Attributes
    ----------
    rate_kbps : float
        Bits of all streams over seconds of all clips, in kbit/s.
    quality : Estimate
        Mean of the metric over sources, in its unit.
    """

    spec: str
    rate_kbps: float
    quality: Estimate


@dataclass(frozen=True)
class Curve:
    """The settings of one codec, by ascending rate.

    Attributes
    ----------
    name : str
        Spec without its setting: `opus`, `encodec:24khz`.
    metric : str
        Row field of the quality.
    points : tuple of Point
        Settings that were scored on every clip.
    left_out : dict[str, str]
        The other settings, each with the reason.
    """

    name: str
    metric: str
    points: tuple[Point, ...]
    left_out: dict[str, str]

    @property
    def sign(self) -> int:
        """1 where higher is better, -1 where lower is."""
        return TABLE[self.metric].sign


def curves(
    rows: Iterable[ResultRow], metric: str, clip_class: str | None = None
) -> dict[str, Curve]:
    """Return the curve of every codec, by name.

    Parameters
    ----------
    rows : iterable of ResultRow
        Of one condition.
    metric : str
        A quality field of the row.
    clip_class : str, optional
        Only clips of this class; ViSQOL, PESQ and ESTOI are on one scale only within a class.

    Raises
    ------
    InputError
        If the metric or class is unknown, or the rows are of several conditions.
    """
    latest = latest_rows(rows, clip_class)
    groups: dict[str, list[Scored]] = {}
    for spec, scored in collect(latest, metric, clip_class).items():
        groups.setdefault(without_setting(spec), []).append(scored)
    rates = rates_kbps(latest)
    return {name: _curve(name, metric, group, rates) for name, group in groups.items()}


def rates_kbps(rows: Iterable[ResultRow]) -> dict[str, float]:
    """Return kbit/s for each spec: bits of its streams over seconds of its clips."""
    totals: dict[str, tuple[int, float]] = {}
    for row in rows:
        if row.stream_bytes is not None and row.clip_s:
            stream_bytes, seconds = totals.get(row.spec, (0, 0.0))
            totals[row.spec] = stream_bytes + row.stream_bytes, seconds + row.clip_s
    return {spec: rate.bitrate_kbps(*total) for spec, total in totals.items()}


def hull(curve: Curve) -> tuple[Point, ...]:
    """Return the points that no cheaper point equals or beats: rate and quality both ascend."""
    ascending: list[Point] = []
    for point in sorted(curve.points, key=lambda p: (p.rate_kbps, -curve.sign * p.quality.mean)):
        if not ascending or curve.sign * (point.quality.mean - ascending[-1].quality.mean) > 0:
            ascending.append(point)
    return tuple(ascending)


def _curve(name: str, metric: str, group: Sequence[Scored], rates: Mapping[str, float]) -> Curve:
    points, left_out = [], {}
    for scored in group:
        if scored.gap is not None:
            left_out[scored.spec] = scored.gap
        elif scored.exact:
            left_out[scored.spec] = "exact: its quality is no number"
        elif scored.spec not in rates:
            left_out[scored.spec] = "no size was measured"
        else:
            sources = [scored.sources[clip] for clip in scored.values]
            quality = estimate(list(scored.values.values()), sources, TABLE[metric].range)
            points.append(Point(scored.spec, rates[scored.spec], quality))
    points.sort(key=lambda point: (point.rate_kbps, point.spec))
    return Curve(name, metric, tuple(points), left_out)
