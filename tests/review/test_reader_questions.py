"""Three readers' questions: what the first screen answers, from the committed rows."""

from __future__ import annotations

from functools import cache

import pytest

import committed
from codecmark import review
from codecmark.review.decision import Decision, decide_within
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
    assert len(text.splitlines()) <= 60
    assert "][" not in text, "it stands by itself, without the rows"
    for route in decision.routes:
        assert f"| {route} |" in text
    named = decision.recommended or decision.picks[-1].spec
    assert f"`{named}`" in text
    assert f"- To live with `{named}`: " in text
    assert " s for 1 s of audio" in text
    assert "**What would change it**" in text
    assert "**On clips that were kept back**" in text


def test_64_kbit_are_enough_for_opus_to_replace_the_chain() -> None:
    decision = answer("rate_64k")
    assert tuple(decision.routes) == ROUTES
    assert decision.chosen is not None
    assert decision.option_of(decision.chosen.spec).route == "replace the chain"
    assert decision.provisional
    assert (decision.chosen.rate.value or 0.0) <= 65


def test_at_8_kbit_nothing_is_predicted_to_be_near_the_original() -> None:
    decision = answer("phone_8k")
    assert decision.chosen is not None
    quality = decision.chosen.finding("predicted quality")
    assert quality.verdict == "FAIL"
    text = first_screen(decision)
    assert "Of what is wished for it does not have: predicted quality FAIL." in text
    can_call = [
        one
        for one in decision.candidates.values()
        if one.can_be_chosen and one.finding("predicted quality").verdict == "PASS"
    ]
    assert can_call == []


def test_nothing_that_keeps_the_latent_passes_today() -> None:
    decision = answer("keep_latent")
    assert decision.recommended is None
    assert tuple(decision.routes) == ROUTES[:3]
    (pick,) = decision.picks
    assert decision.option_of(pick.spec).route == "extend the chain"
    assert decision.candidates[pick.spec].finding("SNR").verdict == "PASS"
    assert decision.relaxation is not None
