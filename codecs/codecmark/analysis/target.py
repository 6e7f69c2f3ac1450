"""The price of a target: the smallest rate at which every demand on quality holds at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from codecmark.analysis.samples import latest_rows
from codecmark.analysis.settings import Setting, settings_of
from codecmark.errors import InputError
from codecmark.metrics.table import TABLE
from codecmark.results.row import ResultRow

Demand = Mapping[str, float]  # thresholds by row field, of which one has to hold


@dataclass(frozen=True)
class Interval:
    """Where the rate at the target lies, kbit/s.

    `low_open`, `high_open`: it may lie beyond the cheapest, the dearest setting that was measured.
    """

    low_kbps: float
    high_kbps: float
    low_open: bool
    high_open: bool


@dataclass(frozen=True)
class Reached:
    """The target is met.

    Attributes
    ----------
    rate_kbps : float
        The smallest such rate on the measured range, kbit/s.
    between : tuple of str
        The two settings it was interpolated between, or the one that it is.
    may_be_lower : bool
        The cheapest setting meets the target already: no measurement says what a lower rate does.
    interval : Interval or None
        Where both ends of the settings' 95 % intervals meet the target; None where a setting has
        no interval.
    """

    rate_kbps: float
    between: tuple[str, ...]
    may_be_lower: bool
    interval: Interval | None = None


@dataclass(frozen=True)
class Never:
    """No measured rate meets the target.

    Attributes
    ----------
    nearest : Setting or None
        The setting whose largest shortfall, in per cent of its threshold, is the smallest; None
        where nothing was scored on every clip.
    missing : dict[str, float]
        By metric, what that setting lacks, in the metric's unit.
    reason : str
        Why there is no setting.
    most_kbps : float
        The rate of the dearest setting; above it nothing was measured.
    """

    nearest: Setting | None
    missing: dict[str, float]
    reason: str = ""
    most_kbps: float = 0.0


def rate_at_target(
    rows: Iterable[ResultRow],
    clip_class: str,
    target: Mapping[str, float],
    either: Sequence[Demand] = (),
) -> dict[str, Reached | Never]:
    """Return for each codec the smallest rate at which every threshold of `target` holds.

    Between neighbouring settings each metric is taken as linear in log rate; nothing is
    extrapolated.

    Parameters
    ----------
    rows : iterable of ResultRow
        Of one condition.
    clip_class : str
        ViSQOL's two modes are two scales, so a target is one class's.
    target : mapping of row fields to thresholds
        At least, or at most where lower is better; thresholds are not 0.
    either : sequence of mappings
        Of each of these one threshold at least has to hold.

    Raises
    ------
    InputError
        If a metric or the class is unknown, a threshold is 0, or the target is empty.
    """
    demands = _demands(target, either)
    limits = [limit for demand in demands for limit in demand.values()]
    if not limits or not all(demands) or not all(limits):
        raise InputError("target: needs at least one metric, and thresholds other than 0")
    metrics = tuple(dict.fromkeys(metric for demand in demands for metric in demand))
    settings, gaps = settings_of(latest_rows(rows), clip_class, metrics)
    return {
        name: price(measured, target, gaps.get(name, ""), either)
        for name, measured in settings.items()
    }


def price(
    settings: Sequence[Setting],
    target: Mapping[str, float],
    reason: str = "",
    either: Sequence[Demand] = (),
) -> Reached | Never:
    """Return the smallest rate of one codec at which the target holds, or the nearest miss.

    `reason` is passed on where there is no setting; the rest is as in `rate_at_target`.
    """
    demands = _demands(target, either)
    outcome = _price(settings, demands, reason)
    if isinstance(outcome, Reached):
        return replace(outcome, interval=_interval(settings, demands))
    return outcome


def _demands(target: Mapping[str, float], either: Sequence[Demand]) -> list[Demand]:
    return [*({metric: limit} for metric, limit in target.items()), *either]


def _interval(settings: Sequence[Setting], demands: Sequence[Demand]) -> Interval | None:
    """Price both edges of the band that the settings' intervals make of the curve."""
    if not all(setting.lows and setting.highs for setting in settings):
        return None
    edges = []
    for better in (True, False):
        moved = [
            replace(setting, means={m: _end(setting, m, better=better) for m in setting.means})
            for setting in settings
        ]
        edges.append(_price(moved, demands))
    best, worst = edges
    cheapest, dearest = (f(setting.rate_kbps for setting in settings) for f in (min, max))
    return Interval(
        best.rate_kbps if isinstance(best, Reached) else cheapest,
        worst.rate_kbps if isinstance(worst, Reached) else dearest,
        low_open=isinstance(best, Reached) and best.may_be_lower,
        high_open=isinstance(worst, Never),
    )


def _end(setting: Setting, metric: str, *, better: bool) -> float:
    higher = better == TABLE[metric].higher_is_better
    return (setting.highs if higher else setting.lows)[metric]


def _price(
    settings: Sequence[Setting], demands: Sequence[Demand], reason: str = ""
) -> Reached | Never:
    if not settings:
        return Never(None, {}, reason)
    ordered = sorted(settings, key=lambda setting: (setting.rate_kbps, setting.spec))
    first = ordered[0]
    if all(_margin(first, demand) >= 0 for demand in demands):
        return Reached(first.rate_kbps, (first.spec,), may_be_lower=True)
    for left, right in pairwise(ordered):
        share = _first_share(left, right, demands)
        if share is not None:
            rate = left.rate_kbps * (right.rate_kbps / left.rate_kbps) ** share
            between = (left.spec, right.spec) if share < 1 else (right.spec,)
            return Reached(float(rate), between, may_be_lower=False)
    nearest = max(ordered, key=lambda setting: min(_margin(setting, demand) for demand in demands))
    missing = {}
    for demand in demands:
        metric = _nearest(nearest, demand)
        margin = _relative(nearest, metric, demand[metric])
        if margin < 0:
            missing[metric] = -margin * abs(demand[metric])
    return Never(nearest, missing, most_kbps=ordered[-1].rate_kbps)


def _first_share(left: Setting, right: Setting, demands: Sequence[Demand]) -> float | None:
    """Return the first share of the way from left to right, 0..1, where every demand holds."""
    start, end = 0.0, 1.0
    for demand in demands:
        a, b = _margin(left, demand), _margin(right, demand)
        if a < 0 and b < 0:
            return None
        if np.isinf(a) or np.isinf(b):  # exact at one end: nothing to interpolate
            start, end = (1.0 if a < 0 else start), (0.0 if b < 0 else end)
        elif a < 0:
            start = max(start, a / (a - b))
        elif b < 0:
            end = min(end, a / (a - b))
    return start if start <= end else None


def _margin(setting: Setting, demand: Demand) -> float:
    """Return the largest margin of any of its thresholds, as a part of that threshold."""
    metric = _nearest(setting, demand)
    return _relative(setting, metric, demand[metric])


def _nearest(setting: Setting, demand: Demand) -> str:
    return max(demand, key=lambda metric: _relative(setting, metric, demand[metric]))


def _relative(setting: Setting, metric: str, limit: float) -> float:
    return TABLE[metric].sign * (setting.means[metric] - limit) / abs(limit)
