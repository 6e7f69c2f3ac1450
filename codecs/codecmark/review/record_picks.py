"""The three options of a record's first screen, what separates them, and what each asks for."""

from __future__ import annotations

from codecmark.review import wording
from codecmark.review.choice import Candidate
from codecmark.review.decision import Decision
from codecmark.review.finding import MOST_CERTAIN
from codecmark.review.links import Links
from codecmark.review.picks import Pick
from codecmark.review.record_sections import STATUS
from codecmark.review.summary import code
from codecmark.system.markdown import escaped, table

_MARGIN = f"smallest margin, in half intervals up to {MOST_CERTAIN:g}"


def section(decision: Decision, links: Links) -> list[str]:
    """Return the table of the three and what a user has to know of each; nothing without any."""
    if not decision.picks:
        return []
    rows = []
    for pick in decision.picks:
        candidate = decision.candidates[pick.spec]
        rate = wording.figure(candidate.rate)
        rows.append(
            [
                pick.role,
                escaped(pick.option),
                code(pick.spec),
                links.cite(candidate.rate, rate) if candidate.rate.level is not None else rate,
                f"{_margin(pick, candidate)} ({escaped(pick.of)})",
                STATUS[candidate.status],
            ]
        )
    headings = [
        "",
        "option",
        "setting",
        "rate",
        _MARGIN,
        "status",
    ]
    known = {pick.spec: pick for pick in decision.picks}
    return [
        table(headings, rows),
        *_present(decision),
        *_apart(decision),
        _by_rate(decision, links),
        "\n".join(
            f"- To live with {code(spec)}: {escaped('; '.join(pick.to_know))}."
            for spec, pick in known.items()
            if pick.to_know
        ),
    ]


def _margin(pick: Pick, candidate: Candidate) -> str:
    """Write the margin; none where nothing is known, however the choice ranks that."""
    unknown = candidate.narrowest.verdict in {"NO EVIDENCE", "PUBLISHED ELSEWHERE"}
    return "no evidence" if unknown else f"{pick.margin:+.2f}"


def _by_rate(decision: Decision, links: Links) -> str:
    """Say what is best for whoever has so many bits, and what it lacks."""
    texts = []
    for limit, spec in decision.by_rate.items():
        candidate = decision.candidates[spec]
        lacks = [
            f"{escaped(finding.name)} {finding.verdict}"
            for finding in (outer.effective for outer in candidate.hard)
            if finding.verdict != "PASS"
        ]
        status = STATUS[candidate.status] + (f": {', '.join(lacks)}" if lacks else "")
        rate = links.cite(candidate.rate, wording.figure(candidate.rate))
        texts.append(f"up to about {limit} kbit/s {code(spec)} at {rate} ({status})")
    return f"**For a given rate**: {'; '.join(texts)}." if texts else ""


def _present(decision: Decision) -> list[str]:
    """Say whether the present architecture has to be left; nothing where none is named."""
    kept = [one for one in decision.picks if one.role == "best within the present architecture"]
    if not kept or not any(decision.candidates[one.spec].can_be_chosen for one in decision.picks):
        return []
    spec = kept[0].spec
    candidate = decision.candidates[spec]
    rate = wording.figure(candidate.rate)
    if candidate.can_be_chosen:
        return [
            f"**The present architecture need not be left**: {code(spec)} passes too, at {rate}."
        ]
    return [
        "**Nothing that was measured within the present architecture passes**: nearest is "
        f"{code(spec)} at {rate}, {STATUS[candidate.status]}."
    ]


def _apart(decision: Decision) -> list[str]:
    """Say what separates the safest from the others."""
    first, *others = decision.picks
    texts = [
        f"{code(other.spec)} {_difference(decision, first, other)}"
        for other in {one.spec: one for one in others if one.spec != first.spec}.values()
    ]
    if not texts:
        return ["One setting is all of them."] if others else []
    return [f"Against {code(first.spec)}, {'; '.join(texts)}."]


def _difference(decision: Decision, first: Pick, other: Pick) -> str:
    ours, theirs = (decision.candidates[pick.spec].rate.value for pick in (first, other))
    parts = []
    if ours and theirs:
        percent = 100 * (theirs / ours - 1)
        parts.append(f"takes {abs(percent):.0f} % {'more' if percent > 0 else 'fewer'} bits")
    if not decision.candidates[other.spec].can_be_chosen:
        return " and ".join([*parts, f"is not shown to pass: {escaped(other.of)} decides"])
    lead = first.margin - other.margin
    if round(lead, 1) > 0:
        parts.append(f"has {lead:.1f} half intervals less to spare, on {escaped(other.of)}")
    return " and ".join(parts) or "is as safe and as cheap"
