"""The order of sounds cannot be drawn again by whoever knows the plan and a session."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from codecmark.listen import turns
from codecmark.listen.design import Design, TestMethod
from listening_tests import Client, planned, served

SESSION = "a-session-of-a-listener"


def with_secret(design: Design, secret: str) -> Design:
    return replace(design, key=replace(design.key, secret=secret))


@pytest.mark.parametrize("method", ["mushra", "abx"])
def test_orders_take_a_secret_that_only_the_key_has(tmp_path: Path, method: TestMethod) -> None:
    design = planned(tmp_path / "test", method)
    assert len(design.key.secret) == 32
    assert design.key.secret.encode() not in (design.folder / "plan.json").read_bytes()
    drawn = turns.draw(design, SESSION, 0)
    assert drawn == turns.draw(design, SESSION, 0)
    guesses = [turns.draw(with_secret(design, f"{n:032x}"), SESSION, 0) for n in range(20)]
    assert any(guess != drawn for guess in guesses)
    assert any(guess != guesses[0] for guess in guesses)


def test_tests_of_before_keep_their_orders(tmp_path: Path) -> None:
    old = with_secret(planned(tmp_path / "test", "mushra"), "")
    pages = list(old.plan.pages)
    Random(f"{old.sha256} {old.plan.seed}").shuffle(pages)  # noqa: S311 - as it was drawn
    rng = Random(f"{old.sha256} {SESSION}")  # noqa: S311
    rng.shuffle(pages)
    for page, turn in zip(pages, turns.draw(old, SESSION, 0), strict=True):
        items = list(page.items)
        rng.shuffle(items)
        assert (turn.page, turn.items) == (page.name, tuple(items))


def test_the_plan_does_not_list_the_reference_first(tmp_path: Path) -> None:
    first = {
        design.key.stimuli[page.items[0]].role
        for n in range(6)
        for design in [planned(tmp_path / str(n), "mushra")]
        for page in design.plan.pages
    }
    assert len(first) > 1


def test_names_of_listeners_that_another_tool_asked_are_kept_for_them(tmp_path: Path) -> None:
    design = planned(tmp_path / "test")
    with served(design) as server:
        asked = {"consent": True, "listener": "WebMUSHRA zoe", "headphones": True}
        status, answer = Client(server).call("/api/join", asked)
    assert status == 422
    assert "kept for answers of another tool" in answer["error"]
