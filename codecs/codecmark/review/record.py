"""The record as Markdown, in the form of MADR 4: the same rows give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from codecmark.review import (
    decidedness,
    handwritten,
    panel_text,
    record_changes,
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
from codecmark.review.summary import headline, route_line, value
from codecmark.system.markdown import escaped, table

_ASK = "*Nothing is written here yet.*"
PARTS = ("context", "consequences", "notes")
_RUN_DATE = re.compile(r"^(\d{4})(\d\d)(\d\d)T")


def markdown(
    decision: Decision,
    source: str,
    kept: Mapping[str, str] | None = None,
    superseded_by: str | None = None,
) -> str:
    """Return the record.

    Parameters
    ----------
    source : str
        Path of the requirements file, from the folder that commands are given in.
    kept : mapping
        Hand-written parts by name.
    superseded_by : str, optional
        Name of the record that replaced this one, without its ending.
    """
    links = Links()
    asked = decision.requirements
    names = (*PARTS, *(note.name for note in asked.notes))
    texts = {**dict.fromkeys(names, _ASK), **(kept or {})}
    parts = [
        _front_matter(decision, superseded_by),
        f"<!-- Made by `codecmark review {escaped(source)}`. Text between hand-written marks is "
        "kept; all else is overwritten. -->",
        f"# {escaped(asked.title)}",
        *_supersedes(decision),
        *_top(decision, links),
        "## Context and Problem Statement",
        escaped(asked.question),
        handwritten.block("context", texts.pop("context")),
        "## Decision Drivers",
        record_sections.drivers(decision),
        "## Considered Options",
        record_sections.options(decision),
        "## Decision Outcome",
        *record_sections.outcome(decision, links),
        record_picks.by_rate(decision, links),
        _further_risks(decision, links),
        *record_classes.section(decision, links),
        *(
            text
            for note in asked.notes
            for text in (
                f"### {escaped(note.heading)}",
                handwritten.block(note.name, texts.pop(note.name)),
            )
        ),
        "### Consequences",
        handwritten.block("consequences", texts.pop("consequences")),
        "### Confirmation",
        f"`codecmark run`, then `codecmark review {escaped(source)}`, measures again and judges "
        f"anew. Among a project's tests, `pytest --benchmark-only --require {escaped(source)}` on "
        "its benchmarks fails unless every hard requirement still passes.",
        "## Pros and Cons of the Options",
        *(
            text
            for outcome in decision.outcomes
            for text in record_sections.pros_and_cons(outcome, links)
        ),
        "## More Information",
        "### What is known, and what is awaited",
        record_sections.awaited(decision),
        "### Caveats",
        "\n".join(f"- {text}" for text in decision.caveats),
        "### Every setting",
        record_sections.settings(decision, links),
        "### Notes",
        handwritten.block("notes", texts.pop("notes")),
        *(handwritten.block(name, text) for name, text in texts.items()),
        "### Evidence",
        f"Run {_runs(decision.run_ids)}. {_replayed_runs(decision)}Each figure links to "
        "its rows; the link's title is the filter: a spec, a field, a class of clips.",
        links.definitions(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def first_screen(decision: Decision) -> str:
    """Return the title, the question and the first lines of the record, figures without links."""
    asked = decision.requirements
    parts = [
        f"# {escaped(asked.title)}",
        escaped(asked.question),
        *_top(decision, Links(plain=True)),
    ]
    runs = f"Run {_runs(decision.run_ids)}. {_replayed_runs(decision)}".strip()
    return "\n\n".join(part for part in (*parts, runs) if part) + "\n"


def _runs(run_ids: Sequence[str]) -> str:
    return ", ".join(f"`{escaped(run)}`" for run in run_ids)


def _replayed_runs(decision: Decision) -> str:
    runs = _runs(decision.replayed_run_ids)
    return f"Of published sound: {runs}. " if runs else ""


def _front_matter(decision: Decision, superseded_by: str | None) -> str:
    asked = decision.requirements
    status: str = asked.status
    if superseded_by is not None:
        status = f'"superseded by [{superseded_by}]({superseded_by}.md)"'
    lines = ["---", f"status: {status}"]
    if date := _RUN_DATE.match(max(decision.run_ids)):
        lines.append(f"date: {'-'.join(date.groups())}")
    if asked.decision_makers:
        lines.append(f"decision-makers: {', '.join(map(escaped, asked.decision_makers))}")
    if asked.supersedes:
        lines.append(f"supersedes: {', '.join(asked.supersedes)}")
    return "\n".join([*lines, "---"])


def _supersedes(decision: Decision) -> list[str]:
    names = decision.requirements.supersedes
    return [f"Supersedes {', '.join(f'[{name}]({name}.md)' for name in names)}."] if names else []


def _top(decision: Decision, links: Links) -> list[str]:
    sentence, rest = headline(decision, links)
    texts = [f"**{sentence}** {rest}", wording.condition(decision.requirements.judged_under)]
    if decision.scarce:
        texts.append(f"{wording.nothing_can_pass(decision.scarce)}.")
    if decision.chosen is not None:
        texts.append(_margins(decision.chosen, links))
        texts += _voices(decision, decision.chosen)
    texts += record_picks.section(decision, links)
    texts += record_confirmation.section(decision)
    if decision.risks:
        texts.append(f"**Largest risk**: {risks(decision, links)}")
    texts.append(record_changes.nearest_flips(decision, links))
    return [*texts, routes(decision, links), *record_classes.in_short(decision, links)]


def risks(decision: Decision, links: Links) -> str:
    """Return the largest risk with its rows; empty where there is none."""
    return f"{_risk(decision.risks[0], links)}." if decision.risks else ""


def _further_risks(decision: Decision, links: Links) -> str:
    further = "; ".join(_risk(risk, links) for risk in decision.risks[1:3])
    return f"**Further risks**: {further}." if further else ""


def _risk(risk: Risk, links: Links) -> str:
    return f"{escaped(risk.text)} ({links.cite(risk.figure, 'rows')})"


def routes(decision: Decision, links: Links) -> str:
    """Return the table of the nearest option of each route; empty where there is one only."""
    if len(decision.routes) < 2:
        return ""
    rows = [
        [
            escaped(route),
            escaped(outcome.option),
            record_sections.STATUS[outcome.best.status],
            route_line(outcome, links),
        ]
        for route, outcome in decision.best_by_route.items()
    ]
    return table(["route", "nearest option", "status", "because"], rows)


def _margins(candidate: Candidate, links: Links) -> str:
    rows = []
    for finding in candidate.findings:
        rows.append(_margin_row(finding, links))
        if finding.stand_in is not None:
            rows.append(_margin_row(finding.stand_in, links, stands_in=True))
    headings = ["requirement", "asked", "has", "margin", "at the interval's near end", "verdict"]
    return table(headings, rows)


def _voices(decision: Decision, candidate: Candidate) -> list[str]:
    """Return what each voice of a panel says of the recommended setting, class by class."""
    panels = [f.stand_in for f in candidate.findings if f.stand_in is not None and f.stand_in.panel]
    return [
        f"**Who says what** ({escaped(finding.panel)}):\n\n"
        + "\n".join(f"- {panel_text.marked(line)}" for line in panel_text.class_by_class(finding))
        + _decided(decision, finding.panel)
        for finding in panels
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
