"""The box at the top: the option to take, its margin to each requirement, the largest risk.

A decision record, where there is one, names the option. Without one it is the codec with the
fewest kbit/s among those whose whole 95 % intervals clear every target of the leaderboard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from codecmark.analysis.aggregation import ALL, Quality
from codecmark.analysis.summary import Summary
from codecmark.analysis.verdicts import TARGET_QUALITY, TARGET_RATIO, TARGET_SNR_DB, TARGETS
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.report.record import Record

BASELINES = ("audioldm2:user-80-256/griffinlim-64", "mel:16k-80-256/griffinlim-64")
Standing = Literal["clear", "close", "fail", "none"]


@dataclass(frozen=True)
class Requirement:
    """One target and how an option stands to it.

    Attributes
    ----------
    standing : str
        `clear` if the whole interval is beyond the threshold, `close` if only the mean is,
        `fail`, or `none` without a figure.
    margin : float or None
        Value less threshold, in the metric's unit; infinite for an exact copy.
    slack : float or None
        Distance from the threshold to the near end of the interval, as a share of the threshold.
    """

    name: str
    threshold: str
    value: str
    detail: str
    standing: Standing
    margin: float | None
    margin_text: str
    slack: float | None


@dataclass(frozen=True)
class Verdict:
    """What the box says; `option` is None where no codec passes."""

    option: str | None
    basis: str
    rate: str
    requirements: tuple[Requirement, ...]
    risk: str
    baseline: tuple[str, str] | None
    alternatives: str
    record: Record | None


def verdict(summaries: Sequence[Summary], record: Record | None) -> Verdict:
    """Return the verdict on the codecs of one condition."""
    by_spec = {summary.spec: summary for summary in summaries}
    clear = [s for s in summaries if _standings(s) <= {"clear"}]
    passing = [s for s in summaries if _passes(s)]
    best = min(clear or passing, key=lambda s: (s.bitrate_kbps or 0.0, s.spec), default=None)
    chosen = record.chosen(by_spec) if record else None
    option = by_spec[chosen] if chosen else best
    if record is not None and chosen is not None:
        basis = "As the decision record says"
    elif best is None:
        basis = "No codec of this run meets every target"
    else:
        basis = "The fewest kbit/s among those that meet every target" + (
            " with their whole 95 % interval" if clear else " on average; none does with its "
            "whole 95 % interval"
        )  # fmt: skip
    others = sorted(clear or passing, key=lambda s: (s.bitrate_kbps or 0.0, s.spec))
    nearby = [f"{s.spec} ({s.bitrate_kbps:.1f} kbit/s)" for s in others if s is not option][:3]
    return Verdict(
        option.spec if option else None,
        basis,
        f"{option.bitrate_kbps:.1f} kbit/s" if option and option.bitrate_kbps else "",
        requirements(option) if option else (),
        _risk(option) if option else "",
        _baseline(by_spec),
        ", ".join(nearby),
        record,
    )


def requirements(summary: Summary) -> tuple[Requirement, ...]:
    """Return how a codec stands to each target; predicted quality by its weakest class."""
    classes = {n: q[VISQOL_FIELD] for n, q in summary.quality.items() if n != ALL}
    weakest = min(classes, key=lambda name: _mean(classes[name]), default=None)
    found = [_of_quality("SNR", "dB", summary.quality[ALL]["snr_db"], TARGET_SNR_DB, "snr_db")]
    if weakest is not None:
        found.append(
            _of_quality(
                f"Predicted quality (ViSQOL, {weakest})",
                "",
                classes[weakest],
                TARGET_QUALITY,
                VISQOL_FIELD,
            )
        )
    return (*found, _of_ratio(summary))


def _mean(quality: Quality) -> float:
    if quality.estimate is None:
        return float("inf")
    return quality.estimate.mean


def _passes(summary: Summary) -> bool:
    return all(column.cell(summary).text == "pass" for column in TARGETS)


def _standings(summary: Summary) -> set[str]:
    """Return the standings of a codec that passes every target, or a failure."""
    if not _passes(summary):
        return {"fail"}
    classes = [q[VISQOL_FIELD] for n, q in summary.quality.items() if n != ALL]
    found = [(summary.quality[ALL]["snr_db"], TARGET_SNR_DB)]
    found += [(quality, TARGET_QUALITY) for quality in classes]
    return {_standing(quality, threshold) for quality, threshold in found}


def _standing(quality: Quality, threshold: float) -> Standing:
    if quality.estimate is None:
        return "clear" if quality.exact else "none"
    if quality.estimate.mean <= threshold:
        return "fail"
    # a single source gives no interval: nothing is known of other sources
    low = quality.estimate.low
    return "clear" if low is not None and low > threshold else "close"


def _of_quality(
    name: str, unit: str, quality: Quality, threshold: float, field: str
) -> Requirement:
    asked, decimals = f"> {threshold:g} {unit}".strip(), TABLE[field].decimals
    standing = _standing(quality, threshold)
    if quality.estimate is None:
        if standing == "none":
            return Requirement(name, asked, "-", "not measured", "none", None, "", None)
        detail = "the output equals the input"
        return Requirement(name, asked, "exact", detail, "clear", float("inf"), "no error", None)
    found = quality.estimate
    margin = found.mean - threshold
    detail = "one source: no interval"
    if found.low is not None and found.high is not None:
        detail = f"95 % interval {found.low:.{decimals}f} to {found.high:.{decimals}f}"
    if quality.worst is not None:
        detail += f"; worst clip {quality.worst.value:.{decimals}f} ({quality.worst.clip})"
    low = found.mean if found.low is None else found.low
    return Requirement(
        name, asked, f"{found.mean:.{decimals}f} {unit}".strip(), detail, standing, margin,
        f"{margin:+.{decimals}f} {unit}".strip(), (low - threshold) / threshold,
    )  # fmt: skip


def _of_ratio(summary: Summary) -> Requirement:
    ratio, asked = summary.compression_ratio, f"≥ {TARGET_RATIO:g} : 1"
    if ratio is None:
        return Requirement("Compression", asked, "-", "not measured", "none", None, "", None)
    margin = ratio - TARGET_RATIO
    return Requirement(
        "Compression", asked, f"{ratio:.1f} : 1", "all bytes of all clips, frame included",
        "clear" if margin >= 0 else "fail", margin, f"{margin:+.1f}", margin / TARGET_RATIO,
    )  # fmt: skip


def _risk(summary: Summary) -> str:
    """Name what could overturn the choice: first what fails, then the tightest, then evidence."""
    found = requirements(summary)
    failing = [one for one in found if one.standing == "fail"]
    absent = [one for one in found if one.standing == "none"]
    if failing:
        named = " and ".join(f"{one.name} by {one.margin_text.lstrip('-')}" for one in failing)
        return f"It misses {named}."
    if absent:
        return f"{absent[0].name} was not measured."
    bounded = [one for one in found if one.slack is not None]
    tightest = min(bounded, key=lambda one: one.slack or 0.0)
    text = (
        "Its quality is a prediction; nobody has listened yet. The tightest margin is "
        f"{_lowered(tightest.name)}: {tightest.value} where {tightest.threshold} is asked, "
        f"{tightest.detail}."
    )
    pesq = summary.quality.get("speech", {}).get("pesq_wb", Quality()).estimate
    return f"{text} PESQ puts the same speech at {pesq.mean:.2f}." if pesq else text


def _baseline(by_spec: dict[str, Summary]) -> tuple[str, str] | None:
    """Return the chain that started the comparison, and how it stands to each target."""
    for spec in BASELINES:
        if spec in by_spec and by_spec[spec].scored:
            words = {"clear": "cleared", "close": "met on average", "fail": "missed"}
            said = ", ".join(
                f"{_lowered(one.name)} {one.value} "
                f"({one.threshold} {words.get(one.standing, 'not measured')})"
                for one in requirements(by_spec[spec])
            )
            return spec, said
    return None


def _lowered(name: str) -> str:
    """Return a name as it stands within a sentence."""
    return name if name.isupper() else f"{name[:1].lower()}{name[1:]}"
