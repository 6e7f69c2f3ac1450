"""Sentences about the waveform layers, filled in from the committed rows; see `claims`."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

import committed
from claims import below_original, decision, difference, kept, kept_rows, picked, rows_of
from codecmark.results.row import ResultRow
from codecmark.review.picks import OF_PRESENT

LATENT = "Waveform layer beside the AudioLDM2 latent"


def extended() -> str:
    """Say what passes of the routes that build on the chain."""
    pick = picked(OF_PRESENT)
    candidate = decision().candidates[pick.spec]
    assert candidate.can_be_chosen
    assert decision().option_of(pick.spec).route == "extend the chain"
    again = kept(pick.spec)
    assert again is not None
    route = [one for one in decision().outcomes if one.route == "extend the chain"]
    passing = [one for outcome in route for one in outcome.candidates if one.can_be_chosen]
    first = min(passing, key=lambda one: one.rate.value or 0.0)
    return (
        "What passes of the routes that build on the chain is a waveform codec built on "
        f"AudioLDM2's mel of 64 bands, not on the 80 in use: from `{first.spec}` at "
        f"{first.rate.value or 0.0:.1f} kbit/s on, {'and' if again.holds else 'but not'} again on "
        "the kept clips. VAE, latent and vocoder are out of its path; what is generated gets "
        "nothing from it."
    )


def price() -> str:
    """Say how its sound is predicted beside Opus, in pairs of kept speech."""
    ours, theirs, half = "mel:16k-64+wave+shaped@48k", "opus@48k", "opus@24k-vbr"
    values: dict[str, Callable[[ResultRow], float]] = {
        "DistillMOS": lambda row: -below_original(row),
        "Zimtohrli": lambda row: row.zimtohrli or 0.0,
        "ViSQOL": lambda row: row.visqol_mos_lqo or 0.0,
    }
    below, near = [], []
    for name, value in values.items():
        gap = difference(ours, theirs, value, rows=kept_rows())
        assert gap.high is not None
        assert gap.high < 0
        below.append(f"{name} {-gap.mean:.2f}")
        near.append(f"{name} {difference(ours, half, value, rows=kept_rows()).mean:+.2f}")
    music = []
    for name in ("Zimtohrli", "ViSQOL"):
        gap = difference(ours, theirs, values[name], "music", kept_rows())
        assert gap.high is not None
        assert gap.high < 0
        music.append(f"{name} {-gap.mean:.2f}")
    return (
        f"On the kept speech it is predicted below Opus at its own rate ({', '.join(below)} below "
        f"`{theirs}`; on music {', '.join(music)}) and near Opus at half of it "
        f"({', '.join(near)} against `{half}`); its shaping was tuned on development clips with "
        "the predictors that judge it."
    )


def latent() -> str:
    """Say how near the nearest setting comes that sends a latent."""
    best = decision().outcome(LATENT).best
    rate = f"{best.rate.value or 0.0:.1f} kbit/s"
    start = (
        f"With a latent sent instead, that of a small network trained here, `{best.spec}` at {rate}"
    )
    if best.can_be_chosen:
        return f"{start} passes."
    lacks = [
        f"{finding.name} " + ", ".join(f"{verdict} on {name}" for name, verdict in missed.items())
        for finding in (outer.effective for outer in best.hard)
        if (missed := {name: v for name, v in finding.classes.items() if v != "PASS"})
    ]
    return f"{start} comes nearest and is {best.status}: {'; '.join(lacks)}."


def at_16_kbit() -> str:
    """Say how the layers sound beside Opus at 16 kbit/s: the earlier kept, the later bundled."""
    theirs = "opus@16k-vbr"

    def zimtohrli(row: ResultRow) -> float:
        return row.zimtohrli or 0.0

    def pesq(row: ResultRow) -> float:
        return row.pesq_wb or 0.0

    kept = [
        difference("mel:16k-64+wave+anchored@16k", theirs, value, rows=kept_rows())
        for value in (zimtohrli, pesq)
    ]
    ours = [difference("mel:16k-64+wave+shaped@16k", theirs, value) for value in (zimtohrli, pesq)]
    highs = [one.high for one in (*kept, *ours)]
    assert all(high is not None and high < 0 for high in highs)
    return (
        "at 16 kbit/s it is below Opus, the earlier one (`+anchored@16k`) on the kept speech by "
        f"{-kept[0].mean:.2f} of Zimtohrli and {-kept[1].mean:.2f} of PESQ, the later one "
        f"(`+shaped@16k`) on the {ours[0].n_sources} bundled speakers by {-ours[0].mean:.2f} and "
        f"{-ours[1].mean:.2f}"
    )


def reaches_10_db() -> str:
    rows = rows_of(committed.rows(), "mel:16k-64+wave@snr10")
    assert min(row.snr_db or 0.0 for row in rows) >= 10
    rates = [row.bitrate_kbps or 0.0 for row in rows]
    return (
        f"reaches 10 dB on every clip of speech at {min(rates):.1f} to {max(rates):.1f} kbit/s, "
        f"{fmean(rates):.1f} in the mean (`+wave@snr10`)"
    )
