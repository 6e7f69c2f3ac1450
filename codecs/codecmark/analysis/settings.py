"""The measured settings of each codec: rate, and the figures that a target asks about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from codecmark.analysis.curves import rates_kbps
from codecmark.analysis.samples import Scored, collect, latest_rows
from codecmark.analysis.statistics import Estimate, estimate
from codecmark.metrics.table import VISQOL_FIELD
from codecmark.results.row import ResultRow
from codecmark.spec import without_setting

# points of MOS-LQO by which PESQ puts a setting's speech below ViSQOL: no row field, but a demand
# that a target may make of it, at most so many, in every class of clips
DISAGREEMENT = "disagreement"

_AGREED = Estimate(0.0, 0.0, 0.0, 0, 0)  # where there is no speech to disagree on


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
        Class of the clips that count; `DISAGREEMENT` is always that on speech.
    metrics : sequence of str
        Row fields, or `DISAGREEMENT`; a setting has every one of them on every clip.
    """
    latest = latest_rows(rows, clip_class)
    fields = [metric for metric in metrics if metric != DISAGREEMENT]
    scored = {metric: collect(latest, metric, clip_class) for metric in fields}
    apart = _disagreements(rows) if DISAGREEMENT in metrics else None
    rates = rates_kbps(latest)
    settings: dict[str, list[Setting]] = {}
    gaps: dict[str, str] = {}
    for spec in dict.fromkeys(row.spec for row in latest):
        name = without_setting(spec)
        settings.setdefault(name, [])
        gap = next((g for metric in fields if (g := scored[metric][spec].gap)), None)
        if gap is None and spec in rates:
            setting = _setting(spec, rates[spec], {m: scored[m][spec] for m in fields})
            if apart is not None:
                setting = _with(setting, apart.get(spec, _AGREED))
            settings[name].append(setting)
        else:
            gaps.setdefault(name, f"{spec}: {gap or 'no size was measured'}")
    return settings, gaps


def _setting(spec: str, rate_kbps: float, scored: Mapping[str, Scored]) -> Setting:
    found = {metric: _estimate(one) for metric, one in scored.items()}
    lows = {metric: one.low for metric, one in found.items() if one.low is not None}
    highs = {metric: one.high for metric, one in found.items() if one.high is not None}
    means = {metric: one.mean for metric, one in found.items()}
    if len(lows) < len(found):
        return Setting(spec, rate_kbps, means)
    return Setting(spec, rate_kbps, means, lows, highs)


def _with(setting: Setting, apart: Estimate) -> Setting:
    means = {**setting.means, DISAGREEMENT: apart.mean}
    if not setting.lows or apart.low is None or apart.high is None:
        return replace(setting, means=means, lows={}, highs={})
    lows = {**setting.lows, DISAGREEMENT: apart.low}
    highs = {**setting.highs, DISAGREEMENT: apart.high}
    return replace(setting, means=means, lows=lows, highs=highs)


def _disagreements(rows: Sequence[ResultRow]) -> dict[str, Estimate]:
    """Return ViSQOL less PESQ on speech, by spec; nothing where either has no finite score."""
    speech = latest_rows(rows, "speech")
    if not any(row.clip for row in speech):
        return {}
    visqol, pesq = (collect(speech, metric, "speech") for metric in (VISQOL_FIELD, "pesq_wb"))
    found = {}
    for spec, one in visqol.items():
        clips = [clip for clip in one.values if clip in pesq[spec].values]
        if clips:
            apart = [one.values[clip] - pesq[spec].values[clip] for clip in clips]
            found[spec] = estimate(apart, [one.sources[clip] for clip in clips])
    return found


def _estimate(one: Scored) -> Estimate:
    if one.exact:
        infinite = float("inf")
        return Estimate(infinite, infinite, infinite, len(one.infinite), len(one.infinite))
    return estimate(list(one.values.values()), [one.sources[clip] for clip in one.values])
