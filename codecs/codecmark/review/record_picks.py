"""The three options of a record's first screen, what their order is worth, what each asks for."""

from __future__ import annotations

from codecmark.analysis.aggregation import ALL
from codecmark.review import wording
from codecmark.review.choice import Candidate, smallest_margin
from codecmark.review.decision import Decision
from codecmark.review.finding import MOST_CERTAIN
from codecmark.review.links import Links
from codecmark.review.picks import BUILT_ON, MOST_MARGIN, Pick
from codecmark.review.record_sections import STATUS
from codecmark.review.summary import code
from codecmark.review.threshold import ORIGINAL
from codecmark.system.counting import counted
from codecmark.system.markdown import escaped, table

_NAMED = 3
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
        *_built_on(decision),
        *_order(decision),
        *_predicted_best(decision, links),
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


def _built_on(decision: Decision) -> list[str]:
    """Say where nothing that builds on what is in use passes, though something else does."""
    kept = [one for one in decision.picks if one.role == BUILT_ON]
    if not kept or decision.chosen is None or decision.candidates[kept[0].spec].can_be_chosen:
        return []
    candidate = decision.candidates[kept[0].spec]
    return [
        "**Nothing that builds on what is in use passes**: nearest is "
        f"{code(candidate.spec)} at {wording.figure(candidate.rate)}, {STATUS[candidate.status]}."
    ]


def _order(decision: Decision) -> list[str]:
    """Say what the order by margin is worth: whose it is, and what it is on the kept clips."""
    first = next((one for one in decision.picks if one.role == MOST_MARGIN), None)
    passing = {spec: one for spec, one in decision.candidates.items() if one.can_be_chosen}
    if first is None or len(passing) < 2:
        return []
    figure = passing[first.spec].narrowest.figure
    few = f"{counted(figure.n_sources, 'source')} of {figure.clip_class}"
    where = f"that of {few}" if figure.n_sources and figure.clip_class != ALL else "of these clips"
    again = sorted(
        (one for one in decision.confirmations if one.holds and one.spec in passing),
        key=lambda one: one.place,
    )
    there = [one.spec for one in again]
    here = sorted(there, key=lambda spec: -smallest_margin(passing[spec].findings))
    text = (
        "**Which of those that pass has most margin is not known.** A pass takes one half interval "
        f"or more; above that the order is {where} ({escaped(first.of)}), cut at "
        f"{MOST_CERTAIN:g}, then by bits."
    )
    if len(there) > 1:
        another = "another" if there[:_NAMED] != here[:_NAMED] else "the same"
        text += (
            f" On clips that were kept back it is {another}: "
            f"{', then '.join(map(code, there[:_NAMED]))}."
        )
    return [f"{text} Choose among them by bits, delay, licence and latent."]


def _predicted_best(decision: Decision, links: Links) -> list[str]:
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
