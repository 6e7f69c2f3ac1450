"""Options judged again on clips that were kept back: said on the first screen, never chosen by."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from codecmark import InputError, review
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review import confirmation
from codecmark.review.elsewhere import KeptBack
from codecmark.review.record import first_screen, markdown
from codecmark.review.requirement import Requirement
from codecmark.review.stored import decoded, encoded
from reviewed import RATIO, SNR, asked, changed, codec, kept_back

OURS = [*codec("opus@16k"), *codec("opus@24k", stream_bytes=15_000), *codec("lc3@24k", (5,) * 5)]
ASKED = replace(asked(SNR, RATIO), confirmation=KeptBack("test_half"))


def kept(spec: str, snr_db: float) -> list[ResultRow]:
    return kept_back(codec(spec, (snr_db,) * 5))


def test_the_picks_come_first_and_then_what_else_ran() -> None:
    rows = [*kept("opus@16k", 8), *kept("opus@32k", 20), *kept("vorbis@q3", 20)]
    decision = review.decide(OURS, ASKED, confirming=rows)
    assert decision.recommended == review.decide(OURS, ASKED).recommended == "opus@16k"
    first, *others = decision.confirmations
    assert (first.spec, first.status, first.lacks) == ("opus@16k", "out", {"SNR": "FAIL"})
    assert (first.clips, first.sources, first.holds) == (5, 5, False)
    assert [one.spec for one in others if one.holds] == ["opus@32k", "vorbis@q3"]
    assert decoded(encoded(decision)) == decision
    text = markdown(decision, "asked.toml")
    assert "The recommendation does not hold on clips that were kept back; `opus@32k` does." in text
    assert (
        "5 clips of 5 sources, the same rule; in brackets: how many clips miss SNR &gt; 10 dB): "
        "`opus@16k` out (SNR FAIL) (5)."
    ) in text
    rate = "16.0 kbit/s"
    assert (
        "What passes on the kept clips and not on those that were chosen on was found there, and "
        f"is confirmed by nothing: `opus@32k` at {rate} (0)."
    ) in text
    assert f"What is no option and passes there: `vorbis@q3` at {rate} (0)." in text


def test_a_recommendation_that_holds_is_said_plainly() -> None:
    text = markdown(review.decide(OURS, ASKED, confirming=kept("opus@16k", 15)), "asked.toml")
    assert "`opus@16k` passes (0)." in text
    assert "does not hold" not in text


def test_what_was_not_run_there_is_named() -> None:
    decision = review.decide(OURS, ASKED, confirming=kept("opus@24k", 15))
    text = markdown(decision, "asked.toml")
    assert "`opus@16k` was not run there" in text
    assert (
        "**The recommendation was not run on clips that were kept back; `opus@24k` passes there.**"
        in text
    )
    assert review.decide(OURS, ASKED).confirmations == ()
    assert "kept back" not in markdown(review.decide(OURS, ASKED), "asked.toml")


def test_what_is_out_by_what_those_clips_are_not_asked_about_was_not_found_there() -> None:
    """It passes here too whatever is judged there: memory keeps it out."""
    memory = Requirement("memory", "peak_memory_mib", "<=", 150.0)
    ours = [changed(row, peak_memory_mib=60.0) for row in OURS]
    ours += codec("opus@32k", peak_memory_mib=900.0)
    wanted = replace(asked(SNR, RATIO, memory), confirmation=KeptBack("test_half"))
    rows = [*kept("opus@16k", 15), *kept("opus@32k", 20), *kept("opus@48k", 20)]
    decision = review.decide(ours, wanted, confirming=rows)
    assert decision.recommended == "opus@16k"
    assert not decision.candidates["opus@32k"].can_be_chosen
    text = first_screen(decision)
    assert "judged by all that is asked but memory; in brackets" in text
    assert "kept back it passes again by all that is asked but memory (0 of 5 clips" in text
    assert "confirmed by nothing: `opus@48k` at 16.0 kbit/s (0)." in text
    assert "`opus@32k`" not in text.partition("**On clips that were kept back**")[2]


def test_what_was_decided_before_and_after_is_said_as_people_wrote_it() -> None:
    kept_back = KeptBack("test_half", history="rule on Monday, look on Tuesday")
    wanted = replace(ASKED, confirmation=kept_back)
    text = first_screen(review.decide(OURS, wanted, confirming=kept("opus@16k", 15)))
    assert "- **Order of events**: rule on Monday, look on Tuesday." in text
    assert "Order of events" not in first_screen(review.decide(OURS, wanted))


def test_other_rows_there_are_another_decision(tmp_path: Path) -> None:
    store.append(tmp_path / "test_half", kept("opus@16k", 15))
    rows = confirmation.rows_of(ASKED, tmp_path)
    assert {row.spec for row in rows} == {"opus@16k"}
    with_them = review.decide(OURS, ASKED, confirming=rows)
    assert with_them.rows_sha256 != review.decide(OURS, ASKED).rows_sha256
    assert confirmation.rows_of(asked(SNR), tmp_path) == []


@pytest.mark.parametrize("folder", ["", "..", "a/../b", "/x", "a\\b"])
def test_the_folder_is_within_the_results(folder: str) -> None:
    with pytest.raises(ValueError, match="must be a folder within the results folder"):
        KeptBack(folder)


def test_the_clips_of_the_choice_confirm_nothing() -> None:
    """Neither under other names nor as other parts of the same recordings."""
    chosen_on = [changed(row, clip_sha256=f"{row.clip}".zfill(64)) for row in OURS]
    copied = [changed(row, clip=f"copy/{row.clip}", source="x") for row in chosen_on]
    parts = [
        changed(row, clip=f"part/{row.clip}", clip_sha256=f"part{row.clip}".zfill(64))
        for row in chosen_on
    ]
    for confirming in (OURS, chosen_on, copied, parts, [*copied, *parts]):
        with pytest.raises(InputError, match=r"\[confirmation\] results: .* name a folder of rows"):
            review.decide(chosen_on, ASKED, confirming=confirming)
    others = [changed(row, clip_sha256=f"k{row.clip}".zfill(64)) for row in kept("opus@16k", 15)]
    decision = review.decide(chosen_on, ASKED, confirming=[*others, *copied, *parts])
    (first, *_) = decision.confirmations
    assert (first.spec, first.clips, first.left_out, first.holds) == ("opus@16k", 5, 10, True)
    text = first_screen(decision)
    assert (
        "5 clips of 5 sources, 10 clips more left out that were chosen on or are of their" in text
    )
    untouched = review.decide(chosen_on, ASKED, confirming=others)
    assert untouched.confirmations[0] == replace(first, left_out=0)
    assert "left out" not in first_screen(untouched)


def test_clips_of_the_same_name_are_other_clips_if_their_sound_is() -> None:
    chosen_on = [changed(row, clip_sha256=f"{row.clip}".zfill(64)) for row in OURS]
    others = [
        changed(row, clip_sha256="f" * 64, source="other", run_id="20260102T030405Z-2")
        for row in codec("opus@16k")
    ]
    (first, *_) = review.decide(chosen_on, ASKED, confirming=others).confirmations
    assert (first.clips, first.left_out) == (5, 0)
    unknown = [changed(row, clip_sha256=None) for row in others]
    with pytest.raises(InputError, match="confirmation"):
        review.decide(chosen_on, ASKED, confirming=unknown)
