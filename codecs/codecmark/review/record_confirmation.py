"""The part of a record that says whether its options hold on clips that were kept back."""

from __future__ import annotations

from codecmark.review.confirmation import Confirmation
from codecmark.review.decision import Decision
from codecmark.review.record_sections import STATUS
from codecmark.review.summary import code
from codecmark.system.counting import counted
from codecmark.system.markdown import escaped


def section(decision: Decision) -> list[str]:
    """Return one paragraph; nothing where no clips were kept back, or none of them was run."""
    kept = decision.requirements.confirmation
    ran = [one for one in decision.confirmations if one.status is not None]
    if kept is None or not ran:
        return []
    largest = max(ran, key=lambda one: one.clips)
    picked = {pick.spec for pick in decision.picks}
    ours = [one for one in decision.confirmations if one.spec in picked]
    others = [one for one in ran if one.spec not in picked and one.holds]
    text = (
        f"**On clips that were kept back** ([rows](../{kept.results}/), "
        f"{counted(largest.clips, 'clip')} of {counted(largest.sources, 'source')}, the same "
        f"rule): {'; '.join(map(_of, ours))}."
    )
    settings = {candidate.spec for outcome in decision.outcomes for candidate in outcome.candidates}
    if len(settings) > 1:
        text += (
            f" The best of {len(settings)} settings on a few clips is partly the luckiest there, "
            "and its margins flatter it; these clips took no part in the choice."
        )
    if others:
        names = ", ".join(f"{code(one.spec)} at {_rate(one)}" for one in others)
        text += f" Of all else that ran there these pass: {names}."
    chosen = next((one for one in ours if one.spec == decision.recommended), None)
    if chosen is not None and chosen.status is not None and not chosen.holds:
        holding = [one for one in (*ours, *others) if one.holds]
        instead = f"{code(holding[0].spec)} does" if holding else "nothing that ran there does"
        text = (
            f"**The recommendation does not hold on clips that were kept back; {instead}.** {text}"
        )
    return [text]


def _of(one: Confirmation) -> str:
    if one.status is None:
        return f"{code(one.spec)} was not run there"
    lacks = ", ".join(f"{escaped(name)} {verdict}" for name, verdict in one.lacks.items())
    return f"{code(one.spec)} {STATUS[one.status]}{f' ({lacks})' if lacks else ''}"


def _rate(one: Confirmation) -> str:
    return "an unknown rate" if one.kbps is None else f"{one.kbps:.1f} kbit/s"
