"""`predictors.md`: predictors of quality beside people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from codecmark.metrics.table import TABLE
from codecmark.studies import predictors
from codecmark.studies.listening_set import ListeningSet
from codecmark.studies.predictors import CLEAR, Floats, Interval, Predictions, Share, Verdict
from codecmark.system.markdown import escaped, table

NEAR_TRANSPARENT = 80.0  # MUSHRA calls it excellent from here
# what somebody may ask a verdict of, and a listening set may lack
KINDS = (
    "keeps the waveform (Opus, LC3, MP3)", "phase estimated (Griffin-Lim)",
    "resynthesis from a mel", "neural tokens", "waveform layer beside a mel",
)  # fmt: skip
CLASSES = ("speech", "music", "ambient")


def markdown(
    raw: ListeningSet, predictions: Predictions, reasons: Mapping[str, str], host: str
) -> str:
    """Return the page.

    Parameters
    ----------
    raw : ListeningSet
        Before screening.
    predictions, reasons
        From `predictors.predict`.
    """
    kept = raw.screened()
    values = predictors.judged(predictions)
    sections = [
        _head(raw, kept, host), _people(raw, kept), _all(kept, values), _kinds(kept, values),
        _uncovered(kept, reasons),
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def _head(raw: ListeningSet, kept: ListeningSet, host: str) -> str:
    left_out = raw.unreliable()
    return "\n".join(
        (
            "# Predictors of quality beside people",
            "",
            f"{escaped(raw.name)} ({escaped(raw.licence)}; {escaped(raw.source)}): "
            f"{len(raw.signals)} signals, class {raw.clip_class}, {len(raw.listeners)} listeners. "
            "Who rated the hidden reference below 90 in more than 15 % of their items is left out "
            f"(ITU-R BS.1534-3): {', '.join(left_out) or 'nobody'}; {len(kept.listeners)} "
            f"listeners stay. Scores were computed on {escaped(host)}. Made by "
            "`codecmark predictors`.",
            "",
            "*r* is Pearson's correlation over the means of the systems, with the 95 % interval of "
            "resampled signals and listeners, both at once. A *clear pair* is two systems on one "
            f"signal whose means are more than {CLEAR:g} points apart; *right* is the share of "
            "them that a predictor orders as people did, a coin 50 %. *Bias* is how many points a "
            "straight line through all stimuli puts the systems above their ratings.",
        )
    )


def _people(raw: ListeningSet, kept: ListeningSet) -> str:
    before, after = raw.condition_means(), kept.condition_means()
    rows = [
        (
            escaped(name),
            escaped(
                kept.kinds.get(name, "hidden reference" if name == kept.reference else "anchor")
            ),
            f"{after[name]:.2f}",
            f"{before[name]:.2f}",
            str(int((~np.isnan(kept.of([name]))).sum())),
        )
        for name in sorted(after, key=after.__getitem__, reverse=True)
    ]
    top = predictors.ceiling(kept)
    return "\n".join(
        (
            "## What people said",
            "",
            table(("condition", "kind", "mean", "unscreened", "ratings"), rows, numbers=3),
            "",
            "The ceiling, from halves of the listeners drawn 200 times: one half orders "
            f"{100 * top.clear:.0f} % of the pairs that are clear to the other half alike; over "
            f"systems the halves correlate at {top.correlation:.2f}; the stimuli's means have a "
            f"reliability of {top.reliability:.2f}. No predictor can be shown to be better than "
            "that here.",
        )
    )


def _all(kept: ListeningSet, values: Mapping[str, Floats]) -> str:
    found = {name: predictors.verdict(each, kept, kept.systems) for name, each in values.items()}
    rows = [
        (escaped(name), _interval(each.correlation), _share(each.clear))
        for name, each in _best_first(found)
    ]
    headings = "predictor", "r over systems", "clear pairs right"
    return "\n".join(
        (
            f"## All {len(kept.systems)} systems",
            "",
            table(headings, rows, numbers=2),
            "",
            f"{next(iter(found.values())).clear.pairs} clear pairs of {len(kept.listeners)} "
            "listeners. Predictors that judge without a reference are there twice: as they are, "
            "and as the difference to what they say of the original.",
        )
    )


def _kinds(kept: ListeningSet, values: Mapping[str, Floats]) -> str:
    kinds: dict[str, list[str]] = {}
    for system in kept.systems:
        kinds.setdefault(kept.kinds[system], []).append(system)
    headings = ["predictor"]
    for kind in kinds:
        headings += [f"{escaped(kind)}: r", "pairs right", "bias"]
    headings.append("pairs of two kinds right")
    rows = []
    for name, each in values.items():
        cells = [escaped(name)]
        for systems in kinds.values():
            found = predictors.verdict(each, kept, systems)
            cells += [_interval(found.correlation), _share(found.clear), f"{found.bias:+.1f}"]
        rows.append((*cells, _share(predictors.between_kinds(each, kept))))
    lists = "; ".join(
        f"*{escaped(kind)}*: {', '.join(map(escaped, systems))}" for kind, systems in kinds.items()
    )
    return "\n".join(
        (
            "## By kind of codec",
            "",
            table(headings, rows, numbers=len(headings) - 1),
            "",
            f"{lists}. A correlation needs {predictors.FEWEST_SYSTEMS} systems, and over so few it "
            "says little: its interval does.",
        )
    )


def _uncovered(kept: ListeningSet, reasons: Mapping[str, str]) -> str:
    people = kept.condition_means()
    best = max(kept.systems, key=people.__getitem__)
    there = set(kept.kinds.values())
    lines = [
        f"- Classes of clips: {', '.join(c for c in CLASSES if c != kept.clip_class)}.",
        f"- Kinds of codec: {'; '.join(kind for kind in KINDS if kind not in there) or 'none'}.",
    ]
    if people[best] < NEAR_TRANSPARENT:
        lines.append(
            f"- Quality near transparency: the best system, {escaped(best)}, has "
            f"{people[best]:.0f} points."
        )
    if silent := [name for name in kept.conditions if _has_no_sound(kept, name)]:
        lines.append(f"- Conditions without sound: {', '.join(map(escaped, silent))}.")
    if unrated := sorted({name for _, name in kept.files} - set(kept.conditions)):
        lines.append(f"- Sound without ratings: {', '.join(map(escaped, unrated))}.")
    lines += [
        f"- {escaped(TABLE[name].label)}: {escaped(reason)}."
        for name, reason in reasons.items()
        if name in TABLE
    ]
    return "\n".join(("## What this set does not cover", "", *lines))


def _has_no_sound(kept: ListeningSet, condition: str) -> bool:
    return not any((signal, condition) in kept.files for signal in kept.signals)


def _best_first(found: Mapping[str, Verdict]) -> Sequence[tuple[str, Verdict]]:
    return sorted(found.items(), key=lambda item: -item[1].clear.right)


def _interval(found: Interval | None) -> str:
    if found is None:
        return "-"
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def _share(found: Share) -> str:
    return f"{100 * found.right:.0f} % of {found.pairs}" if found.pairs else "-"
