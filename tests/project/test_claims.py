"""Sentences of the README and of the decision record against the committed rows, see `claims`."""

from __future__ import annotations

import csv

import pytest

import claims
import claims_of_layers
import claims_of_order
import committed
from claims import CLASSES, PANEL, README, RECORD, decision, text
from codecmark.review import decidedness
from codecmark.review.finding import MOST_CERTAIN
from codecmark.review.picks import CHEAPEST, MOST_MARGIN
from places import REPOSITORY

LAYER_6K, OPUS_6K = "mel:16k-64+wave+anchored@6k", "opus@6k-vbr"
HELD, FREE = "mel:22k-80/hifigan-22k+consistent-6", "mel:22k-80/hifigan-22k"


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


def test_a_vae_before_the_same_phase_method_raises_snr_so_no_bound_rests_on_its_absence() -> None:
    """Below 0 dB less energy is a better SNR, so the mel alone bounds no chain with a VAE."""
    raised = claims.difference(
        "audioldm2:compact/griffinlim-64", "mel:16k-64/griffinlim-64", lambda row: row.snr_db or 0.0
    )
    assert raised.low is not None
    assert raised.low > 0
    limits = {
        bound.limit
        for option in decision().requirements.options
        for bound in option.bounds
        if bound.requirement == "SNR"
    }
    assert limits == {0}


def test_the_rates_from_which_opus_has_10_db_are_one_a_class() -> None:
    assert claims.rates_at_10_db() in text(README)


def test_the_settings_from_which_opus_passes_are_one_a_class() -> None:
    assert claims.passes_from() in text(README)


def test_the_picks_are_named_with_what_they_have_on_the_kept_clips() -> None:
    widest = claims.picked(MOST_MARGIN)
    assert f"the most margin by the rule has {claims.named(widest)}" in text(README)
    assert claims_of_order.confirmed().rstrip(".") in text(README)
    assert f"On all three classes at once {len(claims_of_order.passing())} settings pass" in text(
        README
    )
    assert "will do" not in text(README)
    for page in (README, RECORD):
        assert claims_of_order.cheapest() in text(page)
        assert claims_of_order.cheapest_kept() in text(page)
    assert f"`{claims.picked(CHEAPEST).spec}`" in claims_of_order.cheapest()


@pytest.mark.parametrize("page", [README, RECORD])
def test_what_the_order_by_margin_is_worth_is_said(page: str) -> None:
    assert claims_of_order.order() in text(page)
    assert "safest" not in text(page)
    assert "it is `mel" not in text(page)


def test_the_margins_on_the_kept_clips_are_those_of_snr_on_ambient_sound() -> None:
    """By the rows themselves: the value beyond 10 dB in half intervals, not cut at three."""
    held = {one.spec: one for one in decision().confirmations if one.holds}
    wide = [spec for spec, one in held.items() if (one.margin or 0.0) >= MOST_CERTAIN]
    assert len(wide) > 1
    for spec in wide:
        snr = claims.mean(
            claims.rows_of(claims.kept_rows(), spec, "ambient"), lambda row: row.snr_db or 0.0
        )
        assert snr.low is not None
        assert held[spec].margin == pytest.approx((snr.mean - 10) / (snr.mean - snr.low))


def test_single_clips_below_10_db_are_counted_from_the_rows() -> None:
    for one in decision().confirmations:
        snr = [
            row.snr_db
            for row in claims.kept_rows()
            if row.spec == one.spec and row.snr_db is not None
        ]
        missed = sum(value <= 10 for value in snr), len(snr)
        assert one.missed.get("SNR", (0, 0)) == missed
    below, _ = claims_of_order.below_10_db("vorbis@q5")
    assert (
        f"none of `aac@128k`, {below} of `vorbis@q5`, but with `opus@48k` "
        f"{claims_of_order.missing('opus@48k')}"
    ) in text(README)
    assert claims_of_order.below_10_db("aac@128k") == (0, 180)


