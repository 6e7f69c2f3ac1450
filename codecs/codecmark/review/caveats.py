"""What must be said of a whole comparison, found in the rows and never left to the author."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codecmark.metrics.table import VISQOL_FIELD
from codecmark.review import wording
from codecmark.review.choice import Candidate
from codecmark.review.field import Field
from codecmark.review.figure import NO_ROWS
from codecmark.review.finding import Finding
from codecmark.review.threshold import TIMES
from codecmark.review.unasked import asks_for_quality
from codecmark.system.counting import counted

FEW_SOURCES = 8
_TO_THE_DECIMAL = 0.005  # of what is shown


def caveats(candidates: Sequence[Candidate], field: Field) -> tuple[str, ...]:
    """Return the caveats of the whole comparison."""
    texts = [*_few_sources(field), *_many_settings(candidates), *_ceiling(field)]
    texts += [*_evidence(candidates, field), *_machines(field)]
    lags = _specs(
        c.spec for c in candidates if any(r.lag_samples for r in field.figures.of(c.spec))
    )
    if lags:
        texts.append(
            f"Scored after alignment, since some clips are not where the declared delay puts "
            f"them: {lags}."
        )
    touched = [r for r in field.requirements.requirements if r.axes and asks_for_quality(r)]
    if touched:
        names = ", ".join(r.name for r in touched)
        texts.append(
            f"No predictor here was held against listeners on clips that went through more than "
            f"the codec: {names}."
        )
    if any(r.statistic in {"p95", "worst"} for r in field.requirements.requirements):
        texts.append("`p95` and `worst` speak of the measured clips only: no interval is claimed.")
    return tuple(texts)


def _few_sources(field: Field) -> list[str]:
    counts = []
    for name in field.figures.classes:
        sources = field.figures.source_counts[name]
        clips = len({row.clip for row in field.figures.rows if row.clip_class == name})
        if sources < FEW_SOURCES:
            counts.append(f"{name} {counted(clips, 'clip')} of {counted(sources, 'source')}")
    if not counts:
        return []
    texts = [
        f"Few sources ({'; '.join(counts)}): intervals are Student's t over them, and wide. They "
        "speak of material like this, not of all audio."
    ]
    if scarce := field.figures.scarce:
        texts.append(
            f"{wording.nothing_can_pass(scarce)}. In place of an interval the lowest and the "
            "highest source are shown, and a verdict over several classes leaves such a class out "
            "unless it fails there."
        )
    return texts


def _ceiling(field: Field) -> list[str]:
    """Say where ViSQOL puts something above an exact copy, since it orders nothing there."""
    texts = []
    for name in field.figures.classes:
        exact = [
            spec for spec in field.figures.specs if field.figures.get(spec, "snr_db", name).exact
        ]
        levels = {s: field.figures.get(s, VISQOL_FIELD, name).value for s in field.figures.specs}
        top = max((levels[spec] or 0.0 for spec in exact), default=0.0)
        best = max(levels, key=lambda spec: levels[spec] or 0.0)
        if top and (levels[best] or 0.0) > top + _TO_THE_DECIMAL:
            above = sum((level or 0.0) > top + _TO_THE_DECIMAL for level in levels.values())
            texts.append(
                f"{name} {top:.2f} for an exact copy, {levels[best]:.2f} for `{best}` and more "
                f"than the copy for {counted(above, 'setting')}"
            )
    if not texts:
        return []
    return [f"ViSQOL has a ceiling, above which it orders nothing: {'; '.join(texts)}."]


def _many_settings(candidates: Sequence[Candidate]) -> list[str]:
    judged = sum(candidate.is_measured for candidate in candidates)
    if judged < 2:
        return []
    return [
        f"Each interval holds with 95 % by itself; {judged} settings could be chosen, so that one "
        "or another may pass or fail by luck, and the one with the largest margin owes some of it "
        "to that."
    ]


def _evidence(candidates: Sequence[Candidate], field: Field) -> list[str]:
    texts = []
    untrained = _specs(c.spec for c in candidates if _weights(c, field) == "random")
    if untrained:
        texts.append(
            "Untrained networks, seeded: time and rate are theirs, measured on one short clip; "
            f"quality awaits the published weights: {untrained}."
        )
    heard = _specs(
        c.spec for c in candidates
        if any(f.effective.figure.origin == "replayed" for f in c.findings)
    )  # fmt: skip
    if heard:
        texts.append(
            "Heard in published files, on clips that were chosen by others, with few sources, and "
            f"judged in each class by itself: {heard}."
        )
    sound = field.requirements.replayed
    if sound is not None and field.replayed is None:
        texts.append(f"No published sound was judged: these results have none in {sound.results}.")
    nothing = _specs(c.spec for c in candidates if _lacks(c, NO_ROWS))
    if nothing:
        texts.append(f"No rows in this run: {nothing}.")
    trusted = _specs(
        c.spec for c in candidates
        if any("trust" in r.reasons.get("weights", "") for r in field.figures.of(c.spec))
    )  # fmt: skip
    if trusted:
        texts.append(f"Weights taken on trust, without a known digest: {trusted}.")
    predicted = {
        label for c in candidates for f in c.hard if f.provisional for label in _predictors(f)
    }
    if predicted:
        texts.append(f"Predicted by {', '.join(sorted(predicted))}, not heard.")
    return texts


def _predictors(finding: Finding) -> set[str]:
    """Return what predicts in place of listeners: of a panel what has figures."""
    metrics = {member.name: member.metric for member in finding.requirement.others}
    if not finding.effective.panel:
        return {wording.label(metric) for metric in metrics.values()}
    return {
        wording.label(metrics[said.requirement])
        for voice in finding.effective.voices
        for said in voice.says
        if said.value is not None
    }


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
