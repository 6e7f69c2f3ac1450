"""What would change the choice: thresholds, options on the Pareto set, evidence that is lacking."""

from __future__ import annotations

from codecmark.review import wording
from codecmark.review.decision import Decision
from codecmark.review.links import Links
from codecmark.review.summary import code
from codecmark.system.counting import counted
from codecmark.system.markdown import escaped

_NEAREST = 2


def nearest_flips(decision: Decision, links: Links) -> str:
    """Say which thresholds, moved the least, change the choice, and who could still win.

    Nothing of clips that are kept back, on which there is no choice.
    """
    if decision.locked:
        return ""
    asked = {requirement.name: requirement for requirement in decision.requirements.asked}
    flips = [
        (abs(flip.threshold - asked[name].threshold) / asked[name].scale, name, flip)
        for name, each in decision.flips.items()
        for flip in each
    ]
    texts = []
    for _, name, flip in sorted(flips, key=lambda flip: flip[:2])[:_NEAREST]:
        requirement = asked[name]
        limit = links.cite(flip.figure, wording.amount(flip.threshold, requirement))
        other = "no option" if flip.chosen is None else code(flip.chosen)
        of_few = ""
        if flip.figure.n_sources:
            of_few = f"; a figure of {counted(flip.figure.n_sources, 'source')}"
        texts.append(
            f"{limit} instead of {requirement.threshold:g} of {escaped(name)} (then "
            f"{other}{of_few})"
        )
    changes = [f"asking {' or '.join(texts)}"] if texts else []
    if decision.chosen is None and decision.relaxation is not None:
        changes = ["the relaxation above"]
    if decision.contenders:
        changes.append(f"evidence on {', '.join(map(escaped, decision.contenders))}")
    return f"**What would change it**: {', or '.join(changes)}." if changes else ""


def flips(decision: Decision, links: Links) -> list[str]:
    """Return a sentence for each threshold: what it would have to be for another choice."""
    sentences = []
    by_name = {requirement.name: requirement for requirement in decision.requirements.asked}
    for name, flips in decision.flips.items():
        asked = by_name[name]
        sides = []
        for flip in flips:
            above = flip.threshold > asked.threshold
            limit = links.cite(flip.figure, wording.amount(flip.threshold, asked))
            other = "no option passes" if flip.chosen is None else code(flip.chosen)
            sides.append(f"{'above' if above else 'below'} {limit}: {other}")
        text = "; ".join(sides) if sides else "no threshold changes the choice"
        sentences.append(
            f"{escaped(asked.name)} (asked {escaped(wording.threshold(asked))}): {text}."
        )
    return sentences


def pareto_set(decision: Decision) -> str:
    """Say over which axes it is, who is on it, and who was dropped by whom."""
    pareto = decision.pareto
    axes = ", ".join(
        wording.label(metric)
        + ("" if name == "all" else f" on {name}")
        + wording.went_through(through)
        for metric, name, through in (*((*axis, "") for axis in pareto.axes), *pareto.impaired)
    )
    texts = [f"**Pareto set** over {axes}."]
    texts += [f"On it: {', '.join(map(escaped, pareto.members)) or 'no option'}."]
    texts += [
        f"Dropped: {escaped(dropped.option)} ({code(dropped.spec)}), by {code(dropped.by)}."
        for dropped in pareto.dropped
    ]
    if pareto.left_out:
        texts.append(f"Not placed for want of figures: {', '.join(map(escaped, pareto.left_out))}.")
    return " ".join(texts)


def open_options(decision: Decision) -> str:
    """Name the options that lack evidence, first those that could still win."""
    contenders = decision.contenders
    others = [
        outcome.option
        for outcome in decision.outcomes
        if outcome.best.status == "open" and outcome.option not in contenders
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