def test_of_each_class_the_fewest_bits_at_the_cut_are_named_or_else_the_most_margin() -> None:
    for name, outcome in decision().by_class.items():
        wide, passes = claims_of_order.by_margin(name)
        assert outcome.cheapest == min(passes, key=lambda spec: passes[spec])
        if wide:
            assert outcome.recommended == min(wide, key=lambda spec: wide[spec])
            assert (outcome.margin, outcome.widest) == (MOST_CERTAIN, len(wide))
        else:
            assert outcome.margin < MOST_CERTAIN
        for spec, counted in (
            (outcome.cheapest, outcome.cheapest_missed),
            (outcome.recommended, outcome.missed),
        ):
            snr = [row.snr_db or 0.0 for row in claims.rows_of(committed.rows(), spec or "", name)]
            assert counted == {"SNR": (sum(value <= 10 for value in snr), len(snr))}
    assert "fewest bits and most margin" not in text(RECORD)


def test_everything_that_passes_is_an_option() -> None:
    """So that most margin and fewest bits speak of the whole run, but for what is no codec."""
    assert [one.spec for one in decision().others if one.can_be_chosen] == []
    passing = {spec for spec, one in decision().candidates.items() if one.can_be_chosen}
    rates = {spec: decision().candidates[spec].rate.value or 0.0 for spec in passing}
    margins = {spec: decision().candidates[spec].narrowest.certainty for spec in passing}
    assert claims.picked(CHEAPEST).spec == min(rates, key=lambda spec: rates[spec])
    assert claims.picked(MOST_MARGIN).margin == pytest.approx(max(margins.values()), abs=0.05)


def test_what_passed_on_the_kept_clips_is_all_that_passed_there() -> None:
    passed = {spec for spec, one in claims.on_kept_clips().candidates.items() if one.can_be_chosen}
    assert passed == {one.spec for one in decision().confirmations if one.holds}
    named = text(RECORD).partition("**On clips that were kept back**")[2].partition("**Largest")[0]
    assert all(f"`{spec}`" in named for spec in passed)


@pytest.mark.parametrize("page", [README, RECORD])
def test_what_builds_on_the_chain_is_what_the_rows_say(page: str) -> None:
    assert claims_of_layers.extended() in text(page)
    assert claims_of_layers.price() in text(page)
    assert claims_of_layers.latent() in text(page)
    assert "need not be left" not in text(page)


def test_the_layers_stand_beside_opus_at_equal_rates() -> None:
    assert claims_of_layers.at_16_kbit() in text(RECORD)
    assert "at 16 kbit/s Zimtohrli and PESQ put them below it" in text(README)


def test_at_6_kbit_three_put_the_layer_above_opus_and_one_tells_nothing_apart() -> None:
    for field in ("pesq_wb", "visqol_mos_lqo", "zimtohrli"):
        above = claims.difference(LAYER_6K, OPUS_6K, lambda row, field=field: getattr(row, field))  # type: ignore[misc]
        assert above.low is not None
        assert above.low > 0
    apart = claims.difference(LAYER_6K, OPUS_6K, claims.below_original)
    assert apart.low is not None
    assert apart.high is not None
    assert apart.low < 0 < apart.high
    assert (
        "At 6 kbit/s PESQ, ViSQOL and Zimtohrli put it above Opus and DistillMOS tells nothing "
        "apart" in text(RECORD)
    )


def test_on_speech_the_layer_has_10_db_at_fewer_bits_than_any_opus() -> None:
    layer = claims.rows_of(committed.rows(), "mel:16k-64+wave@snr10")
    assert min(row.snr_db or 0.0 for row in layer) >= 10
    assert claims.kbps(layer) < min(claims.rates_at_10_db_of(committed.rows(), "speech").values())
    assert "On speech the layers reach 10 dB at lower rates than Opus" in text(README)


def test_where_the_layer_has_10_db_is_in_the_record() -> None:
    assert claims_of_layers.reaches_10_db() in text(RECORD)


def test_by_how_much_the_recommended_clears_is_in_the_record() -> None:
    assert claims_of_order.clears_by() in text(RECORD)
    assert decision().recommended == claims.picked(MOST_MARGIN).spec


def test_holding_a_vocoder_to_its_mel_gains_by_three_of_four_predictors() -> None:
    gains = {
        field: claims.difference(HELD, FREE, lambda row, field=field: getattr(row, field))  # type: ignore[misc]
        for field in ("pesq_wb", "visqol_mos_lqo", "zimtohrli", "distillmos")
    }
    lows = {field: gain.low for field, gain in gains.items() if gain.low is not None}
    assert [field for field, low in lows.items() if low > 0] == list(gains)[:3]
    assert gains["distillmos"].mean < 0
    assert "gains by three of four predictors" in text(RECORD)


