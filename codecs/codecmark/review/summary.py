"""The first lines of a record: what is recommended, and how near each route comes."""

from __future__ import annotations

from codecmark.analysis.aggregation import ALL
from codecmark.review import wording
from codecmark.review.choice import Candidate, smallest_margin
from codecmark.review.decision import Decision, Outcome
from codecmark.review.finding import Finding
from codecmark.review.links import Links
from codecmark.review.panel import Panel
from codecmark.review.requirements import MARGIN
from codecmark.review.threshold import ORIGINAL
from codecmark.system.counting import counted
from codecmark.system.markdown import escaped


def code(spec: str) -> str:
    """Return a spec as code."""
    return "`" + spec.replace("`", "'").replace("|", "\\|").replace("\n", " ") + "`"


def headline(decision: Decision, links: Links) -> tuple[str, str]:
    """Say what is recommended, or what would have to give: a sentence, and what is to be added."""
    chosen = decision.chosen
    if chosen is not None:
        how = ", provisionally" if decision.provisional else ""
        rate = links.cite(chosen.rate, wording.with_unit(chosen.rate.value or 0.0, "bitrate_kbps"))
        outcome = decision.option_of(chosen.spec)
        route = f" ({escaped(outcome.route)})" if len(decision.routes) > 1 else ""
        what = f"{escaped(outcome.option)}, as {code(chosen.spec)} at {rate}"
        text = f"Recommended{how}{route}: {what}."
        soft, others = _soft(chosen), _others(decision)
        if not decision.provisional:
            return text, f"{_outdone(decision)}It passes every hard requirement{others}.{soft}"
        predicted = [f for f in chosen.findings if f.provisional and f.requirement.hard]
        rests = ", ".join(
            f"{escaped(f.requirement.name)} is judged by {_who(f.effective)}" for f in predicted
        )
        return text, (
            f"{_outdone(decision)}It passes every hard requirement that has figures{others}. But "
            f"{rests} only: no final word.{soft}"
        )
    if decision.locked:
        return (
            "Nothing is recommended on these clips.",
            "They are kept back, to judge what was chosen on others.",
        )
    text = "Nothing is recommended: no option passes every hard requirement."
    still_open = [one for one in decision.outcomes if one.best.status == "open"]
    if still_open:
        names = ", ".join(escaped(one.option) for one in still_open)
        text = f"Nothing is recommended yet: no option is shown to pass. Not refused: {names}."
    relaxed = decision.relaxation
    if relaxed is None:
        return text, "No change of a threshold alone would let one pass."
    asked = {one.name: one for one in decision.requirements.asked}
    changes = ", ".join(
        f"{escaped(name)} at {wording.amount(limit, asked[name])} instead of "
        f"{asked[name].threshold:g}"
        for name, limit in relaxed.thresholds.items()
    )
    scale = "a threshold"
    if any(asked[name].of == ORIGINAL for name in relaxed.thresholds):
        scale += " or, of a difference to the original, of the scale's top"
    return text, (
        f"The smallest relaxation, {relaxed.largest_percent:.0f} % of {scale}: "
        f"{changes}; then {escaped(decision.option_of(relaxed.spec).option)} passes, as "
        f"{code(relaxed.spec)}."
    )


def passing(decision: Decision) -> list[Candidate]:
    """Return what passes of the options."""
    offered = {one.spec for one in decision.alternatives}
    judged = (one for spec, one in decision.candidates.items() if spec in offered)
    return [one for one in judged if one.can_be_chosen]


def as_wide(decision: Decision, candidate: Candidate) -> list[Candidate]:
    """Return what passes with as much margin as one has by the rule, that one among it."""
    margin = smallest_margin(candidate.findings)
    return [one for one in passing(decision) if smallest_margin(one.findings) == margin]


def _others(decision: Decision) -> str:
    """Say after a statement that others pass too, and by what this one comes first."""
    chosen, others = decision.chosen, len(passing(decision)) - 1
    if chosen is None or others < 1:
        return ""
    text = f", as {'does' if others == 1 else 'do'} {counted(others, 'other setting')}"
    if decision.requirements.prefer[:1] != (MARGIN,):
        return f"{text} below"
    if tied := len(as_wide(decision, chosen)) - 1:
        have = "has" if tied == 1 else "have"
        return f"{text}, {tied} of which {have} as much margin by the rule"
    figure, name = chosen.narrowest.figure, escaped(chosen.narrowest.requirement.name)
    what = name
    if figure.n_sources and figure.clip_class != ALL:
        what += f" of {counted(figure.n_sources, 'source')} of {figure.clip_class}"
    return f"{text}; that it comes first rests on {what}, not on bits, delay or licence"


def _outdone(decision: Decision) -> str:
    """Say first of what is not asked to sound good if each predictor puts something else first."""
    others = [one for one in decision.predicted_best if one.figure.spec != decision.recommended]
    if not others or len(others) < len(decision.predicted_best):
        return ""
    return "Others that pass are predicted to sound better. "


def _soft(candidate: Candidate) -> str:
    """Name the soft requirements that it does not pass."""
    found = [f.effective for f in candidate.findings if not f.requirement.hard]
    missed = [f"{escaped(f.name)} {f.verdict}" for f in found if f.verdict != "PASS"]
    return f" Of what is wished for it does not have: {', '.join(missed)}." if missed else ""


def _who(finding: Finding) -> str:
    if finding.panel:
        return f"a panel of predictors ({escaped(finding.panel)})"
    return f"its stand-in {escaped(finding.requirement.name)}"


def value(finding: Finding, links: Links) -> str:
    """Write the figure with its link; of a bound, as the limit that it is."""
    asked = finding.requirement
    if not finding.figure.is_known:
        return "-"
    text = links.cite(finding.figure, escaped(wording.figure(finding.figure)))
    if finding.figure.listeners:
        text += f" of {counted(finding.figure.listeners, 'listener')}"
    if finding.bound is not None or finding.figure.at_most:
        text = f"at {'most' if asked.sign > 0 else 'least'} {text}"
    if finding.bound is not None:
        return text
    if finding.panel:  # the threshold that decides stands for all
        text = f"{Panel.label_of(asked.name)} {text}"
    in_classes = asked.clip_class == "each" or finding.classes
    return f"{text} ({finding.figure.clip_class})" if in_classes else text


def because(finding: Finding, links: Links) -> str:
    """Say why a bound holds, and what was measured where it has to hold."""
    text = escaped(finding.reason)
    if finding.witness is None:
        return text
    best = links.cite(finding.witness, wording.figure(finding.witness))
    return (
        f"{text}; the best of {counted(finding.n_witnesses, 'such setting')} measured, "
        f"{code(finding.witness.spec)}, has {best}"
    )


def route_line(outcome: Outcome, links: Links) -> str:
    """Say in one cell what stands for or against the nearest option of a route."""
    best = outcome.best
    hard = [f.effective for f in best.findings if f.requirement.hard]
    if best.can_be_chosen:
        return f"{code(best.spec)} passes every hard requirement"
    texts = []
    for finding in hard:
        if finding.verdict == "FAIL":
            why = f" ({because(finding, links)})" if finding.bound is not None else ""
            texts.append(f"{escaped(finding.name)} is {value(finding, links)}{why}")
    if not texts:
        reasons: dict[str, list[str]] = {}
        for finding in hard:
            if finding.verdict != "PASS":
                reasons.setdefault(finding.reason, []).append(finding.name)
        texts = [
            f"{', '.join(map(escaped, names))}: {escaped(reason)}"
            for reason, names in reasons.items()
        ]
    return "; ".join(texts)
