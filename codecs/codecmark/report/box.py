"""The box at the top of the page: what was decided, in the words of the record.

Nothing is judged here: every verdict, margin and risk is the decision's own. All of it is of the
rows that the page shows; a record of other rows is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from codecmark.review import (
    panel_text,
    record_alternatives,
    record_answer,
    record_classes,
    record_confirmation,
    record_picks,
    record_top,
    wording,
)
from codecmark.review.choice import Candidate
from codecmark.review.decision import Decision
from codecmark.review.finding import Finding
from codecmark.review.in_force import InForce
from codecmark.review.judgement import Judged
from codecmark.review.links import Links
from codecmark.review.panel import Panel
from codecmark.review.summary import headline
from codecmark.system.counting import counted

_TONES = {
    "PASS": "clear", "UNDECIDED": "close", "FAIL": "fail", "PUBLISHED ELSEWHERE": "none",
    "NO EVIDENCE": "none",
}  # fmt: skip
SAYS = {
    "PASS": "clears it",
    "UNDECIDED": "undecided",
    "FAIL": "misses it",
    "PUBLISHED ELSEWHERE": "published elsewhere only",
    "NO EVIDENCE": "no evidence",
}
_ALTERNATIVES = 3


@dataclass(frozen=True)
class Tile:
    """One requirement and how a codec stands to it.

    Attributes
    ----------
    tone : str
        `clear`, `close`, `fail` or `none`: the colour of `says`.
    beside : Tile or None
        The runner-up's.
    voices : tuple of str
        Where a panel decided: a line for each class of clips, who says what.
    """

    name: str
    asked: str
    value: str
    detail: str
    tone: str
    says: str
    margin: str
    beside: Tile | None = None
    voices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Box:
    """What the box shows; texts marked so are Markdown, whose links `definitions` resolve.

    Attributes
    ----------
    option : str or None
        The recommended spec; None where no codec passes.
    subject, runner_up : str or None
        The spec that the cards speak of, the recommended one or else the nearest; and the best of
        another option, whose figures stand beside.
    asked : str
        The title of the requirements.
    headline, rest, answer, picks, risk : str
        Markdown: the bold sentence, what follows it, a line for each route and what the answer
        rests on, the table of all that passes, the largest risk.
    confirmed, classes : str
        Markdown: how it did on clips that were kept back, and what each class takes by itself.
    alternatives : str
        The fewest bits that pass in each option, of the cheapest options.
    baseline : tuple of two str, or None
        What is in use today, and how it stands.
    record : str
        File name of the record of this decision; empty where there is none.
    is_outdated : bool
        Whether the record on disk is of other rows or requirements.
    """

    option: str | None
    subject: str | None
    runner_up: str | None
    asked: str
    status: str
    headline: str
    rest: str
    answer: str
    tiles: tuple[Tile, ...]
    picks: str
    confirmed: str
    risk: str
    classes: str
    definitions: str
    alternatives: str
    baseline: tuple[str, str] | None
    record: str
    is_outdated: bool


def box(held: InForce, judged: Judged) -> Box:
    """Return what the page says first.

    Parameters
    ----------
    held : InForce
        The decision on the page's rows.
    judged : Judged
        What the same rows and requirements say of every spec, best first.
    """
    decision, links = held.decision, Links()
    sentence, rest = headline(decision, links)
    cheapest = (one.cheapest for one in decision.outcomes)
    others = {one.spec: one for one in cheapest if one and one.spec != decision.recommended}
    if decision.scarce:
        rest += f" {wording.nothing_can_pass(decision.scarce)}."
    answer = [
        *record_picks.predicted_best(decision, links),
        *record_answer.section(decision, links),
        *record_picks.built_on(decision),
    ]
    picks = [*record_alternatives.section(decision, links), record_picks.to_live_with(decision)]
    subject, runner_up = first_two(decision, judged)
    is_current = held.is_current and held.record is not None
    return Box(
        option=decision.recommended,
        subject=subject,
        runner_up=runner_up,
        asked=decision.requirements.title,
        status=decision.requirements.status,
        headline=sentence,
        rest=f"{rest} {wording.condition(decision.requirements.judged_under)}",
        answer=_paragraphs(answer),
        tiles=_tiles(decision.candidates, subject, runner_up),
        picks=_paragraphs(picks),
        confirmed=_paragraphs(record_confirmation.section(decision)),
        risk=record_top.risks(decision, links),
        classes=_paragraphs(record_classes.in_short(decision, links)),
        definitions=links.definitions(),
        alternatives=", ".join(
            f"{one.spec} ({wording.with_unit(one.rate.value or 0.0, 'bitrate_kbps')})"
            for one in sorted(others.values(), key=lambda one: one.rate.value or 0.0)[
                :_ALTERNATIVES
            ]
        ),
        baseline=_baseline(decision.requirements.baseline, decision.candidates),
        record=held.record.name if is_current and held.record is not None else "",
        is_outdated=held.record is not None and not is_current,
    )


def _paragraphs(texts: Sequence[str]) -> str:
    return "\n\n".join(filter(None, texts))


def first_two(decision: Decision, judged: Judged) -> tuple[str | None, str | None]:
    """Return the recommended spec, or else the nearest, and the best of another option."""
    option_of: dict[str, str] = {}
    for outcome in decision.outcomes:
        for candidate in outcome.candidates:
            option_of.setdefault(candidate.spec, outcome.option)
    offered = [spec for spec in judged.candidates if spec in option_of]
    measured = [spec for spec in offered if _is_measured(judged.candidates[spec])]
    subject = decision.recommended or next(iter(measured or offered), None)
    if subject is None:
        return None, None
    mine = option_of[subject]
    return subject, next((spec for spec in measured if option_of[spec] != mine), None)


def _is_measured(candidate: Candidate) -> bool:
    """Whether each hard requirement has a figure of the run itself, not of published sound."""
    figures = [finding.effective.figure for finding in candidate.hard]
    return all(one.is_known and one.origin == "measured" for one in figures)


def _tiles(
    candidates: Mapping[str, Candidate], subject: str | None, runner_up: str | None
) -> tuple[Tile, ...]:
    """Return a card for each requirement, with the runner-up's figure beside."""
    if subject is None:
        return ()
    found = [tile(finding) for finding in candidates[subject].findings]
    if runner_up is None:
        return tuple(found)
    others = (tile(finding) for finding in candidates[runner_up].findings)
    return tuple(replace(one, beside=other) for one, other in zip(found, others, strict=True))


