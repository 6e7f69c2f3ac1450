"""The table of all that passes, and what its order is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codecmark.analysis.aggregation import ALL
from codecmark.review import wording
from codecmark.review.alternatives import Alternative
from codecmark.review.confirmation import Confirmation
from codecmark.review.decision import Decision
from codecmark.review.finding import MOST_CERTAIN
from codecmark.review.links import Links
from codecmark.review.picks import MOST_MARGIN, OF_PRESENT, Pick
from codecmark.review.record_sections import STATUS
from codecmark.review.requirement import Requirement
from codecmark.review.summary import as_wide, code
from codecmark.system.counting import counted
from codecmark.system.markdown import escaped, table

_SHOWN = 16
_AS_CHEAP = 1.05  # rates of 18 clips do not tell settings apart that are nearer


def section(decision: Decision, links: Links) -> list[str]:
    """Return the table, what its words mean, and what its order is worth; nothing without any."""
    if not decision.alternatives:
        return []
    again = {one.spec: one for one in decision.confirmations if one.status is not None}
    sound = {one.name: one for one in decision.requirements.requirements}
    missable = [name for name in sound if any(name in one.missed for one in _all(decision))]
    shown, kept = _shown(decision), bool(again)
    both = " here / kept" if kept else ""
    headings = ["setting", f"kbit/s{both}", "delay", "licence", f"smallest margin{both}"]
    headings += [f"single clips that miss {name_of(sound[name])}{both}" for name in missable]
    rows = []
    for one in shown:
        there = again.get(one.spec)
        pairs = [
            (_rate(one, decision, links), _there(there)),
            (_margin(one, decision), "-" if there is None else _margin_there(there)),
            *(
                (_of(one.missed.get(name)), _of(None if there is None else there.missed.get(name)))
                for name in missable
            ),
        ]
        rate, widest, *missing = (" / ".join(pair) if kept else pair[0] for pair in pairs)
        licence = escaped(one.licence) or "-"
        rows.append([_named(one, decision), rate, _delay(one), licence, widest, *missing])
    left_out = len(decision.alternatives) - len(shown)
    more = f" {counted(left_out, 'setting')} more that pass take more bits." if left_out else ""
    words = (
        "*Margin*: how far a mean is beyond its threshold, in half intervals (half of the 95 % "
        "interval of that mean over sources), the smallest over all hard requirements, classes of "
        f"clips and predictors that count: 1 or more is a pass, {MOST_CERTAIN:g} or more are not "
        f"told apart.{' *Kept*: on clips that were kept back.' if kept else ''}{more}"
    )
    return [table(headings, rows), words, *_order(decision)]


def margin(value: float | None) -> str:
    """Write a margin in half intervals as the rule counts it; without an interval as the most."""
    if value is None or value >= MOST_CERTAIN:
        return f"{MOST_CERTAIN:g} or more"
    return f"{value:.2f}"


def missed_there(one: Confirmation, asked: Mapping[str, Requirement]) -> str:
    """Say how many single clips miss what the mean passes; empty where nothing asks for sound."""
    return ", ".join(
        f"{_of(pair)} clips miss {name_of(asked[name])}" for name, pair in one.missed.items()
    )


def name_of(asked: Requirement) -> str:
    """Return a requirement by its name and its threshold: `SNR > 10 dB`."""
    return f"{escaped(asked.name)} {escaped(wording.threshold(asked))}"


def _all(decision: Decision) -> list[Alternative | Confirmation]:
    return [*decision.alternatives, *decision.confirmations]


def _shown(decision: Decision) -> Sequence[Alternative]:
    """Return the first by bits; and what was picked, wherever it is."""
    picked = {pick.spec for pick in decision.picks}
    first = {one.spec for one in decision.alternatives[:_SHOWN]}
    return [one for one in decision.alternatives if one.spec in first | picked]


def _margin(one: Alternative, decision: Decision) -> str:
    if one.margin is None and not decision.candidates[one.spec].can_be_chosen:
        return "no evidence"
    return margin(one.margin)


def _margin_there(one: Confirmation) -> str:
    return "no evidence" if one.margin is None and not one.holds else margin(one.margin)


def _named(one: Alternative, decision: Decision) -> str:
    """Return the setting, with what it was picked for."""
    roles = [_role(pick, decision) for pick in decision.picks if pick.spec == one.spec]
    if one.spec == decision.recommended:
        roles = ["**recommended**", *(role for role in roles if role != "recommended")]
    candidate = decision.candidates[one.spec]
    if not candidate.can_be_chosen:
        roles.append(STATUS[candidate.status])
    return ", ".join([code(one.spec), *roles])


def _role(pick: Pick, decision: Decision) -> str:
    """Return what a setting was picked for, the best of the present routes by its own."""
    if pick.role == MOST_MARGIN:
        others = len(as_wide(decision, decision.candidates[pick.spec])) - 1
        have = "has" if others == 1 else "have"
        return f"{pick.role}, as {have} {counted(others, 'other')}" if others else pick.role
    if pick.role != OF_PRESENT:
        return pick.role
    outcome = decision.outcome(pick.option)
    return f"best of *{escaped(outcome.route or outcome.option)}*"


def _rate(one: Alternative, decision: Decision, links: Links) -> str:
    if one.kbps is None:
        return "-"
    return links.cite(decision.candidates[one.spec].rate, wording.number(one.kbps, "bitrate_kbps"))


def _there(one: Confirmation | None) -> str:
    """Write the rate on the kept clips, and the status where it does not pass there."""
    if one is None:
        return "not run there"
    rate = "-" if one.kbps is None else f"{one.kbps:.1f}"
    return rate if one.holds else f"{rate}, {STATUS[one.status or 'open']}"


def _delay(one: Alternative) -> str:
    if one.delay_ms is not None:
        return f"{one.delay_ms:.4g} ms"
    return "none stated" if one.no_delay_stated else "-"


def _of(pair: tuple[int, int] | None) -> str:
    return "-" if pair is None else f"{pair[0]} of {pair[1]}"


def _order(decision: Decision) -> list[str]:
    """Say what the order by margin is worth: whose it is, and what the kept clips tell apart."""
    passing = {one.spec: one for one in decision.alternatives}
    passing = {s: one for s, one in passing.items() if decision.candidates[s].can_be_chosen}
    if len(passing) < 2:
        return []
    first = next((one for one in decision.picks if one.role == MOST_MARGIN), None)
    texts = []
    if first is not None:
        widest = decision.candidates[first.spec]
        tied = len(as_wide(decision, widest))
        figure = widest.narrowest.figure
        few = f"{counted(figure.n_sources, 'source')} of {figure.clip_class}"
        named = figure.n_sources and figure.clip_class != ALL
        by = f"The order by margin is that of {few if named else 'these clips'} "
        by += f"({escaped(first.of)}), cut at {MOST_CERTAIN:g}, then by bits."
        if tied > 1:
            by = f"By the rule {tied} have as much, and what `prefer` names next puts one first."
        texts.append(
            f"**Which of those that pass has most margin is not known.** {by}"
            f"{_told_apart(decision, passing)}"
        )
    texts += [*_cheapest(list(passing.values())), "Choose by bits, delay, licence and latent."]
    return [" ".join(texts)]


def _told_apart(decision: Decision, passing: Mapping[str, Alternative]) -> str:
    """Say how many have a margin at the cut on the kept clips, and how large it is, of each."""
    ran = [c for c in decision.confirmations if c.status is not None and c.spec in passing]
    again = sorted((one for one in ran if one.holds), key=lambda one: -_size(one.margin))
    if len(again) < 2:
        return ""
    widest = [one for one in again if _size(one.margin) >= MOST_CERTAIN]
    if len(widest) < 2:
        names = ", ".join(f"{code(one.spec)} {_uncut(one)}" for one in again[:3])
        return f" On the kept clips the largest margins are {names}."
    names = ", ".join(f"{code(one.spec)} {_uncut(one)}" for one in widest)
    return (
        f" On the kept clips {len(widest)} of the {len(ran)} that ran there have "
        f"{MOST_CERTAIN:g} half intervals or more and are not told apart: {names}."
    )


def _size(value: float | None) -> float:
    return float("inf") if value is None else value


def _uncut(one: Confirmation) -> str:
    return "(no interval)" if one.margin is None else f"{one.margin:.1f}"


def _cheapest(passing: Sequence[Alternative]) -> list[str]:
    """Name what takes as few bits as the fewest."""
    least = passing[0].kbps
    near = [one for one in passing if least and one.kbps and one.kbps <= least * _AS_CHEAP]
    if len(near) < 2:
        return []
    names = ", ".join(f"{code(one.spec)} {one.kbps:.1f}" for one in near)
    return [f"Fewest bits, within {100 * (_AS_CHEAP - 1):.0f} %: {names} kbit/s."]
