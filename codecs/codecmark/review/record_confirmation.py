"""The part of a record that says whether its options hold on clips that were kept back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codecmark.review.bounds import matches_any
from codecmark.review.confirmation import Confirmation, judged_again
from codecmark.review.decision import Decision
from codecmark.review.record_alternatives import missed_there, name_of
from codecmark.review.record_sections import STATUS
from codecmark.review.requirement import Requirement
from codecmark.review.summary import code
from codecmark.system.counting import counted
from codecmark.system.markdown import escaped

_NOT_THERE = "does not hold", "does"


def section(decision: Decision) -> list[str]:
    """Return one paragraph; nothing where no clips were kept back, or none of them was run."""
    kept = decision.requirements.confirmation
    ran = [one for one in decision.confirmations if one.status is not None]
    if kept is None or not ran:
        return []
    largest = max(ran, key=lambda one: one.clips)
    picked = {pick.spec for pick in decision.picks}
    ours = [one for one in decision.confirmations if one.spec in picked]
    options = {each.spec: each for outcome in decision.outcomes for each in outcome.candidates}
    offers = [pattern for one in decision.requirements.options for pattern in one.specs] or ["*"]
    passing = [one for one in ran if one.spec not in picked and one.holds]
    passing.sort(key=lambda one: one.kbps or 0.0)
    others = [one for one in passing if matches_any(one.spec, offers)]
    beside = [one for one in passing if one not in others]
    here = {spec for spec, one in decision.candidates.items() if one.can_be_chosen}
    both = [one for one in others if one.spec in here]
    found = [one for one in others if one.spec not in here | _out_by_the_rest(decision)]
    missable = {name for one in ran for name in one.missed}
    asked = {one.name: one for one in decision.requirements.requirements if one.name in missable}
    brackets = "; in brackets: how many clips miss " if len(asked) == 1 else ""
    missing = f"{brackets}{''.join(map(name_of, asked.values()))}" if brackets else ""
    text = (
        f"**On clips that were kept back** ([rows](../{kept.results}/), "
        f"{counted(largest.clips, 'clip')} of {counted(largest.sources, 'source')}, "
        f"{_left_out(ran)}{_rule(decision)}{missing}): "
        f"{'; '.join(_of(one, asked) for one in ours)}."
    )
    measured = sum(candidate.is_measured for candidate in options.values())
    if measured > 1:
        text += (
            f" The best of {measured} settings on a few clips is partly the luckiest there, "
            "and its margins flatter it."
        )
    if both:
        text += f" What else passes on both: {_names(both, asked)}."
    if found:
        text += (
            " What passes on the kept clips and not on those that were chosen on was found there, "
            f"and is confirmed by nothing: {_names(found, asked)}."
        )
    if beside:
        text += f" What is no option and passes there: {_names(beside, asked)}."
    chosen = next((one for one in ours if one.spec == decision.recommended), None)
    if chosen is not None and not chosen.holds:
        holding = (one for one in (*ours, *others) if one.holds)
        first = min(holding, key=lambda one: one.place, default=None)
        what, does = ("was not run", "passes there") if chosen.status is None else _NOT_THERE
        instead = f"{'nothing that ran there' if first is None else code(first.spec)} {does}"
        text = f"**The recommendation {what} on clips that were kept back; {instead}.** {text}"
    return [text]


def _left_out(ran: Sequence[Confirmation]) -> str:
    most = max(one.left_out for one in ran)
    if not most:
        return ""
    return f"{counted(most, 'clip')} more left out that were chosen on or are of their sources, "


def judged_by(decision: Decision) -> str:
    """Say by which hard requirements alone they are judged there; empty where it is by all."""
    hard = [one for one in decision.requirements.requirements if one.hard]
    again = _asked_again(decision)
    if len(again) == len(hard):
        return ""
    left_out = [one for one in hard if one not in again]
    if len(left_out) < len(again):
        return f" by all that is asked but {_joined(left_out)}"
    return f" by {_joined(again)} alone"


def _rule(decision: Decision) -> str:
    """Say by what they are judged there."""
    by = judged_by(decision)
    return f"judged{by}" if by else "the same rule"


def _joined(asked: Sequence[Requirement]) -> str:
    *names, last = (escaped(one.name) for one in asked)
    return f"{', '.join(names)} and {last}" if names else last


def _asked_again(decision: Decision) -> list[Requirement]:
    return [one for one in judged_again(decision.requirements) if one.hard]


def _out_by_the_rest(decision: Decision) -> set[str]:
    """Return what passes here whatever is judged there too, and fails by what is not."""
    again = {one.name for one in _asked_again(decision)}
    return {
        spec
        for spec, one in decision.candidates.items()
        if not one.can_be_chosen
        and all(f.effective.verdict == "PASS" for f in one.hard if f.requirement.name in again)
    }


def _names(passing: Sequence[Confirmation], asked: Mapping[str, Requirement]) -> str:
    return ", ".join(f"{code(one.spec)} at {_rate(one)}{_missed(one, asked)}" for one in passing)


def _of(one: Confirmation, asked: Mapping[str, Requirement]) -> str:
    if one.status is None:
        return f"{code(one.spec)} was not run there"
    lacks = ", ".join(f"{escaped(name)} {verdict}" for name, verdict in one.lacks.items())
    return (
        f"{code(one.spec)} {STATUS[one.status]}{f' ({lacks})' if lacks else ''}"
        f"{_missed(one, asked)}"
    )


def _missed(one: Confirmation, asked: Mapping[str, Requirement]) -> str:
    """Say in brackets how many single clips miss what the mean passes."""
    if len(asked) == 1:
        return "".join(f" ({below})" for below, _ in one.missed.values())
    text = missed_there(one, asked)
    return f" ({text})" if text else ""


def _rate(one: Confirmation) -> str:
    return "an unknown rate" if one.kbps is None else f"{one.kbps:.1f} kbit/s"