def tile(finding: Finding) -> Tile:
    """Return what the page shows of a finding."""
    shown = finding.effective
    asked, figure = shown.requirement, shown.figure
    name = finding.requirement.name
    if finding.provisional:
        name += f", by {'' if shown.panel else 'its stand-in '}{shown.name}"
    if asked.clip_class == "each" or shown.panel:
        name += f" ({figure.clip_class})"
    details = [shown.reason] if shown.reason else []
    if figure.low is not None and figure.high is not None and not figure.of_few:
        low, high = (wording.number(end, asked.metric) for end in (figure.low, figure.high))
        details.append(f"95 % interval {low} to {high}")
    if figure.listeners:
        details.insert(0, f"asked: {counted(figure.listeners, 'listener')}")
    if figure.worst is not None and shown.bound is None:
        worst = wording.number(figure.worst, asked.metric)
        details.append(f"worst clip {worst} ({figure.worst_clip})")
    if shown.panel:
        details.append(panel_text.in_short(shown))
    if figure.exact:
        details.append("the output equals the input")
    return Tile(
        name=name,
        asked=wording.threshold(asked),
        value=f"{Panel.label_of(asked.name)} {wording.figure(figure)}"
        if shown.panel and figure.level is not None
        else wording.figure(figure),
        detail="; ".join(details),
        tone=_TONES[shown.verdict],
        says=SAYS[shown.verdict],
        margin="" if shown.margin is None else wording.margin(shown.margin, asked.metric),
        voices=tuple(panel_text.class_by_class(shown)) if shown.panel else (),
    )


def _in_use(shown: Finding, found: Tile) -> str:
    """Say how a finding stands; of a panel who says what, since the verdict is not of one value."""
    if shown.panel:
        return f"{found.name}: {found.says} ({panel_text.in_short(shown)}; {found.value})"
    return f"{found.name} {found.value} ({found.asked}: {found.says})"


def _baseline(specs: tuple[str, ...], candidates: dict[str, Candidate]) -> tuple[str, str] | None:
    """Return the first of `specs` whose quality was measured, and its verdicts."""
    for spec in specs:
        candidate = candidates.get(spec)
        if candidate is None:
            continue
        tiles = [tile(finding) for finding in candidate.findings]
        if all(f.effective.figure.is_known for f in candidate.hard):
            found = zip(candidate.findings, tiles, strict=True)
            return spec, ", ".join(_in_use(finding.effective, one) for finding, one in found)
    return None
