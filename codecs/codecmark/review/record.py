"""The record as Markdown, in the form of MADR 4: the same rows give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from codecmark.review import (
    handwritten,
    record_classes,
    record_picks,
    record_sections,
    record_top,
)
from codecmark.review.decision import Decision
from codecmark.review.links import Links
from codecmark.system.markdown import escaped

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
        *record_top.first(decision, links),
        "## The answer in detail",
        *record_top.detail(decision, links),
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
        record_top.further_risks(decision, links),
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
    """Return the title, the question, the answer and its detail, figures without links."""
    asked, links = decision.requirements, Links(plain=True)
    parts = [
        f"# {escaped(asked.title)}",
        escaped(asked.question),
        *record_top.first(decision, links),
        "## In detail",
        *record_top.detail(decision, links),
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
