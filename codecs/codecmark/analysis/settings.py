"""The measured settings of each codec: rate, and the figures that a target asks about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from codecmark.analysis.curves import rates_kbps
from codecmark.analysis.samples import Scored, collect, latest_rows
from codecmark.analysis.statistics import Estimate, estimate
from codecmark.metrics.table import TABLE
from codecmark.results.row import ResultRow
from codecmark.spec import without_setting


@dataclass(frozen=True)
class Setting:
    """A measured setting: rate in kbit/s, and means by metric, infinite where exact.

    `lows` and `highs` are the ends of the means' 95 % intervals; empty with a single source.
    """

    spec: str
    rate_kbps: float
    means: dict[str, float]
    lows: dict[str, float] = field(default_factory=dict)
    highs: dict[str, float] = field(default_factory=dict)


def settings_of(
    rows: Sequence[ResultRow], clip_class: str, metrics: Sequence[str]
) -> tuple[dict[str, list[Setting]], dict[str, str]]:
    """Return the settings of each codec, and for codecs that lack one the first reason.

    Parameters
    ----------
    rows : sequence of ResultRow
        Of one condition.
    clip_class : str
        Class of the clips that count.
    metrics : sequence of str
        Row fields; a setting has every one of them on every clip.
    """
    latest = latest_rows(rows, clip_class)
    scored = {metric: collect(latest, metric, clip_class) for metric in metrics}
    rates = rates_kbps(latest)
    settings: dict[str, list[Setting]] = {}
    gaps: dict[str, str] = {}
    for spec in dict.fromkeys(row.spec for row in latest):
        name = without_setting(spec)
        settings.setdefault(name, [])
        gap = next((g for metric in metrics if (g := scored[metric][spec].gap)), None)
        if gap is None and spec in rates:
            found = {metric: scored[metric][spec] for metric in metrics}
            settings[name].append(_setting(spec, rates[spec], found))
        else:
            gaps.setdefault(name, f"{spec}: {gap or 'no size was measured'}")
    return settings, gaps


def _setting(spec: str, rate_kbps: float, scored: Mapping[str, Scored]) -> Setting:
    found = {metric: _estimate(one, metric) for metric, one in scored.items()}
    lows = {metric: one.low for metric, one in found.items() if one.low is not None}
    highs = {metric: one.high for metric, one in found.items() if one.high is not None}
    means = {metric: one.mean for metric, one in found.items()}
    if len(lows) < len(found):
        return Setting(spec, rate_kbps, means)
    return Setting(spec, rate_kbps, means, lows, highs)


def _estimate(one: Scored, metric: str) -> Estimate:
    if one.exact:
        infinite = float("inf")
        return Estimate(infinite, infinite, infinite, len(one.infinite), len(one.infinite))
    sources = [one.sources[clip] for clip in one.values]
    return estimate(list(one.values.values()), sources, TABLE[metric].range)
