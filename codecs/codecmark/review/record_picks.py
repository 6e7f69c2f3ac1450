"""What a record says of the settings that it picks, beside the table of all that passes."""

from __future__ import annotations

from codecmark.review import wording
from codecmark.review.decision import Decision
from codecmark.review.links import Links
from codecmark.review.picks import OF_PRESENT
from codecmark.review.record_sections import STATUS
from codecmark.review.summary import code
from codecmark.review.threshold import ORIGINAL
from codecmark.system.markdown import escaped


def subject(decision: Decision) -> str | None:
    """Return the recommended setting, or the nearest that was picked; None without any."""
    if decision.recommended is not None:
        return decision.recommended
    return decision.picks[-1].spec if decision.picks else None


def to_live_with(decision: Decision) -> str:
    """Return what a user has to know of each other one that was picked; empty without any."""
    known = {pick.spec: pick for pick in decision.picks if pick.spec != subject(decision)}
    return "\n".join(
        f"- To live with {code(spec)}: {escaped('; '.join(pick.to_know))}."
        for spec, pick in known.items()
        if pick.to_know
    )


def by_rate(decision: Decision, links: Links) -> str:
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


def built_on(decision: Decision) -> list[str]:
    """Say where nothing of the present routes passes, though something else does."""
    kept = [one for one in decision.picks if one.role == OF_PRESENT]
    if not kept or decision.chosen is None or decision.candidates[kept[0].spec].can_be_chosen:
        return []
    candidate = decision.candidates[kept[0].spec]
    present = ", ".join(map(escaped, decision.requirements.present))
    return [
        f"**Nothing passes of {present}**: nearest is {code(candidate.spec)} at "
        f"{wording.figure(candidate.rate)}, {STATUS[candidate.status]}."
    ]


def predicted_best(decision: Decision, links: Links) -> list[str]:
    """Say that quality was not asked for, and who of those that pass is predicted best."""
    ours, others = [], []
    for one in decision.predicted_best:
        metric = one.figure.metric
        label = wording.label(metric) + (" difference" if one.figure.of == ORIGINAL else "")
        own = links.cite(one.chosen, wording.number(one.chosen.value or 0.0, metric))
        if one.figure.spec == one.chosen.spec:
            ours.append(f"{label} ({own})")
            continue
        value = links.cite(one.figure, wording.number(one.figure.value or 0.0, metric))
        rate = "" if one.kbps is None else f" at {one.kbps:.1f} kbit/s"
        others.append(
            f"{label} puts {code(one.figure.spec)} first ({value}{rate}; the recommended has {own})"
        )
    if not ours and not others:
        return []
    puts = "put" if len(ours) > 1 else "puts"
    first = [f"{' and '.join(ours)} {puts} the recommended first"] if ours else []
    return [
        "**Good sound is no hard requirement here**, so it decides nothing by itself. Of those "
        f"that pass, {' and '.join([*first, *others])}."
    ]
