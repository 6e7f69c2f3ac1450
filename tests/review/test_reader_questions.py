"""Three readers' questions: what the first screen answers, from the committed rows."""

from __future__ import annotations

import re
from functools import cache

import pytest

import claims
import committed
from codecmark import review
from codecmark.review.decision import Decision, decide_within
from codecmark.review.picks import OF_PRESENT
from codecmark.review.record import first_screen
from places import COMMITTED

PAGE = COMMITTED / "decisions" / "reader_questions.md"
QUESTIONS = ("rate_64k", "phone_8k", "keep_latent")
ROUTES = ("keep the chain", "repair the chain", "extend the chain", "replace the chain")


@cache
def answer(name: str) -> Decision:
    asked = review.load(COMMITTED / "decisions" / "questions" / f"{name}.toml")
    return decide_within(COMMITTED, committed.rows(), asked)


def test_the_page_is_what_the_command_prints() -> None:
    assert PAGE.read_text(encoding="utf-8") == "\n".join(
        first_screen(answer(name)) for name in QUESTIONS
    )


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_first_screen_answers(name: str) -> None:
    """Which route, which setting, how sure, what it costs to run, what would change it."""
    decision = answer(name)
    text = first_screen(decision)
    first = text.partition("## In detail")[0]
    assert len(first.split()) <= 750
    assert len(text.splitlines()) <= 65
    assert "][" not in text, "it stands by itself, without the rows"
    for route in decision.routes:
        assert re.search(rf"^- \*\*[^*]*{route}[^*]*: (yes|no|open)", first, re.MULTILINE | re.I)
    named = decision.recommended or decision.picks[-1].spec
    assert f"- **What it costs**: `{named}`: " in first
    assert " s for 1 s of audio" in first
    assert "- **How sure**: " in first
    assert "- **What would change it**: " in first
    assert "**On clips that were kept back**" in text


def test_64_kbit_are_enough_to_replace_the_chain_and_whether_to_extend_it_is_said() -> None:
    decision = answer("rate_64k")
    assert tuple(decision.routes) == ROUTES
    assert decision.chosen is not None
    assert decision.option_of(decision.chosen.spec).route == "replace the chain"
    assert decision.provisional
    assert (decision.chosen.rate.value or 0.0) <= 65
    (present,) = [one for one in decision.picks if one.role == OF_PRESENT]
    assert decision.option_of(present.spec).route == "extend the chain"
    text, passes = first_screen(decision), decision.candidates[present.spec].can_be_chosen
    assert ("**Nothing passes of keep the chain, " in text) is not passes
    assert "need not be left" not in text
    assert "VAE, latent and vocoder are out of its path" in text
    assert "**Which of those that pass has most margin is not known.**" in text


def test_at_8_kbit_nothing_is_predicted_to_be_near_the_original() -> None:
    decision = answer("phone_8k")
    assert decision.chosen is not None
    quality = decision.chosen.finding("predicted quality")
    assert quality.verdict == "FAIL"
    text = first_screen(decision)
    assert "Of what is wished for it does not have: predicted quality FAIL." in text
    assert (
        "**Largest risk**: no hard requirement asks how it sounds, and predicted quality is FAIL"
    ) in text
    can_call = [
        one
        for one in decision.candidates.values()
        if one.can_be_chosen and one.finding("predicted quality").verdict == "PASS"
    ]
    assert can_call == []
    assert "**Good sound is no hard requirement here**" in text
    assert "most margin" not in text
    for route in ("Keep", "Repair", "Extend"):
        assert f"**{route} the chain: no.** nearest is `" in text, (
            "figures of a setting that is named"
        )
    assert "How sure" in text
    assert "it passes again by rate and words alone" in text


def test_no_layer_is_said_to_be_found_on_the_kept_clips_that_memory_keeps_out() -> None:
    """At 8 kbit/s the words of the layer are kept here as well as there; it is no phone's."""
    layer = answer("phone_8k").candidates["mel:16k-64+wave+anchored@8k"]
    assert layer.finding("rate").verdict == layer.finding("words").verdict == "PASS"
    assert layer.finding("memory").verdict == "FAIL"
    assert layer.spec not in first_screen(answer("phone_8k"))


def test_no_codec_without_a_latent_is_said_to_need_a_generator_trained_on_it() -> None:
    for name in ("rate_64k", "phone_8k"):
        for option in answer(name).requirements.options:
            if option.route == "replace the chain":
                has_latent = option.name.startswith("SoundStream")
                assert ("trained again" in option.to_know[0]) == has_latent
                assert ("none of its own" in option.to_know[0]) != has_latent


def test_visqol_falls_as_the_rate_of_the_layer_beside_the_latent_rises() -> None:
    means = [
        claims.mean(
            claims.rows_of(committed.rows(), f"audioldm2:compact+wave@{rate}k"),
            lambda row: row.visqol_mos_lqo or 0.0,
        ).mean
        for rate in (16, 24, 32, 48, 64)
    ]
    assert means[0] > means[1] > means[2] > max(means[3:])
    said = f"({means[0]:.2f} at 16 kbit/s, {means[-1]:.2f} at 64)"
    assert said in first_screen(answer("keep_latent"))


def test_what_codes_a_whole_clip_at_once_carries_no_call() -> None:
    whole = [one for spec, one in answer("phone_8k").candidates.items() if spec.endswith("+ac")]
    assert whole
    assert {one.finding("delay").verdict for one in whole} == {"NO EVIDENCE"}


def test_with_the_latent_kept_only_an_extended_chain_can_pass() -> None:
    decision = answer("keep_latent")
    assert tuple(decision.routes) == ROUTES[:3]
    (pick,) = {one.spec for one in decision.picks if one.role == OF_PRESENT}
    assert decision.option_of(pick).route == "extend the chain"
    assert decision.candidates[pick].finding("SNR").verdict == "PASS"
    passing = [
        (outcome.route, one.spec)
        for outcome in decision.outcomes
        for one in outcome.candidates
        if one.can_be_chosen
    ]
    assert {route for route, _ in passing} <= {"extend the chain"}
    assert (decision.recommended is None) == (passing == [])
    assert (decision.relaxation is None) == bool(passing)
    text = first_screen(decision)
    assert f"**Who says what** of `{pick}`" in text
    assert "ViSQOL alone fails" in text
    assert ("**Nothing is recommended yet" in text) == (passing == [])
    assert "nothing was measured beside AudioLDM2's own" in text
    assert "next: with AudioLDM2's weights run" in text
