"""Sentences of the README and of the decision record, written again from the committed rows.

A claim with a figure stands here as a sentence that is filled in from rows and then looked for: so
no run can be replaced without the text that speaks of it.
"""

from __future__ import annotations

from functools import cache
from statistics import fmean

import pytest

import committed
from codecmark import review
from codecmark.analysis.target import Reached, rate_at_target
from codecmark.results.row import ResultRow
from codecmark.review import decidedness
from codecmark.review.decision import Decision, decide_within
from codecmark.spec import without_setting
from places import COMMITTED, REPOSITORY

CLASSES = ("speech", "music", "ambient")
LAYER, OPUS = "mel:16k-64+wave+anchored@{}k", "opus@{}k-vbr"
PANEL = "predicted quality"


@cache
def decision() -> Decision:
    asked = review.load(COMMITTED / "decisions" / "requirements.toml")
    return decide_within(COMMITTED, committed.rows(), asked)


@cache
def text(name: str) -> str:
    """Return a page with every break of a line as a space."""
    return " ".join((REPOSITORY / name).read_text(encoding="utf-8").split())


README, RECORD = "README.md", "results/decisions/0001-reconstruction-codec.md"


def speech(spec: str) -> list[ResultRow]:
    rows = [row for row in committed.rows() if row.spec == spec and row.clip_class == "speech"]
    assert rows
    return rows


def mean(spec: str, field: str) -> float:
    """Return a mean over speakers on speech; each has one clip."""
    rows = speech(spec)
    assert len({row.source for row in rows}) == len(rows)
    return fmean(getattr(row, field) for row in rows)


def below(spec: str) -> float:
    """Return how far DistillMOS puts a codec below the originals; above counts as equal."""
    differences = []
    for row in speech(spec):
        assert row.distillmos is not None
        assert row.distillmos_reference is not None
        differences.append(min(0.0, row.distillmos - row.distillmos_reference))
    return -fmean(differences)


def passing(name: str, clip_class: str) -> list[review.Candidate]:
    """Return the settings of an option that pass SNR and the panel on one class, cheapest first."""
    found = [
        candidate
        for candidate in decision().outcome(name).candidates
        if candidate.finding("SNR").classes.get(clip_class) == "PASS"
        and candidate.finding(PANEL).classes.get(clip_class) == "PASS"
    ]
    return sorted(found, key=lambda one: _rate(one.spec, clip_class))


def _rate(spec: str, clip_class: str) -> float:
    rows = [r for r in committed.rows() if (r.spec, r.clip_class) == (spec, clip_class)]
    return sum(row.stream_bytes or 0 for row in rows) / sum(row.clip_s or 0.0 for row in rows)


def test_no_setting_without_phase_comes_near_10_db() -> None:
    phase_free = [
        candidate
        for outcome in decision().outcomes
        if outcome.route in {"keep the chain", "repair the chain"}
        for candidate in outcome.candidates
    ]
    snr = [one.finding("SNR") for one in phase_free]
    assert {finding.verdict for finding in snr} == {"FAIL"}
    assert max(finding.figure.value or 0.0 for finding in snr) <= 0
    assert "nothing that sends no phase can reach 10 dB" in text(README)


def test_the_rates_from_which_opus_has_10_db_are_one_a_class() -> None:
    rows = [row for row in committed.rows() if without_setting(row.spec) == "opus@vbr"]
    rates = []
    for clip_class in CLASSES:
        reached = rate_at_target(rows, clip_class, {"snr_db": 10.0})["opus@vbr"]
        assert isinstance(reached, Reached)
        rates.append(f"{reached.rate_kbps:.1f}")
    said = (
        "Opus at variable bitrate has 10 dB in the mean from about {} kbit/s on speech, {} on "
        "music and {} on ambient sound"
    )
    assert said.format(*rates) in text(README)


def test_the_settings_from_which_opus_passes_are_one_a_class() -> None:
    cheapest = [passing("Opus", clip_class)[0].spec for clip_class in CLASSES]
    said = "on speech from `{}`, on music from `{}`, on ambient sound from `{}`"
    assert said.format(*cheapest) in text(README)
    safest, cheap, _ = decision().picks
    assert (
        f"on all three as `{cheap.spec}` with the fewest bits and as `{safest.spec}` with the most "
        "margin within the asked ratio"
    ) in text(README)


@pytest.mark.parametrize("page", [README, RECORD])
def test_the_layer_stands_beside_opus_at_equal_rates(page: str) -> None:
    layer, opus = LAYER.format(16), OPUS.format(16)
    for spec in (layer, opus):
        assert mean(spec, "bitrate_kbps") == pytest.approx(16, abs=0.3)
    said = (
        f"at 16 kbit/s DistillMOS puts it {below(layer):.1f} below the original and Opus "
        f"{below(opus):.1f}, Zimtohrli gives it {mean(layer, 'zimtohrli'):.2f} and Opus "
        f"{mean(opus, 'zimtohrli'):.2f}, PESQ {mean(layer, 'pesq_wb'):.1f} and "
        f"{mean(opus, 'pesq_wb'):.1f}"
    )
    assert said in text(page)


def test_at_6_kbit_three_of_four_put_the_layer_above_opus() -> None:
    layer, opus = LAYER.format(6), OPUS.format(6)
    assert mean(layer, "bitrate_kbps") <= mean(opus, "bitrate_kbps")
    for field in ("pesq_wb", "visqol_mos_lqo", "zimtohrli"):
        assert mean(layer, field) > mean(opus, field) + 0.5
    assert below(layer) > below(opus)
    assert (
        "At 6 kbit/s PESQ, ViSQOL and Zimtohrli put it above Opus and DistillMOS below" in
        text(RECORD)
    )  # fmt: skip


def test_nothing_that_keeps_the_latent_passes() -> None:
    kept = [
        candidate
        for outcome in decision().outcomes
        if "latent" in outcome.option or outcome.route in {"keep the chain", "repair the chain"}
        for candidate in outcome.candidates
    ]
    assert not any(candidate.can_be_chosen for candidate in kept)
    assert "nothing that keeps the latent passes today" in text(README)


def test_what_is_in_use_today_is_said_with_its_verdicts() -> None:
    user = decision().candidates["mel:16k-80-256/griffinlim-64"].finding(PANEL)
    says = {
        said.requirement.partition(" on ")[0]: said.verdict
        for voice in user.voices
        if voice.clip_class == "speech" and not voice.silent
        for said in voice.says
    }
    assert user.classes["speech"] == "UNDECIDED"
    assert says == {"DistillMOS difference": "FAIL", "Zimtohrli": "UNDECIDED"}
    assert "DistillMOS fails it on speech, Zimtohrli is undecided" in text(README)


def test_how_often_the_panel_decides_is_in_the_record() -> None:
    counts = decidedness.shares(decision().candidates.values(), PANEL)
    assert set(counts) == set(CLASSES)
    assert decidedness.in_words(counts) in text(RECORD)
