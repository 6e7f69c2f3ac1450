"""Sentences of the README and of the decision record, filled in from the committed rows.

A claim with a figure is written here and then looked for on the pages: so no run can be replaced
without the text that speaks of it, and what a sentence says follows what the rows say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from msgspec.structs import replace

import committed
from codecmark import review
from codecmark.analysis.statistics import Estimate, estimate
from codecmark.analysis.target import Reached, rate_at_target
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review.confirmation import Confirmation
from codecmark.review.decision import Decision, decide_within
from codecmark.review.figures import Figures
from codecmark.review.picks import Pick
from codecmark.spec import without_setting
from codecmark.studies import dac_speed_figures
from places import COMMITTED, REPOSITORY

CLASSES = ("speech", "music", "ambient")
README, RECORD = "README.md", "results/decisions/0001-reconstruction-codec.md"
PANEL = "predicted quality"


@cache
def text(name: str) -> str:
    """Return a page with every break of a line as a space."""
    return " ".join((REPOSITORY / name).read_text(encoding="utf-8").split())


@cache
def decision() -> Decision:
    asked = review.load(COMMITTED / "decisions" / "requirements.toml")
    return decide_within(COMMITTED, committed.rows(), asked)


@cache
def kept_rows() -> tuple[ResultRow, ...]:
    return tuple(row for row in store.read(COMMITTED / "test_half") if row.status == "ok")


@cache
def on_kept_clips() -> Decision:
    """Judge what ran on the clips that were kept back, class by class."""
    asked = decision().requirements
    of_sound = tuple(one for one in asked.requirements if one.hard)
    again = replace(
        asked, requirements=of_sound, options=(), present=(), replayed=None, confirmation=None
    )
    return review.decide(kept_rows(), again, locked=True)


def rows_of(rows: Sequence[ResultRow], spec: str, clip_class: str = "speech") -> list[ResultRow]:
    found = [row for row in rows if (row.spec, row.clip_class) == (spec, clip_class)]
    assert found, spec
    return found


def mean(rows: Sequence[ResultRow], value: Callable[[ResultRow], float]) -> Estimate:
    """Return a mean over the sources of some rows, with its interval."""
    return estimate([value(row) for row in rows], [row.source or "" for row in rows])


def below_original(row: ResultRow) -> float:
    """Return how far DistillMOS puts a clip below the original; above counts as equal."""
    assert row.distillmos is not None
    assert row.distillmos_reference is not None
    return max(0.0, row.distillmos_reference - row.distillmos)


def difference(
    ours: str,
    theirs: str,
    value: Callable[[ResultRow], float],
    clip_class: str = "speech",
    rows: Sequence[ResultRow] | None = None,
) -> Estimate:
    """Return the paired difference of two settings over a class, by default of bundled clips."""
    judged = committed.rows() if rows is None else rows
    pairs = {row.clip: row for row in rows_of(judged, theirs, clip_class)}
    mine = [row for row in rows_of(judged, ours, clip_class) if row.clip in pairs]
    return estimate([value(row) - value(pairs[row.clip]) for row in mine],
                    [row.source or "" for row in mine])  # fmt: skip


def _cheapest_passing(judged: Decision, rows: Sequence[ResultRow], clip_class: str) -> str:
    """Return the setting of Opus that passes SNR and the panel on one class with fewest bits."""
    found = [
        spec
        for spec, one in judged.candidates.items()
        if spec.startswith("opus@")
        and one.finding("SNR").classes.get(clip_class) == "PASS"
        and one.finding(PANEL).classes.get(clip_class) == "PASS"
    ]
    return min(found, key=lambda spec: kbps(rows_of(rows, spec, clip_class)))


def kbps(rows: Sequence[ResultRow]) -> float:
    coded = sum(row.stream_bytes or 0 for row in rows)
    return 8 * coded / 1000 / sum(row.clip_s or 0.0 for row in rows)


def rates_at_10_db_of(rows: Sequence[ResultRow], clip_class: str) -> dict[str, float]:
    """Return by curve of Opus at variable bitrate the rate from which it has 10 dB."""
    ours = [row for row in rows if without_setting(row.spec).startswith("opus@vbr")]
    return {
        name: one.rate_kbps
        for name, one in rate_at_target(ours, clip_class, {"snr_db": 10.0}).items()
        if isinstance(one, Reached)
    }


def rates_at_10_db() -> str:
    """Say from which rate Opus has 10 dB, in frames of 20 ms, and in longer ones if fewer do."""
    rows = committed.rows()
    n = [len({row.clip for row in rows if row.clip_class == name}) for name in CLASSES]
    reached = [rates_at_10_db_of(rows, name) for name in CLASSES]
    speech, music, ambient = (f"{one['opus@vbr']:.1f}" for one in reached)
    longer = [one["opus@vbr-60ms"] for one in reached[:2]]
    assert longer == [min(one.values()) for one in reached[:2]]
    assert reached[2]["opus@vbr"] == min(reached[2].values())
    next_up = mean(rows_of(rows, "opus@9k-vbr-60ms"), lambda row: row.snr_db or 0.0)
    assert next_up.mean < 10, "so it is at that rate, and not from there on"
    return (
        f"Opus at variable bitrate has 10 dB in the mean from about {speech} kbit/s on the {n[0]} "
        f"bundled clips of speech, {music} on {n[1]} of music and {ambient} on {n[2]} of ambient "
        "sound, where clips that had been kept back take "
        f"{rates_at_10_db_of(kept_rows(), 'ambient')['opus@vbr']:.1f}; in frames of 60 ms at "
        f"{longer[0]:.1f} on speech, in telephone band, and from {longer[1]:.1f} on music."
    )


def passes_from() -> str:
    """Say from which setting of Opus each class passes, and how many clips lie below even so."""

    def named(judged: Decision, rows: Sequence[ResultRow], clip_class: str) -> str:
        spec = _cheapest_passing(judged, rows, clip_class)
        snr = [row.snr_db or 0.0 for row in rows_of(rows, spec, clip_class)]
        below = sum(value <= 10 for value in snr)
        return f"`{spec}`" + (f" ({below} of {len(snr)} clips below 10 dB)" if below else "")

    ours = [named(decision(), committed.rows(), name) for name in CLASSES]
    kept = named(on_kept_clips(), kept_rows(), "speech")
    return "on speech from {}, on music from {}, on ambient sound from {}".format(*ours) + (
        f"; on the kept clips it passes on speech from {kept}."
    )


def picked(role: str) -> Pick:
    return next(one for one in decision().picks if one.role == role)


def named(pick: Pick) -> str:
    return f"`{pick.spec}` ({decision().candidates[pick.spec].rate.value or 0.0:.1f} kbit/s)"


def kept(spec: str) -> Confirmation | None:
    found = next((one for one in decision().confirmations if one.spec == spec), None)
    return None if found is None or found.status is None else found


def dac_speed() -> str:
    """Say how long DAC takes to decode, by the run's rows, and other executions by their study."""

    def rtf(spec: str) -> float:
        timed = [row for row in committed.rows() if row.spec == spec and row.decode_s]
        return sum(row.decode_s or 0.0 for row in timed) / sum(row.clip_s or 0.0 for row in timed)

    dac = dac_speed_figures.read(COMMITTED / "dac_speed.json")[1].codecs[0]
    eager, fused, half = (
        way.decode.rtf(1)
        for name in ("eager, float32", "fused, float32", "fused, bfloat16")
        if (way := dac.way(name))
    )
    return (
        f"Its network takes {rtf('dac:24khz@24k'):.2f} s to decode 1 s of audio on one thread "
        f"there and {rtf('dac:16khz@6k'):.2f} s at 6 kbit/s, with `--backend fused` "
        f"{100 * fused / eager:.0f} % of that, in bfloat16 {100 * half / eager:.0f} %"
    )


def time_noise() -> float:
    """Return the factor within which the times of the committed run do not differ."""
    return Figures(committed.rows()).time_noise
