"""The sections of a record below its first lines: options, outcome, pros and cons, settings."""

from __future__ import annotations

from codecmark.review import decidedness, panel_text, record_changes, wording
from codecmark.review.choice import Candidate
from codecmark.review.decision import Decision, Outcome
from codecmark.review.elsewhere import StatedFigure
from codecmark.review.figure import NO_ROWS, UNTRAINED
from codecmark.review.finding import MOST_CERTAIN, Finding
from codecmark.review.links import Links
from codecmark.review.requirement import Requirement
from codecmark.review.requirements import MARGIN, SOFT
from codecmark.review.summary import because, code, value
from codecmark.review.threshold import SPEECH_FIELDS
from codecmark.system.markdown import escaped, table

STATUS = {
    "feasible": "passes",
    "provisional": "passes, provisionally",
    "open": "open",
    "out": "out",
}


def drivers(decision: Decision) -> str:
    """List the requirements."""
    lines = []
    for asked in decision.requirements.requirements:
        lines.append(f"- {_driver(asked)}, {'hard' if asked.hard else 'soft'}")
        if asked.stand_in is not None:
            lines.append(
                f"  - while there is none, its stand-in decides: {_driver(asked.stand_in)}"
            )
        if asked.panel is not None:
            lines.append(
                f"  - while there is none, a panel of predictors decides, **"
                f"{escaped(asked.panel.name)}**: PASS where every voice that counts holds at the "
                "near end of its interval, FAIL where most of them fail at the far end, else "
                "UNDECIDED; voices of one house are one voice, and nothing is averaged"
            )
            lines += [f"    - {escaped(voice)}" for voice in panel_text.rule(asked.panel)]
    return "\n".join(lines)


def options(decision: Decision) -> str:
    """List the options."""
    return "\n".join(
        f"{n}. **{escaped(outcome.option)}** ({escaped(outcome.route)})"
        + (f": {escaped(outcome.why)}" if outcome.why else "")
        for n, outcome in enumerate(decision.outcomes, start=1)
    )


def outcome(decision: Decision, links: Links) -> list[str]:
    """Return the table of the options, and what is to be said of the choice."""
    names = [escaped(one.name) for one in decision.requirements.requirements]
    stand_ins = [escaped(name) for name in decision.requirements.stand_in_names]
    rows = [
        [escaped(o.option), code(o.best.spec), *_cells(o.best, links), STATUS[o.best.status]]
        for o in decision.outcomes
    ]
    headings = ["option", "nearest setting", *names, *stand_ins, "status"]
    return [
        f"Order among those that pass: {_order(decision)}. The setting of an option is chosen the "
        "same way; of one that is out, the one that lacks least. Behind each figure stands its "
        "evidence: `measured` here, or `replayed`, that is heard in files that others published. A "
        "verdict by a (bound) is argued from what was measured.",
        table(headings, rows),
        "**What would flip it.** " + " ".join(record_changes.flips(decision, links)),
        record_changes.pareto_set(decision),
        record_changes.open_options(decision),
    ]


def pros_and_cons(outcome: Outcome, links: Links) -> list[str]:
    """Return what speaks for and against an option."""
    best = outcome.best
    lines = [f"- {text}" for f in best.findings for text in _argued(f, links)]
    heading = f"### {escaped(outcome.option)}"
    return [heading, f"{code(best.spec)}: {STATUS[best.status]}.", "\n".join(lines)]


def awaited(decision: Decision) -> str:
    """Say what is measured, and what awaits weights, rows or listeners."""
    groups: dict[str, list[str]] = {
        "Measured, every hard requirement that rows can decide": [],
        "Out by a bound, whatever its weights or training": [],
        "Heard in published files only": [],
        "Awaits its published weights": [],
        "Awaits rows": [],
        "Awaits listeners": [],
    }
    measured, bounded, heard, weights, rows, listeners = groups.values()
    for outcome in decision.outcomes:
        name = escaped(outcome.option)
        late = f"{name} (out already)" if outcome.best.status == "out" else name
        hard = [f for f in outcome.best.findings if f.requirement.hard]
        reasons = {f.effective.reason for f in hard if f.bound is None}
        if any(f.bound is not None for f in hard):
            bounded.append(name)
        elif any(f.effective.figure.origin == "replayed" for f in hard):
            heard.append(name)
        elif all(f.effective.verdict != "NO EVIDENCE" for f in hard):
            measured.append(name)
        if UNTRAINED in reasons:
            weights.append(late)
        if any(reason.startswith(NO_ROWS) for reason in reasons):
            rows.append(late)
        asked = (f for f in hard if f.stand_in is not None and f.verdict not in {"PASS", "FAIL"})
        if outcome.best.status != "out" and any(asked):
            listeners.append(name)
    lines = [f"- **{what}**: {', '.join(who)}." for what, who in groups.items() if who]
    for panel in decision.requirements.panels:
        counts = decidedness.shares(decision.candidates.values(), panel)
        if counts:
            lines.append(
                f"- **How often {escaped(panel)} is decided**, of every setting that these rows "
                f"have sound of: {decidedness.in_words(counts)}."
            )
    return "\n".join(lines)


