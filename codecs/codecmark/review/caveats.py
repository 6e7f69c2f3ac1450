"""What must be said beside a recommendation, found in the rows and never left to the author."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from codecmark.metrics.table import VISQOL_FIELD
from codecmark.review import panel_text, wording
from codecmark.review.choice import Candidate
from codecmark.review.field import Field
from codecmark.review.figure import NO_ROWS, Figure
from codecmark.review.finding import Finding
from codecmark.review.panel import Panel
from codecmark.review.threshold import EACH, ORIGINAL, TIMES

FEW_SOURCES = 8
_TO_THE_DECIMAL = 0.005  # of what is shown


class Risk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence, and the figure that it rests on."""

    text: str
    figure: Figure


def risks(recommended: Candidate | None, field: Field) -> tuple[Risk, ...]:
    """Return what could prove the recommendation wrong, the largest first.

    First what rests on a stand-in, then clips that miss what the mean passes, the furthest first,
    then the margins, the narrowest first.
    """
    if recommended is None:
        return ()
    hard = recommended.hard
    by_margin = sorted((f.effective for f in hard), key=_relative_margin)
    return (
        *(Risk(_not_heard(f), f.effective.figure) for f in hard if f.provisional),
        *_missed_on_clips([f.effective for f in hard], field),
        *(Risk(_margin(f), f.figure) for f in by_margin if f.safe_margin is not None),
    )


def caveats(candidates: Sequence[Candidate], field: Field) -> tuple[str, ...]:
    """Return the caveats of the whole comparison."""
    found = [*_few_sources(field), *_many_settings(candidates), *_ceiling(field)]
    found += [*_evidence(candidates, field), *_machines(field)]
    lags = _specs(
        c.spec for c in candidates if any(r.lag_samples for r in field.figures.of(c.spec))
    )
    if lags:
        found.append(
            f"Scored after alignment, since some clips are not where the declared delay puts "
            f"them: {lags}."
        )
    if any(r.statistic in {"p95", "worst"} for r in field.requirements.requirements):
        found.append("`p95` and `worst` speak of the measured clips only: no interval is claimed.")
    return tuple(found)


def _not_heard(finding: Finding) -> str:
    asked, stand_in = finding.requirement, finding.effective
    who = (
        panel_text.in_short(stand_in)
        if stand_in.panel
        else wording.label(stand_in.requirement.metric)
    )
    text = f"{asked.name} is predicted, not heard: no listening test stands behind it, only {who}"
    if stand_in.safe_margin is not None:
        what = Panel.label_of(stand_in.requirement.name) if stand_in.panel else "its interval"
        text += (
            f"; {what} clears {wording.threshold(stand_in.requirement)} by "
            f"{wording.amount(stand_in.safe_margin, stand_in.requirement)} at the near end on "
            f"{stand_in.figure.clip_class} ({_sample(stand_in)})"
        )
    return text


def _missed_on_clips(findings: Sequence[Finding], field: Field) -> list[Risk]:
    found = [one for f in findings if (one := _missing_clips(f, field)) is not None]
    return [risk for _, risk in sorted(found, key=lambda one: -one[0])]


def _missing_clips(finding: Finding, field: Field) -> tuple[float, Risk] | None:
    """Say which clips miss what the mean passes, and by what part of the threshold the worst."""
    asked = finding.requirement
    if asked.statistic == "worst" or asked.of not in {"", ORIGINAL}:
        return None
    spec = finding.figure.spec
    classes = field.figures.classes if asked.clip_class == EACH else (asked.clip_class,)
    if finding.panel:
        classes = (finding.figure.clip_class,)
    by_class = {
        name: field.figures.clips(spec, asked.metric, name, asked.of).values for name in classes
    }
    values = {clip: value for clips in by_class.values() for clip, value in clips.items()}
    below = [clip for clip, value in values.items() if not asked.holds(value)]
    if not below:
        return None
    worst = min(below, key=lambda clip: (asked.sign * values[clip], clip))
    lacking = abs(values[worst] - asked.threshold) / asked.scale
    text = (
        f"{asked.name} holds for the {asked.statistic}, not for every clip: "
        f"{len(below)} of {len(values)} miss it, the worst with "
        f"{wording.amount(values[worst], asked)} ({worst})"
    )
    owner = next(name for name, clips in by_class.items() if worst in clips)
    return lacking, Risk(
        text, field.figures.get(spec, asked.metric, owner, asked.statistic, asked.of)
    )


def _margin(finding: Finding) -> str:
    asked = finding.requirement
    return (
        f"{asked.name} clears {wording.threshold(asked)} by "
        f"{wording.amount(finding.safe_margin or 0.0, asked)} at the near end of its interval, "
        f"{_relative_margin(finding):.0f} % of the threshold"
    )


def _relative_margin(finding: Finding) -> float:
    margin = finding.safe_margin
    return float("inf") if margin is None else 100 * margin / finding.requirement.scale


