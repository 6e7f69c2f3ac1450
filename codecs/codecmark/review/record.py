"""The record as Markdown, in the form of MADR 4: the same rows give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from codecmark.markdown import escaped, table
from codecmark.review import handwritten, wording
from codecmark.review.choice import Candidate
from codecmark.review.decision import Decision, Outcome
from codecmark.review.figures import NO_ROWS, UNTRAINED
from codecmark.review.links import Links
from codecmark.review.requirements import SOFT, Requirement
from codecmark.review.summary import because, code, headline, route_line, value
from codecmark.review.verdict import Finding

_ASK = "*Nothing is written here yet.*"
PARTS = ("context", "argument", "consequences", "notes")
_RUN_DATE = re.compile(r"^(\d{4})(\d\d)(\d\d)T")
_STATUS = {
    "feasible": "passes",
    "provisional": "passes, provisionally",
    "open": "open",
    "out": "out",
}


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
        Name of the requirements file.
    kept : mapping
        Hand-written parts by name.
    superseded_by : str, optional
        Name of the record that replaced this one, without its ending.
    """
    links = Links()
    texts = {**dict.fromkeys(PARTS, _ASK), **(kept or {})}
    asked = decision.requirements
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
        _drivers(decision),
        "## Considered Options",
        _options(decision),
        "## Decision Outcome",
        *_outcome(decision, links),
        "### Why no chain without phase can pass",
        handwritten.block("argument", texts.pop("argument")),
        "### Consequences",
        handwritten.block("consequences", texts.pop("consequences")),
        "### Confirmation",
        f"`pytest benchmarks/ --benchmark-only --require results/decisions/{escaped(source)}` "
        "measures again and fails unless every hard requirement still passes.",
        "## Pros and Cons of the Options",
        *(text for outcome in decision.outcomes for text in _pros_and_cons(outcome, links)),
        "## More Information",
        "### What is known, and what is awaited",
        _awaited(decision),
        "### Caveats",
        "\n".join(f"- {text}" for text in decision.caveats),
        "### Every setting",
        _settings(decision, links),
        "### Notes",
        handwritten.block("notes", texts.pop("notes")),
        *(handwritten.block(name, text) for name, text in texts.items()),
        "### Evidence",
        f"Run {', '.join(f'`{escaped(run)}`' for run in decision.run_ids)}. Each figure links to "
        "its rows; the link's title is the filter: a spec, a field, a class of clips.",
        links.definitions(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(decision: Decision, superseded_by: str | None) -> str:
    asked = decision.requirements
    status = asked.status
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
    found = [headline(decision)]
    if decision.recommended is not None:
        found.append(_margins(decision.recommended, links))
    if decision.risks:
        found.append(f"**Largest risk**: {escaped(decision.risks[0])}")
        if len(decision.risks) > 1:
            found.append(f"Next: {' '.join(map(escaped, decision.risks[1:3]))}")
    if len(decision.best_by_route) > 1:
        rows = [
            [escaped(route), escaped(outcome.option.name), _STATUS[outcome.best.status],
             route_line(outcome, links)]
            for route, outcome in decision.best_by_route.items()
        ]  # fmt: skip
        found.append(table(["route", "nearest option", "it", "because"], rows))
    return found


def _margins(candidate: Candidate, links: Links) -> str:
    rows = []
    for finding in candidate.findings:
        rows.append(_margin_row(finding, links))
        if finding.stand_in is not None:
            rows.append(_margin_row(finding.stand_in, links, stands_in=True))
    headings = ["requirement", "asked", "has", "margin", "at the near end", "verdict"]
    return table(headings, rows)


def _margin_row(finding: Finding, links: Links, *, stands_in: bool = False) -> list[str]:
    asked = finding.requirement
    kind = "stand-in" if stands_in else "hard" if asked.hard else "soft"
    return [
        f"{escaped(asked.name)} ({kind})",
        escaped(wording.demand(asked)),
        value(finding, links),
        wording.margin(finding.margin, asked.metric),
        wording.margin(finding.safe_margin, asked.metric),
        _verdict(finding),
    ]


def _verdict(finding: Finding) -> str:
    if finding.bound is not None:
        return "FAIL (bound)"
    return finding.verdict


def _drivers(decision: Decision) -> str:
    lines = []
    for asked in decision.requirements.requirements:
        lines.append(f"- {_driver(asked)}, {'hard' if asked.hard else 'soft'}")
        if asked.stand_in is not None:
            lines.append(
                f"  - while there is none, its stand-in decides: {_driver(asked.stand_in)}"
            )
    return "\n".join(lines)


def _driver(asked: Requirement) -> str:
    return f"**{escaped(asked.name)}**: {escaped(wording.demand(asked))} ({asked.evidence})"


def _options(decision: Decision) -> str:
    return "\n".join(
        f"{n}. **{escaped(outcome.option.name)}** ({escaped(outcome.option.route)}): "
        f"{escaped(outcome.option.why)}"
        for n, outcome in enumerate(decision.outcomes, start=1)
    )


def _outcome(decision: Decision, links: Links) -> list[str]:
    names = [escaped(one.name) for one in decision.requirements.requirements]
    stand_ins = [
        escaped(one.stand_in.name)
        for one in decision.requirements.requirements
        if one.stand_in is not None
    ]
    rows = [
        [escaped(o.option.name), code(o.best.spec), *_cells(o.best, links), _STATUS[o.best.status]]
        for o in decision.outcomes
    ]
    headings = ["option", "nearest setting", *names, *stand_ins, "it"]
    return [
        f"Order among those that pass: {_order(decision)}. The setting of an option is chosen the "
        "same way; of one that is out, the one that lacks least.",
        table(headings, rows),
        "**What would flip it.** " + " ".join(_flips(decision)),
        "**Pareto set** over " + _axes(decision) + ". " + _pareto(decision),
        _open(decision),
    ]


def _cells(candidate: Candidate, links: Links) -> list[str]:
    findings = [*candidate.findings]
    findings += [f.stand_in for f in candidate.findings if f.stand_in is not None]
    return [_cell(finding, links) for finding in findings]


def _cell(finding: Finding, links: Links) -> str:
    text = value(finding, links)
    return _verdict(finding) if text == "-" else f"{_verdict(finding)}: {text}"


def _order(decision: Decision) -> str:
    names = {
        SOFT: "most soft requirements passed",
        "bitrate_kbps": "fewest bits",
        "decode_rtf": "fastest to decode",
        "encode_rtf": "fastest to encode",
    }
    keys = [names.get(key) or f"best {wording.label(key)}" for key in decision.requirements.prefer]
    return ", then ".join(["evidence before stand-ins", *keys, "name"])


def _flips(decision: Decision) -> list[str]:
    found = []
    for asked, flips in decision.flips.items():
        sides = []
        for flip in flips:
            above = flip.threshold > asked.threshold
            limit = wording.with_unit(flip.threshold, asked.metric)
            other = "nobody passes" if flip.chosen is None else code(flip.chosen.spec)
            sides.append(f"{'above' if above else 'below'} {limit}: {other}")
        text = "; ".join(sides) if sides else "no threshold changes the choice"
        found.append(f"{escaped(asked.name)} (asked {escaped(wording.threshold(asked))}): {text}.")
    return found


def _axes(decision: Decision) -> str:
    return ", ".join(
        wording.label(metric) + ("" if name == "all" else f" on {name}")
        for metric, name in decision.front.axes
    )


def _pareto(decision: Decision) -> str:
    front = decision.front
    texts = [f"On it: {', '.join(map(escaped, front.members)) or 'nobody'}."]
    texts += [
        f"Dropped: {escaped(one.option)} ({code(one.spec)}), by {code(one.by)}."
        for one in front.dropped
    ]
    if front.left_out:
        texts.append(f"Not placed for want of figures: {', '.join(map(escaped, front.left_out))}.")
    return " ".join(texts)


def _open(decision: Decision) -> str:
    contenders = [outcome.option.name for outcome in decision.contenders]
    others = [
        outcome.option.name
        for outcome in decision.outcomes
        if outcome.best.status == "open" and outcome.option.name not in contenders
    ]
    texts = []
    if contenders:
        texts.append(
            "**What could still win**, if what it lacks turned out well: "
            f"{', '.join(map(escaped, contenders))}."
        )
    if others:
        texts.append(
            f"Open, but not preferred even then: {', '.join(map(escaped, others))} (soft "
            "requirements failed, or more bits)."
        )
    return " ".join(texts)


def _pros_and_cons(outcome: Outcome, links: Links) -> list[str]:
    best = outcome.best
    lines = [f"- {text}" for f in best.findings for text in _argued(f, links)]
    heading = f"### {escaped(outcome.option.name)}"
    return [heading, f"{code(best.spec)}: {_STATUS[best.status]}.", "\n".join(lines)]


def _argued(finding: Finding, links: Links) -> list[str]:
    asked = finding.requirement
    name = escaped(asked.name)
    margin = wording.margin(finding.margin, asked.metric)
    text = value(finding, links)
    found = []
    if finding.bound is not None:
        found.append(f"Bad, because {name} is {text}: {because(finding, links)}")
    elif finding.verdict in {"PASS", "FAIL"}:
        word = "Good" if finding.verdict == "PASS" else "Bad"
        found.append(
            f"{word}, because {name} is {text}, {margin} beyond what is asked"
            if finding.verdict == "PASS"
            else f"{word}, because {name} is {text}, {margin} from what is asked"
        )
    else:
        detail = "" if text == "-" else f" ({text})"
        found.append(f"{finding.verdict} on {name}{detail}: {escaped(finding.reason)}")
    if finding.stand_in is not None:
        found += _argued(finding.stand_in, links)
    return found


def _awaited(decision: Decision) -> str:
    groups: dict[str, list[str]] = {
        "Measured, every hard requirement that rows can decide": [],
        "Out by a bound, whatever its weights or training": [],
        "Awaits its published weights": [],
        "Awaits rows": [],
        "Awaits listeners": [],
    }
    measured, bounded, weights, rows, listeners = groups.values()
    for outcome in decision.outcomes:
        name = escaped(outcome.option.name)
        late = f"{name} (out already)" if outcome.best.status == "out" else name
        hard = [f for f in outcome.best.findings if f.requirement.hard]
        reasons = {f.effective.reason for f in hard if f.bound is None}
        if any(f.bound is not None for f in hard):
            bounded.append(name)
        elif all(f.effective.verdict != "NO EVIDENCE" for f in hard):
            measured.append(name)
        if UNTRAINED in reasons:
            weights.append(late)
        if NO_ROWS in reasons:
            rows.append(late)
        if outcome.best.status != "out" and any(f.stand_in is not None for f in hard):
            listeners.append(name)
    return "\n".join(f"- **{what}**: {', '.join(who)}." for what, who in groups.items() if who)


def _settings(decision: Decision, links: Links) -> str:
    asked = decision.requirements.requirements
    names = [escaped(one.name) for one in asked]
    names += [escaped(one.stand_in.name) for one in asked if one.stand_in is not None]
    rows = [
        [code(c.spec), *_cells(c, links), _STATUS[c.status]]
        for outcome in decision.outcomes
        for c in outcome.candidates
    ]
    return table(["setting", *names, "it"], rows)