def settings(decision: Decision, links: Links) -> str:
    """Return the table of every setting."""
    asked = decision.requirements.requirements
    names = [escaped(one.name) for one in asked]
    names += [escaped(name) for name in decision.requirements.stand_in_names]
    offered = {c.spec: c for outcome in decision.outcomes for c in outcome.candidates}
    rows = [[code(c.spec), *_cells(c, links), STATUS[c.status]] for c in offered.values()]
    rows += [
        [code(c.spec), *_cells(c, links), f"{STATUS[c.status]}; of no option"]
        for c in decision.others
    ]
    return table(["setting", *names, "status"], rows)


def verdict(finding: Finding) -> str:
    """Write a verdict."""
    if finding.bound is not None:
        return "FAIL (bound)"
    return finding.verdict


def _driver(asked: Requirement) -> str:
    return f"**{escaped(asked.name)}**: {escaped(wording.demand(asked))} ({asked.evidence})"


def _cells(candidate: Candidate, links: Links) -> list[str]:
    findings = [*candidate.findings]
    findings += [f.stand_in for f in candidate.findings if f.stand_in is not None]
    return [_cell(finding, links) for finding in findings]


def _cell(finding: Finding, links: Links) -> str:
    """Write the verdict, the figure, and where it comes from."""
    says = verdict(finding)
    if len(set(finding.classes.values())) > 1:
        says += f" ({', '.join(f'{name} {found}' for name, found in finding.classes.items())})"
    if finding.stated is not None:
        return f"{says}: {stated_figure(finding.stated)}"
    text = value(finding, links)
    if text == "-":
        return says
    tried = f", {panel_text.tried(finding)}" if finding.panel else ""
    origin = "" if finding.figure.listeners else f", {finding.figure.origin}"
    return f"{says}: {text}{origin}{tried}"


def stated_figure(stated: StatedFigure) -> str:
    """Write what others state, and where."""
    text = wording.with_unit(stated.value, stated.metric)
    return f"{wording.label(stated.metric)} {text} ({escaped(stated.where)})"


def _order(decision: Decision) -> str:
    names = {
        MARGIN: "largest of the smallest margins over the hard requirements, in half intervals up "
        f"to {MOST_CERTAIN:g} (which shrink with every source more: margins of two runs do not "
        "compare)",
        SOFT: "most soft requirements passed",
        "bitrate_kbps": "fewest bits",
        "decode_rtf": "fastest to decode",
        "encode_rtf": "fastest to encode",
    }
    names |= {key: f"best {wording.label(key)} on speech" for key in SPEECH_FIELDS}
    keys = [names.get(key) or f"best {wording.label(key)}" for key in decision.requirements.prefer]
    return ", then ".join(["evidence before stand-ins", *keys, "name"])


def _argued(finding: Finding, links: Links) -> list[str]:
    asked = finding.requirement
    name = escaped(finding.name)
    text = value(finding, links)
    lines: list[str] = []
    if finding.bound is not None:
        lines.append(f"Bad, because {name} is {text}: {because(finding, links)}")
    elif finding.verdict in {"PASS", "FAIL"}:
        passed, limit = finding.verdict == "PASS", escaped(wording.threshold(asked))
        text += "" if finding.figure.origin == "measured" else f", {finding.figure.origin}"
        by = "" if finding.margin is None else f" by {wording.amount(abs(finding.margin), asked)}"
        how = "clears " if passed else "misses "
        if asked.among:
            how = "" if passed else "not "
        lines.append(f"{'Good' if passed else 'Bad'}, because {name} is {text}: {how}{limit}{by}")
    elif finding.stated is not None:
        lines.append(
            f"PUBLISHED ELSEWHERE on {name}: {stated_figure(finding.stated)}; no rows: "
            f"{escaped(finding.reason)}"
        )
    else:
        detail = "" if text == "-" else f" ({text})"
        lines.append(f"{finding.verdict} on {name}{detail}: {escaped(finding.reason)}")
    if finding.panel and finding.figure.level is not None:
        lines[-1] += "".join(
            f"\n  - {panel_text.marked(line)}" for line in panel_text.class_by_class(finding)
        )
    if finding.stand_in is not None:
        lines += _argued(finding.stand_in, links)
    return lines
