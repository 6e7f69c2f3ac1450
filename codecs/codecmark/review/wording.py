"""How figures, margins and requirements are written, in text and on pages alike."""

from __future__ import annotations

from codecmark.metrics.table import TABLE
from codecmark.review.figures import Figure
from codecmark.review.requirements import EACH, Requirement


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


def figure(found: Figure) -> str:
    """Write a figure with half of its interval: `12.5 ±1.6 dB`."""
    if found.level is None:
        return "-"
    text, after = number(found.level, found.metric), unit(found.metric)
    if text == "exact":
        return text
    if found.low is not None and found.high is not None:
        decimals = len(text.partition(".")[2])
        half = f"{(found.high - found.low) / 2:.{decimals}f}"
        text += f" ±{half}" if float(half) else ""
    return f"{text}{after}" if after.startswith(":") else f"{text} {after}".strip()


def margin(value: float | None, metric: str) -> str:
    """Write a margin with its sign."""
    if value is None:
        return "-"
    return ("+" if value >= 0 else "") + number(value, metric)


def threshold(asked: Requirement) -> str:
    """Write what is asked for: `> 10 dB`."""
    after = unit(asked.metric)
    gap = "" if after.startswith(":") or not after else " "
    return f"{asked.operator} {asked.threshold:g}{gap}{after}"


def demand(asked: Requirement) -> str:
    """Write a requirement whole: `mean SNR > 10 dB`."""
    where = {"all": "", EACH: " on each class"}.get(asked.clip_class, f" on {asked.clip_class}")
    return f"{asked.statistic} {label(asked.metric)} {threshold(asked)}{where}"


def counted(count: int, thing: str) -> str:
    """Write a count and its noun."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
