"""The box at the top of the page: what was decided, in the words of the record.

Nothing is judged here: every verdict, margin and risk is the decision's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from codecmark.review import panel_text, record, wording
from codecmark.review.choice import Candidate
from codecmark.review.finding import Finding
from codecmark.review.in_force import InForce
from codecmark.review.links import Links
from codecmark.review.panel import Panel
from codecmark.review.summary import headline

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
    """One requirement and how the option stands to it.

    Attributes
    ----------
    tone : str
        `clear`, `close`, `fail` or `none`: the colour of `says`.
    """

    name: str
    asked: str
    value: str
    detail: str
    tone: str
    says: str
    margin: str


@dataclass(frozen=True)
class Box:
    """What the box shows; texts marked so are Markdown, whose links `definitions` resolve.

    Attributes
    ----------
    option : str or None
        The recommended spec; None where no codec passes.
    headline, rest, risk, routes : str
        Markdown: the bold sentence, what follows it, the largest risk and the next ones, the
        table of routes.
    alternatives : str
        The cheapest settings of other options that pass too.
    baseline : tuple of two str, or None
        What is in use today, and how it stands.
    record : str
        File name of the record; empty where there is none.
    is_current : bool
        Whether the record on disk is of this decision.
    """

    option: str | None
    status: str
    headline: str
    rest: str
    tiles: tuple[Tile, ...]
    risk: str
    routes: str
    definitions: str
    alternatives: str
    baseline: tuple[str, str] | None
    record: str
    is_current: bool


def box(held: InForce) -> Box:
    """Return what the page says first."""
    decision, links = held.decision, Links()
    sentence, rest = headline(decision, links)
    chosen = decision.chosen
    others = sorted(
        (one.best for one in decision.outcomes if one.best.can_be_chosen and one.best != chosen),
        key=lambda one: (one.rate.value or 0.0, one.spec),
    )
    risk, routes = record.risks(decision, links), record.routes(decision, links)
    return Box(
        option=decision.recommended,
        status=decision.requirements.status,
        headline=sentence,
        rest=rest,
        tiles=() if chosen is None else tuple(map(tile, chosen.findings)),
        risk=risk,
        routes=routes,
        definitions=links.definitions(),
        alternatives=", ".join(
            f"{one.spec} ({wording.with_unit(one.rate.value or 0.0, 'bitrate_kbps')})"
            for one in others[:_ALTERNATIVES]
        ),
        baseline=_baseline(decision.requirements.baseline, decision.candidates),
        record=held.record.name if held.record is not None else "",
        is_current=held.is_current,
    )


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
    )


def _baseline(specs: tuple[str, ...], candidates: dict[str, Candidate]) -> tuple[str, str] | None:
    """Return the first of `specs` whose quality was measured, and its verdicts."""
    for spec in specs:
        candidate = candidates.get(spec)
        if candidate is None:
            continue
        tiles = [tile(finding) for finding in candidate.findings]
        if all(f.effective.figure.level is not None for f in candidate.hard):
            said = (f"{one.name} {one.value} ({one.asked}: {one.says})" for one in tiles)
            return spec, ", ".join(said)
    return None
