"""How figures, margins and requirements are written, in text and on pages alike."""

from __future__ import annotations

from collections.abc import Mapping

from codecmark.analysis.statistics import FEWEST_SOURCES
from codecmark.corpus.condition import named
from codecmark.measure.impairments import naming
from codecmark.metrics.table import TABLE, two_digits
from codecmark.results import axes
from codecmark.review.figure import Figure
from codecmark.review.requirement import Requirement
from codecmark.review.threshold import EACH, ORIGINAL, Threshold

_SHOWN = 0.1  # smaller multiples need more digits


def label(metric: str) -> str:
    """Return the short name of a metric."""
    return TABLE[metric].label


def unit(metric: str) -> str:
    """Return the unit to write after a figure; empty for pure numbers."""
    return TABLE[metric].written_unit


def number(value: float, metric: str) -> str:
    """Write a value with the decimals of its metric."""
    if value == float("inf"):
        return "exact"
    return TABLE[metric].written(value)


def with_unit(value: float, metric: str) -> str:
    """Write a value and its unit."""
    text, after = number(value, metric), unit(metric)
    return f"{text}{after}" if after.startswith(":") else f"{text} {after}".strip()


def amount(value: float, asked: Threshold | Requirement) -> str:
    """Write a value and its unit; of a relative time, as a multiple."""
    return times(value) if asked.of not in {"", ORIGINAL} else with_unit(value, asked.metric)


def times(value: float) -> str:
    """Write a multiple: `0.45 x`."""
    return f"{value:.2f} x" if not value or abs(value) >= _SHOWN else f"{two_digits(value)} x"


def figure(shown: Figure) -> str:
    """Write a figure with half of its interval: `12.5 ±1.6 dB`.

    Of too few sources for one, with the lowest and the highest of them: `12.5 dB (11.0 to 14.1)`.
    """
    if shown.level is None:
        return shown.text or "-"
    if shown.of not in {"", ORIGINAL}:
        return times(shown.level)
    text, after = number(shown.level, shown.metric), unit(shown.metric)
    if text == "exact":
        return text
    tail = ""
    if shown.lowest is not None and shown.highest is not None:
        ends = (number(end, shown.metric) for end in (shown.lowest, shown.highest))
        tail = f" ({' to '.join(ends)})" if shown.n_sources > 1 else ""
    elif shown.low is not None and shown.high is not None:
        decimals = len(text.partition(".")[2])
        half = f"{(shown.high - shown.low) / 2:.{decimals}f}"
        text += f" ±{half}" if float(half) else ""
    return (f"{text}{after}" if after.startswith(":") else f"{text} {after}".strip()) + tail


def margin(value: float | None, metric: str) -> str:
    """Write a margin with its sign."""
    if value is None:
        return "-"
    return ("+" if value >= 0 else "") + number(value, metric)


def went_through(named: str) -> str:
    """Say behind a noun what clips went through: ` at 10 % loss`; nothing of untouched ones.

    Parameters
    ----------
    named : str
        See `Requirement.axes`.
    """
    return f" {naming.in_prose(axes.parse(named))}" if named else ""


def threshold(asked: Threshold | Requirement) -> str:
    """Write what is asked for: `> 10 dB`, `within 0.3 of the original's`, `>= 3.5 at 10 % loss`."""
    where = went_through(asked.axes) if isinstance(asked, Requirement) else ""
    return _threshold(asked) + where


def _threshold(asked: Threshold | Requirement) -> str:
    if asked.of == ORIGINAL:
        return f"within {abs(asked.threshold):g} of the original's"
    if asked.of:
        return f"{asked.operator} {asked.threshold:g} x that of {asked.of}"
    if isinstance(asked, Requirement) and asked.among:
        return f"one of {', '.join(asked.among)}"
    after = unit(asked.metric)
    gap = "" if after.startswith(":") or not after else " "
    return f"{asked.operator} {asked.threshold:g}{gap}{after}"


def demand(asked: Requirement) -> str:
    """Write a requirement whole: `mean SNR > 10 dB`."""
    where = {"all": "", EACH: " on each class"}.get(asked.clip_class, f" on {asked.clip_class}")
    if asked.among:
        return f"{label(asked.metric)} {threshold(asked)}"
    return f"{asked.statistic} {label(asked.metric)} {threshold(asked)}{where}"


def condition(name: str) -> str:
    """Say what was given to every codec, and so what no figure speaks of."""
    given = named(name)
    channels = {1: "one channel", 2: "two channels"}[given.channels]
    rate_khz = given.sample_rate_hz / 1000
    return (
        f"All of it at {rate_khz:g} kHz, {channels}: nothing above {rate_khz / 2:g} kHz is coded "
        "or judged, and rates and names of settings do not carry over to other formats."
    )


def nothing_can_pass(scarce: Mapping[str, int]) -> str:
    """Say in which classes nothing can pass, and how many sources more would do."""
    texts = (
        f"{name} has {count} of the {FEWEST_SOURCES} sources that a pass takes"
        for name, count in scarce.items()
    )
    where = " or ".join(scarce)
    return f"Nothing can pass on {where}, so that only a failure counts there: {', '.join(texts)}"