def _sample(finding: Finding) -> str:
    n, n_sources = finding.figure.n, finding.figure.n_sources
    return f"{wording.counted(n, 'clip')} of {wording.counted(n_sources, 'source')}"


def _few_sources(field: Field) -> list[str]:
    counts = []
    for name in field.figures.classes:
        rows = [row for row in field.figures.rows if row.clip_class == name]
        sources = len({row.source or row.clip for row in rows})
        clips = len({row.clip for row in rows})
        if sources < FEW_SOURCES:
            counts.append(
                f"{name} {wording.counted(clips, 'clip')} of {wording.counted(sources, 'source')}"
            )
    if not counts:
        return []
    found = [
        f"Few sources ({'; '.join(counts)}): intervals are Student's t over them, and wide. They "
        "speak of material like this, not of all audio."
    ]
    if scarce := field.figures.scarce:
        found.append(
            f"{wording.nothing_can_pass(scarce)}. In place of an interval the lowest and the "
            "highest source are shown, and a verdict over several classes leaves such a class out "
            "unless it fails there."
        )
    return found


def _ceiling(field: Field) -> list[str]:
    """Say where ViSQOL puts something above an exact copy, since it orders nothing there."""
    found = []
    for name in field.figures.classes:
        exact = [
            spec for spec in field.figures.specs if field.figures.get(spec, "snr_db", name).exact
        ]
        levels = {s: field.figures.get(s, VISQOL_FIELD, name).value for s in field.figures.specs}
        top = max((levels[spec] or 0.0 for spec in exact), default=0.0)
        best = max(levels, key=lambda spec: levels[spec] or 0.0)
        if top and (levels[best] or 0.0) > top + _TO_THE_DECIMAL:
            above = sum((level or 0.0) > top + _TO_THE_DECIMAL for level in levels.values())
            found.append(
                f"{name} {top:.2f} for an exact copy, {levels[best]:.2f} for `{best}` and more "
                f"than the copy for {wording.counted(above, 'setting')}"
            )
    if not found:
        return []
    return [f"ViSQOL has a ceiling, above which it orders nothing: {'; '.join(found)}."]


def _many_settings(candidates: Sequence[Candidate]) -> list[str]:
    judged = sum(any(f.verdict in {"PASS", "FAIL"} and f.bound is None for f in c.findings)
                 for c in candidates)  # fmt: skip
    if judged < 2:
        return []
    return [
        f"Each interval holds with 95 % by itself; {judged} settings were judged, so that one or "
        "another may pass or fail by luck."
    ]


def _evidence(candidates: Sequence[Candidate], field: Field) -> list[str]:
    found = []
    untrained = _specs(c.spec for c in candidates if _weights(c, field) == "random")
    if untrained:
        found.append(
            "Untrained networks, seeded: time and rate are theirs, measured on one short clip; "
            f"quality awaits the published weights: {untrained}."
        )
    heard = _specs(
        c.spec for c in candidates
        if any(f.effective.figure.origin == "replayed" for f in c.findings)
    )  # fmt: skip
    if heard:
        found.append(
            "Heard in published files, on clips that were chosen by others, with few sources, and "
            f"judged in each class by itself: {heard}."
        )
    sound = field.requirements.replayed
    if sound is not None and field.replayed is None:
        found.append(f"No published sound was judged: these results have none in {sound.results}.")
    nothing = _specs(c.spec for c in candidates if _lacks(c, NO_ROWS))
    if nothing:
        found.append(f"No rows in this run: {nothing}.")
    trusted = _specs(
        c.spec for c in candidates
        if any("trust" in r.reasons.get("weights", "") for r in field.figures.of(c.spec))
    )  # fmt: skip
    if trusted:
        found.append(f"Weights taken on trust, without a known digest: {trusted}.")
    provisional = {
        f.requirement.name: f.requirement.others
        for c in candidates
        for f in c.hard
        if f.provisional
    }
    predicted = {wording.label(one.metric) for others in provisional.values() for one in others}
    if predicted:
        found.append(
            f"Predicted by {', '.join(sorted(predicted))}, not heard. On expert listening tests "
            "such predictors explain part of the opinions only, and least for generative codecs."
        )
    return found


def _machines(field: Field) -> list[str]:
    if not any(r.metric in TIMES for r in field.requirements.requirements):
        return []
    hosts = field.figures.hosts
    if len(hosts) == 1:
        return [f"Times come from a single machine ({hosts[0]}), one thread."]
    return [f"Times come from {len(hosts)} machines and decide nothing."] if hosts else []


def _weights(candidate: Candidate, field: Field) -> str | None:
    rows = field.figures.of(candidate.spec)
    return rows[0].weights if rows else None


def _lacks(candidate: Candidate, reason: str) -> bool:
    return any(f.effective.figure.reason == reason or f.figure.reason == reason
               for f in candidate.findings)  # fmt: skip


def _specs(specs: Iterable[str]) -> str:
    return ", ".join(f"`{spec}`" for spec in dict.fromkeys(specs))
