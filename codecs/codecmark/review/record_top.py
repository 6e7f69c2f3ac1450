"""What a record says first: the answer in a few lines and a table, and then its detail."""

from __future__ import annotations

from codecmark.review import (
    decidedness,
    panel_text,
    record_alternatives,
    record_answer,
    record_classes,
    record_confirmation,
    record_picks,
    record_sections,
    wording,
)
from codecmark.review.choice import Candidate
from codecmark.review.decision import Decision
from codecmark.review.finding import Finding
from codecmark.review.links import Links
from codecmark.review.risks import Risk
from codecmark.review.summary import code, headline, value
from codecmark.system.markdown import escaped, table


def first(decision: Decision, links: Links) -> list[str]:
    """Return the answer: a sentence, a line for each route, one table of all that passes."""
    sentence, rest = headline(decision, links)
    texts = [f"**{sentence}** {rest}"]
    if decision.scarce:
        texts.append(f"{wording.nothing_can_pass(decision.scarce)}.")
    return [
        *texts,
        *record_picks.predicted_best(decision, links),
        *record_answer.section(decision, links),
        *record_picks.built_on(decision),
        *record_alternatives.section(decision, links),
        wording.condition(decision.requirements.judged_under),
    ]


def detail(decision: Decision, links: Links) -> list[str]:
    """Return what stands behind the answer: margins, voices, kept clips, risk, single classes."""
    texts = []
    if decision.chosen is not None:
        texts += [_margins(decision.chosen, links)]
    spec = record_picks.subject(decision)
    if spec is not None:
        texts += _voices(decision, decision.candidates[spec])
    texts += [record_picks.to_live_with(decision), *record_confirmation.section(decision)]
    if decision.risks:
        texts.append(f"**Largest risk**: {risks(decision, links)}")
    return [*texts, *record_classes.in_short(decision, links)]


def risks(decision: Decision, links: Links) -> str:
    """Return the largest risk with its rows; empty where there is none."""
    return f"{_risk(decision.risks[0], links)}." if decision.risks else ""


def further_risks(decision: Decision, links: Links) -> str:
    """Return the next two risks; empty where there are none."""
    further = "; ".join(_risk(risk, links) for risk in decision.risks[1:3])
    return f"**Further risks**: {further}." if further else ""


def _risk(risk: Risk, links: Links) -> str:
    return f"{escaped(risk.text)} ({links.cite(risk.figure, 'rows')})"


def _margins(candidate: Candidate, links: Links) -> str:
    rows = []
    for finding in candidate.findings:
        rows.append(_margin_row(finding, links))
        if finding.stand_in is not None:
            rows.append(_margin_row(finding.stand_in, links, stands_in=True))
    headings = ["requirement", "asked", "has", "margin", "at the near end", "verdict"]
    return (
        f"{table(headings, rows)}\n\n*Near end*: the end of a figure's 95 % interval that is "
        "nearest to the threshold, or beyond it; a pass holds there too."
    )


def _voices(decision: Decision, candidate: Candidate) -> list[str]:
    """Return what each voice of a panel says of a setting, class by class."""
    panels = [f.stand_in for f in candidate.findings if f.stand_in is not None and f.stand_in.panel]
    of = "" if candidate.spec == decision.recommended else f" of {code(candidate.spec)}"
    return [
        f"**Who says what**{of} ({escaped(finding.panel)}):\n\n"
        + "\n".join(f"- {panel_text.marked(line)}" for line in panel_text.class_by_class(finding))
        + _decided(decision, finding.panel)
        for finding in panels
        if finding.voices
    ]


def _decided(decision: Decision, panel: str) -> str:
    """Say how often the panel decides at all; nothing where it judges one class only."""
    counts = decidedness.shares(decision.candidates.values(), panel)
    text = decidedness.in_words(counts)
    return f"\n\nOf every setting with sound it says: {text}." if counts else ""


def _margin_row(finding: Finding, links: Links, *, stands_in: bool = False) -> list[str]:
    asked = finding.requirement
    kind = "stand-in" if stands_in else "hard" if asked.hard else "soft"
    return [
        f"{escaped(finding.name)} ({'panel' if finding.panel else kind})",
        escaped(wording.demand(asked)),
        value(finding, links),
        wording.margin(finding.margin, asked.metric),
        wording.margin(finding.safe_margin, asked.metric),
        record_sections.verdict(finding),
    ]
