"""The noise of a run's times: the probe that is timed beside every codec."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from codecmark import review
from codecmark.analysis.time_noise import time_noise
from codecmark.leaderboard.notes import notes
from codecmark.measure import time_probe
from codecmark.results.row import TIME_PROBE, ResultRow
from codecmark.review.figures import Figures
from codecmark.review.options import Option
from codecmark.review.requirement import Requirement
from codecmark.review.requirements import Requirements


def row(spec: str, probes: str | None, clip: str = "a", host: str = "box") -> ResultRow:
    return ResultRow(
        run_id="r1", spec=spec, family=spec.partition("@")[0], clip=clip, source=clip,
        clip_class="speech", clip_s=1.0, condition="16k-mono", status="ok", host=host,
        notes={} if probes is None else {TIME_PROBE: probes},
    )  # fmt: skip


def test_the_noise_is_the_factor_that_nearly_all_pairs_of_probes_keep_to() -> None:
    rows = [row(f"opus@{kbps}k", "0.010 0.010") for kbps in (6, 12)]
    assert time_noise(rows) == 1
    rows += [row("flac", "0.010 0.015")]
    assert time_noise(rows) == pytest.approx(1.5)  # 5 of 15 pairs
    again = [replace(one, clip="b") for one in rows]  # timed together, so the same probes
    assert time_noise([*rows, *again]) == time_noise(rows)


def test_machines_are_not_paired_and_the_noisier_counts() -> None:
    quiet = [row(spec, "0.010 0.011", host="quiet") for spec in ("flac", "pcm16")]
    noisy = [row(spec, "0.10 0.14", host="noisy") for spec in ("flac", "pcm16")]
    assert time_noise(quiet) == pytest.approx(1.1)
    assert time_noise([*quiet, *noisy]) == pytest.approx(1.4)


@pytest.mark.parametrize("probes", [None, "", "soon", "0 -1 nan inf", "0.01"])
def test_without_times_nothing_is_said(probes: str | None) -> None:
    rows = [row("flac", probes)]
    assert time_noise(rows) is None
    assert not any(note.startswith("times:") for note in notes(rows))
    assert Figures(rows).time_noise == 1


def test_the_tables_and_the_review_say_it() -> None:
    rows = [row("flac", "0.010 0.010"), row("pcm16", "0.020 0.020")]
    assert any("differ by a factor of up to 2.00 (95 % of pairs)" in note for note in notes(rows))
    assert Figures(rows).time_noise == pytest.approx(2)


def test_the_probe_takes_milliseconds() -> None:
    assert 1e-4 < time_probe.probe_s() < 0.5


@pytest.mark.parametrize(
    ("decode_s", "of", "verdict"),
    [
        (0.8, "lc3@16k", "UNDECIDED"),
        (0.6, "lc3@16k", "PASS"),
        (1.2, "lc3@16k", "UNDECIDED"),
        (1.6, "lc3@16k", "FAIL"),
        (0.8, "", "UNDECIDED"),
        (0.6, "", "PASS"),
    ],
)
def test_within_the_noise_no_time_passes_or_fails(decode_s: float, of: str, verdict: str) -> None:
    timed = [
        replace(row(spec, "0.010 0.014"), decode_s=seconds)
        for spec, seconds in (("opus@16k", decode_s), ("lc3@16k", 1.0))
    ]
    demand = Requirement("time", "decode_rtf", "<=", 1.0, of=of)
    asked = Requirements("A", "Which?", (demand,), (Option("It", specs=("opus@16k",)),))
    (finding,) = review.decide(timed, asked).candidates["opus@16k"].findings
    assert finding.verdict == verdict
    assert (finding.reason == "within the noise of these times") == (verdict == "UNDECIDED")
