"""The choice by margin, and the three options that a record names."""

from __future__ import annotations

import pytest

from codecmark import review
from codecmark.review.elsewhere import KeptBack
from codecmark.review.finding import MOST_CERTAIN
from codecmark.review.options import Option
from codecmark.review.record import first_screen, markdown
from codecmark.review.to_know import to_know
from reviewed import FAST, RATIO, SNR, asked, changed, codec, kept_back, only

NEAR = (10.5, 11, 11.5, 12, 13)  # mean 11.6, half interval 1.19: 1.34 of it above 10
FAR = (12, 12.5, 13, 13.5, 14.5)  # 1.5 dB more: 2.60 of it


def test_a_margin_is_counted_in_half_intervals_and_capped() -> None:
    near = only(codec("opus@16k", NEAR), SNR)
    assert near.margin == pytest.approx(1.6)
    assert near.certainty == pytest.approx(1.6 / (2.7764 * 0.9618 / 5**0.5), rel=1e-3)
    failing = only(codec("opus@16k", [2 * 10 - value for value in NEAR]), SNR)
    assert failing.certainty == pytest.approx(-near.certainty)
    # what has no interval, or hardly any, wins by no more than what is beyond doubt
    exact = codec("flac", (None,) * 5, reasons={"snr_db": "infinite: output equals input"})
    assert only(exact, SNR).certainty == MOST_CERTAIN
    assert only(codec("opus@16k", (15,) * 5), SNR).certainty == MOST_CERTAIN
    assert only(codec("opus@16k"), RATIO).certainty == MOST_CERTAIN


def test_the_largest_margin_comes_first_then_soft_requirements_then_bits() -> None:
    rows = [*codec("opus@12k", NEAR, stream_bytes=8_000), *codec("opus@24k", FAR)]
    assert review.decide(rows, asked(SNR)).recommended == "opus@24k"
    cheap = review.decide(rows, asked(SNR, prefer=("bitrate_kbps",)))
    assert cheap.recommended == "opus@12k"
    # beyond the cap margins are told apart no more: the fast one, and then the small one
    sure = [*codec("opus@24k"), *codec("lc3@16k", decode_s=1.0, stream_bytes=8_000)]
    assert review.decide(sure, asked(SNR, FAST)).recommended == "opus@24k"
    assert review.decide(sure, asked(SNR)).recommended == "lc3@16k"


def test_the_record_names_three_options_and_what_separates_them() -> None:
    options = (
        Option("Chain", "keep", specs=("mel:*",), to_know=("keeps the latent",)),
        Option("Opus", "replace", specs=("opus@*",), to_know=("leaves the latent",)),
    )
    rows = [
        *codec("mel:a+wave@8k", (9, 9.5, 10, 10.5, 11.5), stream_bytes=5_000),
        *codec("opus@12k", NEAR, stream_bytes=8_000),
        *codec("opus@24k", FAR, stream_bytes=16_000, algorithmic_delay_ms=26.5),
    ]
    wanted = asked(SNR, options=options, present=("keep",))
    widest, cheapest, present = review.decide(rows, wanted).picks
    assert [one.spec for one in (widest, cheapest, present)] == [
        "opus@24k", "opus@12k", "mel:a+wave@8k",
    ]  # fmt: skip
    assert (widest.role, widest.of) == ("most margin by the rule", "SNR")
    assert widest.margin > cheapest.margin > 1 > present.margin
    assert widest.to_know[:2] == ("leaves the latent", "delay 26.5 ms")
    head, _, below = markdown(review.decide(rows, wanted), "r.toml").partition("## Context")
    assert "**Recommended (replace): Opus, as `opus@24k`" in head
    assert "safe" not in head
    assert "All of it at 16 kHz, one channel: nothing above 8 kHz is coded or judged" in head
    assert "**Which of those that pass has most margin is not known.**" in head
    assert "The order by margin is that of these clips (SNR), cut at 3, then by bits." in head
    assert (
        "passes every hard requirement, as does 1 other setting; that it comes first rests on SNR, "
        "not on bits, delay or licence."
    ) in head
    assert "will do" not in head
    # beyond the cap bits decide, so nothing is said to rest on SNR
    rows += [*codec("opus@32k", stream_bytes=20_000), *codec("opus@40k", stream_bytes=25_000)]
    wide = first_screen(review.decide(rows, wanted))
    assert "as do 3 other settings, 1 of which has as much margin by the rule." in wide
    assert "comes first rests on" not in wide
    assert "| `opus@32k`, **recommended**, most margin by the rule, as has 1 other |" in wide
    assert "By the rule 2 have as much, and what `prefer` names next puts one first." in wide
    assert "**Keep: open, neither shown to pass nor to fail.** `mel:a+wave@8k`: SNR: " in head
    assert "To live with `mel:a+wave@8k`: keeps the latent;" in head
    assert "**What would change it**: asking [" in head
    assert "up to about 8 kbit/s `mel:a+wave@8k` at [8.0 kbit/s]" in below
    assert "(open: SNR UNDECIDED); up to about 16 kbit/s `opus@12k`" in below
    assert "**Nothing passes of keep**: nearest is `mel:a+wave@8k` at 8.0 kbit/s, open." in head
    rows = [*codec("mel:a+wave@8k", NEAR, stream_bytes=5_000), *codec("opus@24k", FAR)]
    head = markdown(review.decide(rows, wanted), "r.toml").partition("## Context")[0]
    assert "**Recommended (replace): Opus, as `opus@24k`" in head
    assert "| `mel:a+wave@8k`, cheapest that passes, best of *keep* | [8.0]" in head
    assert "Nothing passes of" not in head


