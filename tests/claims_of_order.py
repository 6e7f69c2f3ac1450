"""Sentences on what passes, its order and what it has on the kept clips; see `claims`."""

from __future__ import annotations

from msgspec.structs import replace

import committed
from claims import decision, kbps, kept, kept_rows, picked, rows_of
from codecmark import review
from codecmark.review.alternatives import Alternative
from codecmark.review.finding import MOST_CERTAIN
from codecmark.review.picks import CHEAPEST, MOST_MARGIN


def confirmed() -> str:
    """Say how many of all that passes were run on the kept clips, and that all of them pass."""
    specs = [one.spec for one in passing()]
    ran = [again for spec in specs if (again := kept(spec)) is not None]
    assert all(one.holds for one in ran)
    assert {picked(role).spec for role in (MOST_MARGIN, CHEAPEST)} <= {one.spec for one in ran}
    clips = len({row.clip for row in kept_rows()})
    return (
        f"On {clips} clips that had been kept back {len(ran)} of these {len(specs)} ran, and pass "
        "again."
    )


def passing() -> list[Alternative]:
    """Return what passes on the bundled clips, fewest bits first."""
    judged = decision().candidates
    return [one for one in decision().alternatives if judged[one.spec].can_be_chosen]


def cheapest() -> str:
    """Name what takes the fewest bits, within 5 %, of all that passes."""
    near = [one for one in passing() if (one.kbps or 0.0) <= 1.05 * (passing()[0].kbps or 0.0)]
    *names, last = (f"`{one.spec}`" for one in near)
    return (
        f"the fewest bits, within 5 %, take {', '.join(names)} and {last} ({near[0].kbps:.1f} to "
        f"{near[-1].kbps:.1f} kbit/s)"
    )


def below_10_db(spec: str) -> tuple[int, int]:
    """Return how many kept clips a setting leaves at 10 dB or below, of how many."""
    again = kept(spec)
    assert again is not None
    return again.missed["SNR"]


def missing(spec: str) -> str:
    """Say how many kept clips a setting leaves at 10 dB or below."""
    below, clips = below_10_db(spec)
    return f"{below} of {clips} clips below 10 dB"


def by_margin(clip_class: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the rates on a class of what reaches the cut there, and of what passes there.

    By SNR and the panel of that class alone; a margin counts to a tenth.
    """
    asked = decision().requirements
    of_sound = tuple(
        replace(
            one,
            clip_class=clip_class if one.metric == "snr_db" else one.clip_class,
            panel=None if one.panel is None else replace(one.panel, clip_class=clip_class),
        )
        for one in asked.requirements
        if one.hard
    )
    options = tuple(replace(one, replayed=(), bounds=(), published=()) for one in asked.options)
    alone = replace(
        asked,
        requirements=of_sound,
        options=options,
        present=(),
        replayed=None,
        confirmation=None,
    )
    judged = review.decide(committed.rows(), alone)
    offered = {one.spec for outcome in judged.outcomes for one in outcome.candidates}
    passes = {
        spec: kbps(rows_of(committed.rows(), spec, clip_class))
        for spec, one in judged.candidates.items()
        if one.can_be_chosen and spec in offered
    }
    wide = {
        spec: rate
        for spec, rate in passes.items()
        if round(judged.candidates[spec].narrowest.certainty, 1) >= MOST_CERTAIN
    }
    return wide, passes


def cheapest_kept() -> str:
    """Name what takes the fewest bits of all that passes on the kept clips, and only there."""
    held = [one for one in decision().confirmations if one.holds]
    least = min(held, key=lambda one: one.kbps or 0.0)
    assert not decision().candidates[least.spec].can_be_chosen
    return (
        f"`{least.spec}` passes there, at {least.kbps or 0.0:.1f} kbit/s, with "
        f"{missing(least.spec)}; it was found there, so nothing confirms it"
    )


def order() -> str:
    """Say what the order by margin is worth."""
    chosen = decision().chosen
    assert chosen is not None
    figure = chosen.narrowest.figure
    both = {one.spec for one in passing()}
    again = [one for one in decision().confirmations if one.status and one.spec in both]
    widest = [one for one in again if one.holds and (one.margin or 0.0) >= MOST_CERTAIN]
    widest.sort(key=lambda one: -(one.margin or 0.0))
    names = ", ".join(f"`{one.spec}` {one.margin:.1f}" for one in widest)
    return (
        f"the rule's order rests on SNR on {figure.n_sources} recordings of {figure.clip_class} "
        f"sound; on the kept clips {len(widest)} of the {len(again)} that ran there have "
        f"{MOST_CERTAIN:g} half intervals or more and are not told apart: {names}"
    )


def clears_by() -> str:
    recommended = decision().chosen
    assert recommended is not None
    return (
        "clears every hard requirement that has figures by "
        f"{recommended.narrowest.certainty:.1f} times its uncertainty or more"
    )
