"""`predictors.md`: predictors of quality beside people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from codecmark.analysis.statistics import estimate
from codecmark.listen import screening, statistics
from codecmark.metrics.table import TABLE
from codecmark.review.kinds import KEPT_DB
from codecmark.studies import predictors
from codecmark.studies.listened import CLASSIC, LAYERED, RESYNTHESIS, TOKENS, Listened
from codecmark.studies.predictors import CLEAR, Floats, Interval, Predictions, Share, Verdict
from codecmark.system.markdown import escaped, table

NEAR_TRANSPARENT = 80.0  # MUSHRA calls it excellent from here
# what somebody may ask a verdict of, and a listening set may lack
KINDS = CLASSIC, RESYNTHESIS, TOKENS, LAYERED
CLASSES = ("speech", "music", "ambient")


def markdown(raw: Listened, predictions: Predictions, reasons: Mapping[str, str], host: str) -> str:
    """Return the page.

    Parameters
    ----------
    raw : Listened
        Before screening.
    predictions, reasons
        From `predictors.predict`.
    """
    kept = raw.screened()
    values = predictors.judged(predictions)
    sections = [
        _head(raw, kept, host), _people(raw, kept), _all(kept, values), _kinds(kept, values),
        _votes(kept, values, predictions), _uncovered(kept, reasons),
    ]  # fmt: skip
    return "\n\n".join(filter(None, sections)) + "\n"


def _head(raw: Listened, kept: Listened, host: str) -> str:
    listening = raw.listening
    out = screening.screen(listening)
    title = escaped(listening.title or "a listening test")
    licence = f" ({escaped(listening.licence)})" if listening.licence else ""
    return "\n".join(
        (
            "# Predictors of quality beside people",
            "",
            f"{title}{licence}: {listening.method.upper()}, {len(listening.clips)} signals "
            f"({', '.join(_classes(raw))}), {len(listening.listeners)} listeners. Left out by "
            f"{'; '.join(screening.rules(listening))}: "
            f"{'; '.join(map(escaped, map(str, out))) or 'nobody'}. "
            f"{len(kept.listening.listeners)} listeners stay. Scores were computed on "
            f"{escaped(host)}. Made by `codecmark predictors`.",
            "",
            "*r* is Pearson's correlation over the means of the systems, with the 95 % interval of "
            "resampled signals and listeners, both at once. A *clear pair* is two systems on one "
            f"signal whose means are more than {CLEAR:g} of 100 points apart; *right* is the share "
            "of them that a predictor orders as people did, a coin 50 %. *Bias* is how many points "
            "a straight line through all stimuli puts the systems above their ratings.",
        )
    )


def _people(raw: Listened, kept: Listened) -> str:
    before, after = statistics.means(raw.listening), statistics.means(kept.listening)
    roles = {each.system: each.role.replace("_", " ") for each in raw.listening.stimuli}
    rows = [
        (
            escaped(name),
            escaped(kept.kinds.get(name, roles[name])),
            f"{after[name].mean:.2f}",
            f"{before[name].mean:.2f}",
            str(after[name].ratings),
        )
        for name in sorted(after, key=lambda name: -after[name].mean)
    ]
    top = predictors.ceiling(kept)
    return "\n".join(
        (
            "## What people said",
            "",
            table(("system", "kind", "mean", "unscreened", "ratings"), rows, numbers=3),
            "",
            "The ceiling, from halves of the listeners drawn 200 times: one half orders "
            f"{100 * top.clear:.0f} % of the pairs that are clear to the other half alike; over "
            f"systems the halves correlate at {top.correlation:.2f}; the stimuli's means have a "
            f"reliability of {top.reliability:.2f}. Two halves are noisier than all together, so "
            "a predictor may come out a little above the share, and no further.",
        )
    )


def _all(kept: Listened, values: Mapping[str, Floats]) -> str:
    verdicts = {
        name: predictors.verdict(predicted, kept, kept.systems)
        for name, predicted in values.items()
    }
    rows = [
        (escaped(name), _interval(verdict.correlation), _share(verdict.clear))
        for name, verdict in _best_first(verdicts)
    ]
    headings = "predictor", "r over systems", "clear pairs right"
    return "\n".join(
        (
            f"## All {len(kept.systems)} systems",
            "",
            table(headings, rows, numbers=2),
            "",
            f"{next(iter(verdicts.values())).clear.pairs} clear pairs of "
            f"{len(kept.listening.listeners)} listeners. Predictors without a reference are "
            "there twice: as they are, and as the difference to their value of the original.",
        )
    )


def _kinds(kept: Listened, values: Mapping[str, Floats]) -> str:
    kinds: dict[str, list[str]] = {}
    for system in kept.systems:
        kinds.setdefault(kept.kinds[system], []).append(system)
    headings = ["predictor"]
    for kind in kinds:
        headings += [f"{escaped(kind)}: r", "pairs right", "bias"]
    headings.append("pairs of two kinds right")
    rows = []
    for name, predicted in values.items():
        cells = [escaped(name)]
        for systems in kinds.values():
            verdict = predictors.verdict(predicted, kept, systems)
            cells += [
                _interval(verdict.correlation), _share(verdict.clear), f"{verdict.bias:+.1f}"
            ]  # fmt: skip
        rows.append((*cells, _share(predictors.between_kinds(predicted, kept))))
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


def _votes(kept: Listened, values: Mapping[str, Floats], predictions: Predictions) -> str:
    """Return the shares of neural codecs by whether the panel of a decision has PESQ vote on them.

    Nothing where none of them, or all of them, keep the waveform, or where SI-SDR is not known.
    """
    tokens = [name for name in kept.systems if kept.kinds[name] == TOKENS]
    if "si_sdr_db" not in predictions:
        return ""
    keeping = [name for name in tokens if _keeps_waveform(kept, predictions["si_sdr_db"], name)]
    others = [name for name in tokens if name not in keeping]
    if len(keeping) < 2 or not others:
        return ""
    people = predictors.means(kept.ratings(kept.systems))
    chosen = [kept.systems.index(name) for name in tokens]
    both = np.array([[a in keeping and b in keeping for b in tokens] for a in tokens])
    rows = []
    for name, predicted in values.items():
        pairs = [
            predictors.ordered(predicted[:, chosen], people[:, chosen], counted)
            for counted in (both, ~both)
        ]
        rows.append((escaped(name), *map(_share, pairs)))
    levels = (
        f"{escaped(name)} {predictions['si_sdr_db'][:, kept.systems.index(name)].mean():.1f} dB"
        for name in tokens
    )
    return "\n".join(
        (
            "## Neural tokens, by who has a vote",
            "",
            "The panel of a decision lets PESQ-WB and ViSQOL vote on codecs that keep the "
            "waveform, those whose mean SI-SDR is not shown to be below 0 dB. Here SI-SDR is "
            f"{', '.join(levels)}: {' and '.join(map(escaped, keeping))} keep it, "
            f"{' and '.join(map(escaped, others))} {'does' if len(others) == 1 else 'do'} not. "
            "Where these two predictors vote they were tried on the pairs of the first column, and "
            "on no more; what they say of the second decides nothing.",
            "",
            table(
                ("predictor", "pairs of two that keep it", "pairs with one that does not"),
                rows,
                numbers=2,
            ),
        )
    )


def _keeps_waveform(kept: Listened, si_sdr_db: Floats, system: str) -> bool:
    """Say whether the panel takes a system for one that keeps the waveform."""
    found = estimate(si_sdr_db[:, kept.systems.index(system)].tolist(), kept.listening.clips)
    return (found.mean if found.high is None else found.high) >= KEPT_DB


def _uncovered(kept: Listened, reasons: Mapping[str, str]) -> str:
    people = dict(
        zip(kept.systems, np.nanmean(kept.ratings(kept.systems), axis=(0, 2)), strict=True)
    )
    best = max(people, key=people.__getitem__)
    covered = {kept.kinds[name] for name in kept.systems}
    lines = [
        f"- Classes of clips: {', '.join(c for c in CLASSES if c not in _classes(kept))}.",
        f"- Kinds of codec: {'; '.join(kind for kind in KINDS if kind not in covered) or 'none'}.",
    ]
    if people[best] < NEAR_TRANSPARENT:
        lines.append(
            f"- Quality near transparency: the best system, {escaped(best)}, has "
            f"{people[best]:.0f} points."
        )
    used = {
        *kept.systems,
        *(stimulus.system for stimulus in kept.listening.with_role("reference")),
    }
    if unused := [name for name in kept.listening.systems if name not in used]:
        lines.append(
            f"- Without sound or ratings on every signal: {', '.join(map(escaped, unused))}."
        )
    lines += [
        f"- {escaped(TABLE[name].label)}: {escaped(reason)}."
        for name, reason in reasons.items()
        if name in TABLE
    ]
    return "\n".join(("## What this set does not cover", "", *lines))


def _classes(listened: Listened) -> list[str]:
    return list(dict.fromkeys(stimulus.clip_class for stimulus in listened.listening.stimuli))


def _best_first(verdicts: Mapping[str, Verdict]) -> Sequence[tuple[str, Verdict]]:
    return sorted(verdicts.items(), key=lambda item: -item[1].clear.right)


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def _share(share: Share) -> str:
    return f"{100 * share.right:.0f} % of {share.pairs}" if share.pairs else "-"
