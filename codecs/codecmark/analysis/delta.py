"""Bjøntegaard deltas: how many more bits for the same quality, how much quality for the same bits.

Bjøntegaard (2001), VCEG-M33, integrates the gap between two curves over log rate. Here the curves
are PCHIP interpolations, as in JCTVC-L1100; a single cubic, the original, is off by orders of
magnitude where a metric saturates. Akima's interpolation stands beside it: where the two differ,
the points are too few to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codecmark.analysis.curves import Curve, Point, hull

DEFAULT_ANCHORS = ("opus@vbr", "opus")  # Opus as its users run it, else at constant bitrate
MIN_POINTS = 4
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Delta:
    """The mean gap between two curves where they overlap.

    Attributes
    ----------
    pchip, akima : float
        Per cent of rate (negative: fewer bits than the anchor) or the metric's unit.
    overlap_percent : float
        Shared part of the range that the two curves span together, 0..100.
    """

    pchip: float
    akima: float
    overlap_percent: float

    @property
    def disputed(self) -> bool:
        """Whether the two interpolations disagree on who is better."""
        return self.pchip * self.akima < 0


@dataclass(frozen=True)
class Refusal:
    """No figure, and why."""

    reason: str


@dataclass(frozen=True)
class Distance:
    """How far a point lies from the anchor's curve at the same quality.

    `factor` is the anchor's rate over the point's own: 2 means that the anchor needs twice the
    bits, so above 1 the point is better.
    """

    spec: str
    factor: float | Refusal


@dataclass(frozen=True)
class CurveGap:
    """A codec's curve against the anchor's.

    Attributes
    ----------
    points : int
        Settings on the codec's curve.
    dropped, anchor_dropped : int
        Points of either curve that cost more than another without being better.
    bd_rate : Delta or Refusal
        In per cent.
    bd_quality : Delta or Refusal
        In the metric's unit; below 0 is better where lower is better.
    distances : tuple of Distance
        For each point of the codec.
    """

    name: str
    anchor: str
    points: int
    dropped: int
    anchor_dropped: int
    bd_rate: Delta | Refusal
    bd_quality: Delta | Refusal
    distances: tuple[Distance, ...]


def compare(curve: Curve, anchor: Curve) -> CurveGap:
    """Compare two curves of one metric over the same clips."""
    ours, theirs = hull(curve), hull(anchor)
    return CurveGap(
        curve.name,
        anchor.name,
        len(curve.points),
        len(curve.points) - len(ours),
        len(anchor.points) - len(theirs),
        bd_rate(ours, theirs, curve.sign),
        bd_quality(ours, theirs),
        tuple(Distance(p.spec, distance(p, theirs, curve.sign)) for p in curve.points),
    )


def bd_rate(ours: Sequence[Point], theirs: Sequence[Point], sign: int = 1) -> Delta | Refusal:
    """Return the mean change of rate at equal quality, in per cent of the anchor's rate.

    Parameters
    ----------
    ours, theirs : sequences of Point
        Hulls: rate and quality ascend together.
    sign : int
        1 where higher is better, -1 where lower is.
    """
    gap = _gap(_quality(ours, sign), _log_rate(ours), _quality(theirs, sign), _log_rate(theirs))
    if isinstance(gap, Refusal):
        return gap
    pchip, akima = (100 * float(np.expm1(value)) for value in (gap.pchip, gap.akima))
    return Delta(pchip, akima, gap.overlap_percent)


def bd_quality(ours: Sequence[Point], theirs: Sequence[Point]) -> Delta | Refusal:
    """Return the mean change of quality at equal rate, in the metric's unit."""
    return _gap(_log_rate(ours), _quality(ours), _log_rate(theirs), _quality(theirs))


def distance(point: Point, anchor: Sequence[Point], sign: int = 1) -> float | Refusal:
    """Return the rate of the anchor at the quality of `point`, over the rate of `point`.

    Parameters
    ----------
    anchor : sequence of Point
        A hull.
    """
    from scipy.interpolate import PchipInterpolator  # slow to import, and every command would

    if len(anchor) < 2:
        return Refusal("the anchor's curve has fewer than 2 points")
    levels, quality = _quality(anchor, sign), sign * point.quality.mean
    if not levels[0] <= quality <= levels[-1]:
        edge, end = ("worse", anchor[0]) if quality < levels[0] else ("better", anchor[-1])
        return Refusal(f"{edge} than {end.spec}, where the anchor's curve ends")
    log_rate = float(PchipInterpolator(levels, _log_rate(anchor))(quality))
    return float(np.exp(log_rate)) / point.rate_kbps


def _gap(x: _Floats, y: _Floats, x_anchor: _Floats, y_anchor: _Floats) -> Delta | Refusal:
    from scipy.interpolate import Akima1DInterpolator, PchipInterpolator

    for who, points in (("the curve", x), ("the anchor", x_anchor)):
        if len(points) < MIN_POINTS:
            return Refusal(
                f"{who} has {len(points)} of the {MIN_POINTS} points that are needed, "
                "each better than every cheaper one"
            )
    low, high = max(x[0], x_anchor[0]), min(x[-1], x_anchor[-1])
    if low >= high:
        return Refusal("the curves do not overlap")
    overlap = (high - low) / (max(x[-1], x_anchor[-1]) - min(x[0], x_anchor[0]))
    pchip, akima = (
        float(method(x, y).integrate(low, high) - method(x_anchor, y_anchor).integrate(low, high))
        / float(high - low)
        for method in (PchipInterpolator, Akima1DInterpolator)
    )
    return Delta(pchip, akima, 100 * float(overlap))


def _log_rate(points: Sequence[Point]) -> _Floats:
    return np.log([point.rate_kbps for point in points])


def _quality(points: Sequence[Point], sign: int = 1) -> _Floats:
    return sign * np.array([point.quality.mean for point in points])