def test_how_many_clips_were_coded_before_is_in_the_record() -> None:
    with (REPOSITORY / "benchmarks/corpus/clips.csv").open(encoding="utf-8") as file:
        clips = list(csv.DictReader(file))
    lossy = [clip for clip in clips if clip["source_coding"] != "pcm16 lossless"]
    assert f"{len(lossy)} of the {len(clips)} bundled clips were coded lossily before" in text(
        RECORD
    )
    others = [clip for clip in clips if clip["class"] != "speech"]
    related = sum(bool(clip["trained_on"]) for clip in others)
    assert f"Of the {len(others)} of music and ambient sound {related} come from" in text(RECORD)
    vorbis = {
        name: sum(
            "vorbis" in clip["source_coding"].lower() for clip in clips if clip["class"] == name
        )
        for name in CLASSES
    }
    assert set(vorbis.values()) == {3}
    with (REPOSITORY / "codecs/codecmark/corpus/halves/clips.csv").open(encoding="utf-8") as file:
        ran = {row.clip for row in claims.kept_rows()}
        kept = [clip for clip in csv.DictReader(file) if clip["name"] in ran]
    assert len(kept) == len(ran)
    assert (
        f"as {sum('vorbis' in clip['coding'].lower() for clip in kept)} of the {len(kept)} kept"
        in text(RECORD)
    )
    assert f"The {len(clips)} clips of `benchmarks/corpus`" in text("results/corpora.md")


def test_no_page_calls_the_rule_older_than_it_is() -> None:
    """SNR in each class and one voice alone came after the kept clips had been judged."""
    assert "two rules are later than the first verdict on the kept clips" in text(README)
    first = text(RECORD).partition("## The answer in detail")[0]
    events = first.partition("**Order of events**")[2].partition("**What it costs**")[0]
    for time in ("02:19", "04:43", "06:12", "11:53", "19:34"):
        assert time in events
        assert time in text(RECORD).partition("### Consequences")[2]
    assert f"then `{decision().recommended}`, run there at" in events
    for page in (README, RECORD):
        assert "frozen before" not in text(page)


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


def test_how_often_the_panel_decides_is_on_the_first_screen() -> None:
    counts = decidedness.shares(decision().candidates.values(), PANEL)
    assert set(counts) == set(CLASSES)
    assert decidedness.in_words(counts) in text(RECORD).partition("## Context")[0]


def test_only_predictors_with_figures_are_named_in_place_of_listeners() -> None:
    assert not [row for row in committed.rows() if row.nmr_db is not None]
    assert "Predicted by DistillMOS, PESQ-WB, ViSQOL, Zimtohrli, not heard." in text(RECORD)


def test_a_codec_that_states_no_delay_is_not_said_to_need_the_whole_clip() -> None:
    """Measured from outside Vorbis has a tenth of a second (`results/latency.md`)."""
    assert "| vorbis@q3 | 86.4 |" in text("results/latency.md")
    assert "whole clip" not in text(RECORD).partition("## Context")[0]


def test_what_published_sound_is_worth_is_on_the_first_screen() -> None:
    said = text(RECORD).partition("## Context")[0].partition("**By published sound**")[2]
    assert "at nominal rates and on clips that authors chose" in said
    timed = said.partition("timed here with seeded weights of the full size:")[2]
    assert "`dac:16khz@6k`" in timed
    assert "`encodec:24khz@6k`" in timed
    assert "lyra" not in timed.partition("(")[0]


def test_how_long_dac_takes_is_in_the_readme() -> None:
    assert claims.dac_speed() in text(README)


def test_no_ratio_of_times_within_the_noise_of_the_run_is_a_verdict() -> None:
    noise = claims.time_noise()
    for candidate in decision().candidates.values():
        finding = candidate.finding("no slower than the chain's full-size vocoder")
        value = finding.figure.value
        if finding.figure.spec != "audioldm2:music/hifigan" and value is not None:
            assert (finding.verdict == "UNDECIDED") or not 1 / noise < value < noise
    assert noise > 1
