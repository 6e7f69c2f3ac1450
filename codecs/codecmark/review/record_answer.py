"""The answer in a few lines: each route, how sure it is, what it costs, what would change it."""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.review import panel_text, record_changes, record_confirmation, wording
from codecmark.review.decision import Decision, Outcome
from codecmark.review.finding import Finding
from codecmark.review.links import Links
from codecmark.review.record_alternatives import missed_there
from codecmark.review.record_picks import subject
from codecmark.review.record_sections import STATUS
from codecmark.review.summary import code, route_line
from codecmark.system.counting import counted
from codecmark.system.markdown import escaped

_ANSWERS = {"feasible": "yes", "provisional": "yes, provisionally", "open": "open", "out": "no"}


def section(decision: Decision, links: Links) -> list[str]:
    """Return one list; nothing where nothing is to be said."""
    lines = [*_routes(decision, links), _sure(decision), _history(decision), _cost(decision)]
    lines.append(record_changes.nearest_flips(decision, links))
    text = "\n".join(f"- {line}" for line in lines if line)
    return [text] if text else []


def _routes(decision: Decision, links: Links) -> list[str]:
    """Return a line for each route, or for several that end for the same reason."""
    if len(decision.routes) < 2:
        return []
    by_answer: dict[str, list[str]] = {}
    for route, outcome in decision.best_by_route.items():
        by_answer.setdefault(_answer(decision, route, outcome, links), []).append(route)
    return [f"**{_joined(routes)}: {answer}." for answer, routes in by_answer.items()]


def _answer(decision: Decision, route: str, nearest: Outcome, links: Links) -> str:
    status = _ANSWERS[nearest.best.status]
    if not nearest.best.can_be_chosen:
        if nearest.best.status == "open":
            status += ", neither shown to pass nor to fail"
            return f"{status}.** {code(nearest.best.spec)}: {route_line(nearest, links)}"
        failed = [f.effective for f in nearest.best.hard if f.effective.verdict == "FAIL"]
        of_all = bool(failed) and all(finding.bound is not None for finding in failed)
        whose = "" if of_all else f"nearest is {code(nearest.best.spec)}: "
        return f"{status}.** {whose}{route_line(nearest, links)}"
    of_route = [one for one in decision.outcomes if one.route == route]
    options = [one for one in of_route if one.best.can_be_chosen]
    passing = [c for one in options for c in one.candidates if c.can_be_chosen]
    least = min(passing, key=lambda one: (one.rate.value or 0.0, one.spec))
    rate = wording.with_unit(least.rate.value or 0.0, "bitrate_kbps")
    names = ", ".join(escaped(one.option) for one in options)
    text = f"{status}.** {names} ({counted(len(passing), 'setting')}, from {code(least.spec)} at "
    text += f"{links.cite(least.rate, rate)})"
    asked = decision.requirements
    if {route, nearest.option} & {*asked.present}:
        known = next(one.to_know for one in asked.options if one.name == nearest.option)
        text += "".join(f"; {escaped(one)}" for one in known[:1])
    return text


def _joined(routes: Sequence[str]) -> str:
    text = " or ".join(map(escaped, routes))
    return text[:1].upper() + text[1:]


def _sure(decision: Decision) -> str:
    """Say what the answer rests on: listeners or predictors, how many clips, whether it held."""
    spec = subject(decision)
    if spec is None:
        return ""
    candidate = decision.candidates[spec]
    texts = []
    for finding in (finding for finding in candidate.findings if finding.provisional):
        by = finding.effective
        name = escaped(finding.requirement.name)
        who = "a panel of predictors" if by.panel else f"its stand-in {escaped(by.name)}"
        says = "" if by.verdict == "PASS" else f", which says {by.verdict}"
        texts.append(f"nobody has listened, {name} is predicted by {who}{_alone(by)}{says}")
    ours = [one for one in decision.alternatives if one.spec == spec]
    texts += [
        f"chosen on {counted(one.clips, 'clip')} of {counted(one.sources, 'source')}"
        for one in ours
        if one.clips and decision.recommended
    ]
    again = next((one for one in decision.confirmations if one.spec == spec), None)
    if again is not None and again.status is None:
        texts.append("it was not run on the clips that were kept back")
    elif again is not None:
        alone = record_confirmation.judged_by(decision)
        missed = missed_there(again, {r.name: r for r in decision.requirements.requirements})
        texts.append(
            f"on {counted(again.clips, 'clip')} of {counted(again.sources, 'source')} that were "
            f"kept back it {_again(again.status or 'open')}{alone}"
            f"{f' ({missed})' if missed else ''}"
        )
    return f"**How sure**: {'; '.join(texts)}." if texts else ""


def _history(decision: Decision) -> str:
    """Say what was decided before and after the kept clips were looked at, as people wrote it."""
    kept = decision.requirements.confirmation
    if kept is None or not kept.history or not decision.confirmations:
        return ""
    return f"**Order of events**: {escaped(kept.history)}."


def _again(status: str) -> str:
    return "passes again" if status in {"feasible", "provisional"} else f"is {STATUS[status]}"


def _alone(finding: Finding) -> str:
    """Say where predictors of one house alone judge."""
    classes = panel_text.judged_by_one_house(finding)
    return "".join(
        f", on {' and '.join(name for name, who in classes.items() if who == house)} by one house, "
        f"{escaped(house)}, alone"
        for house in dict.fromkeys(classes.values())
    )


def _cost(decision: Decision) -> str:
    """Say what whoever takes it has to live with: bits first."""
    spec = subject(decision)
    known = next((pick.to_know for pick in decision.picks if pick.spec == spec), ())
    if spec is None or not known:
        return ""
    rate = decision.candidates[spec].rate.value
    bits = [] if rate is None else [wording.with_unit(rate, "bitrate_kbps")]
    return f"**What it costs**: {code(spec)}: {'; '.join([*bits, *map(escaped, known)])}."