def test_what_the_kept_clips_tell_apart_is_named_with_its_margins() -> None:
    """Of what passes on both: all at the cut, which are not told apart; else the most margin."""
    ours = [*codec("opus@12k", NEAR, stream_bytes=8_000), *codec("opus@24k", FAR)]
    ours += codec("opus@32k", (9, 9.5, 10, 10.5, 11.5))
    wanted = changed(asked(SNR), confirmation=KeptBack("test_half"))
    kept = [*codec("opus@12k", FAR), *codec("opus@24k", NEAR), *codec("opus@32k", (20,) * 5)]
    head = first_screen(review.decide(ours, wanted, confirming=kept_back(kept)))
    assert "On the kept clips the largest margins are `opus@12k` 2.6, `opus@24k` 1.3." in head
    wide = [20 + value for value in NEAR]  # 21.6 dB beyond, in half intervals of 1.19
    wider = [30 + value for value in NEAR]
    kept = [*codec("opus@12k", wide), *codec("opus@24k", wider), *codec("opus@32k", (20,) * 5)]
    head = first_screen(review.decide(ours, wanted, confirming=kept_back(kept)))
    assert (
        "On the kept clips 2 of the 2 that ran there have 3 half intervals or more and are not "
        "told apart: `opus@24k` 26.5, `opus@12k` 18.1."
    ) in head
    assert "confirmed by nothing: `opus@32k` at" in head
    kept = [*codec("opus@12k", wide), *codec("opus@24k", wider)]
    ours += codec("opus@48k", FAR)
    kept += codec("opus@48k", (9,) * 5)
    head = first_screen(review.decide(ours, wanted, confirming=kept_back(kept)))
    assert "On the kept clips 2 of the 3 that ran there have 3 half intervals or more" in head
    one = first_screen(review.decide(codec("opus@24k", FAR), wanted))
    assert "is not known" not in one


def test_single_clips_that_miss_what_the_mean_passes_are_counted() -> None:
    mixed = (9, 16, 17, 16.5, 17.5)
    wanted = changed(asked(SNR), confirmation=KeptBack("test_half"))
    decision = review.decide(
        codec("opus@24k", FAR), wanted, confirming=kept_back(codec("opus@24k", mixed))
    )
    (one,) = decision.alternatives
    assert (one.missed, one.clips) == ({"SNR": (0, 5)}, 5)
    assert decision.confirmations[0].missed == {"SNR": (1, 5)}
    assert "| 2.60 / 1.19 | 0 of 5 / 1 of 5 |" in first_screen(decision)


def test_settings_with_as_few_bits_are_named_together() -> None:
    rows = [
        *codec("opus@12k", FAR, stream_bytes=10_000),
        *codec("opus@16k", FAR, stream_bytes=10_400),
    ]
    rows += codec("opus@24k", FAR, stream_bytes=16_000)
    head = first_screen(review.decide(rows, asked(SNR)))
    assert "Fewest bits, within 5 %: `opus@12k` 16.0, `opus@16k` 16.6 kbit/s." in head


def test_most_margin_is_named_only_where_margin_orders() -> None:
    rows = [*codec("opus@12k", NEAR, stream_bytes=8_000), *codec("opus@24k", FAR)]
    by_bits = review.decide(rows, asked(SNR, prefer=("bitrate_kbps",)))
    assert [one.role for one in by_bits.picks] == ["cheapest that passes"]
    by_sound = review.decide(rows, asked(SNR, prefer=("snr_db",)))
    assert [one.role for one in by_sound.picks] == ["recommended", "cheapest that passes"]
    assert "is not known" not in first_screen(by_sound)


def test_where_nobody_passes_only_the_present_architecture_is_named() -> None:
    option = Option("Chain", "keep", specs=("mel:*",))
    rows = codec("mel:a/gl", (-2,) * 5)
    (pick,) = review.decide(rows, asked(SNR, options=[option], present=("keep",))).picks
    assert (pick.role, pick.margin) == ("best of the present routes", -MOST_CERTAIN)


def test_no_margin_is_shown_of_what_was_not_measured() -> None:
    options = (Option("Chain", "keep", specs=("mel:*",)), Option("Opus", specs=("opus@*",)))
    decision = review.decide(codec("opus@24k", FAR), asked(SNR, options=options, present=("keep",)))
    head = markdown(decision, "r.toml").partition("## Context")[0]
    assert "| `mel:*`, best of *keep*, open | - | - | - | no evidence |" in head


def test_what_a_codec_asks_of_its_user_is_read_from_its_rows() -> None:
    whole = {"algorithmic_delay_ms": "the codec states none: not made for live use"}
    layer = codec("mel:16k-64+wave+anchored@8k", weights="trained", reasons=whole,
                  peak_memory_mib=539.0, decode_s=0.15)  # fmt: skip
    live, cost, licence, data = to_know(layer)
    assert live == "states no bound of its delay: not made for live use here"
    assert cost == "decoding takes 0.030 s for 1 s of audio, 539 MiB"
    assert licence.startswith("licence MIT")
    assert data == "trained by this project: the card of `anchored` names the data"
    encodec = [changed(codec("encodec:24khz@6k")[0], weights="random")]
    assert "its published weights are not here" in to_know(encodec)
    assert to_know([]) == ()
