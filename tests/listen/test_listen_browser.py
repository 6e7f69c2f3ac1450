"""The page in a browser: taken from start to end as a listener would, by pointer and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codecmark.listen import entries, offline
from codecmark.listen.journal import Journal
from listening_tests import planned, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

SECONDS = 0.2  # of a sound, all of which is heard
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page; fails its test if the console shows an error."""
    context = browser.new_context(viewport=request.param)
    opened = context.new_page()
    errors: list[str] = []
    opened.on(
        "console", lambda m: errors.append(m.text) if m.type in {"error", "warning"} else None
    )
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    assert errors == []
    context.close()


def enter(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Begin").click()
    assert "agree" in page.locator("#status").inner_text()  # not without consent
    page.get_by_label("A pseudonym").fill("otter")
    page.get_by_label("Yes").check()
    page.get_by_label("I take part").check()
    page.get_by_role("button", name="Begin").click()
    volume(page)


def volume(page: Page) -> None:
    go_on = page.get_by_role("button", name="It is right")
    go_on.wait_for()
    assert go_on.is_disabled()
    page.get_by_role("button", name="Play").click()
    go_on.click()


def heard(page: Page, place: int, seconds: float) -> None:
    page.wait_for_function(
        "([place, seconds]) => codecmarkListen.state().heard[place] >= seconds",
        arg=[place, seconds],
    )


def rate_by_keys(page: Page, tens: int) -> None:
    """Hear every sound of a MUSHRA page and rate it, by keys alone."""
    page.locator(".item").first.wait_for()
    next_button = page.get_by_role("button", name="Next")
    count = page.locator(".item").count()
    for place in range(count):
        page.keyboard.press(str(place + 1))
        heard(page, place, SECONDS)
        assert next_button.is_disabled()
        for _ in range(tens + place):
            page.keyboard.press("K")
        page.keyboard.press("J") if place == 1 else page.keyboard.press("k")
    assert page.locator(".todo").inner_text() == "Still to hear: the reference"
    page.keyboard.press("r")
    heard(page, count, SECONDS)
    page.wait_for_function("() => !document.querySelector('.todo').textContent")
    done = page.evaluate("() => codecmarkListen.state().done")
    page.keyboard.press("Enter")
    page.wait_for_function("done => codecmarkListen.state().done > done", arg=done)
    page.wait_for_function("() => !document.querySelector('.todo')?.textContent.match(/^$/)")


def test_a_mushra_test_by_keys_with_a_reload_in_between(page: Page, tmp_path: Path) -> None:
    design = planned(tmp_path / "t", clips=2, training=True, seconds=SECONDS)
    with served(design) as server:
        enter(page, server.url)
        page.get_by_role("button", name="Go on").click()
        page.get_by_text("this page does not count").wait_for()
        rate_by_keys(page, 1)
        page.get_by_role("button", name="Go on").click()  # the test begins
        page.locator(".item").first.wait_for()
        page.keyboard.press("1")
        page.keyboard.press("K")
        heard(page, 0, SECONDS)
        page.reload()
        page.get_by_role("button", name="Go on").click()
        volume(page)
        page.locator(".item").first.wait_for()
        assert page.locator(".item .value").first.inner_text() == "10"  # was kept
        assert "A" not in page.locator(".todo").inner_text().split(": ")[1]
        rate_by_keys(page, 2)
        rate_by_keys(page, 3)
        page.get_by_text("Everything is stored").wait_for()
    joined, answers = entries.read(design)
    assert [(each.listener, each.headphones) for each in joined] == [("otter", True)]
    assert [list(each.values) for each in answers] == [
        [11, 10, 31, 41, 51], [31, 20, 41, 51, 61], [31, 30, 51, 61, 71],
    ]  # fmt: skip
    assert all(min(each.heard_s) >= 0.9 * SECONDS for each in answers)


def test_a_slider_moves_only_while_its_sound_plays(page: Page, tmp_path: Path) -> None:
    with served(planned(tmp_path / "t", clips=1)) as server:
        enter(page, server.url)
        slider = page.get_by_label("Rating of B")
        slider.wait_for()
        slider.focus()
        page.keyboard.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") == "not rated"
        assert page.locator("#status").inner_text() == "Play B to rate it."
        page.get_by_role("button", name="B", exact=True).click()
        slider.focus()
        page.keyboard.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") == "1"


def test_the_offline_file_hands_its_answers_over(page: Page, tmp_path: Path) -> None:
    design = planned(tmp_path / "t", clips=1, seconds=SECONDS)
    with Journal(design) as journal:
        (file,) = offline.make_files(journal, tmp_path, 1)
        enter(page, file.as_uri())
        rate_by_keys(page, 2)
        with page.expect_download() as started:
            page.get_by_role("button", name="Save my answers").click()
        result = tmp_path / "answers.json"
        started.value.save_as(result)
        assert offline.take(journal, result) == ("otter", 1, 0)
        assert [list(each.values) for each in journal.answers] == [[21, 20, 41, 51, 61]]


def test_no_sound_is_played_before_it_is_loaded(page: Page, tmp_path: Path) -> None:
    """Who pressed Play too early heard nothing, and could not go on."""
    with served(planned(tmp_path / "t", "acr", clips=1, pages_each=1)) as server:
        held: list[Route] = []
        page.route("**/api/audio/**", lambda route: held.append(route))
        page.goto(server.url)
        page.get_by_label("Yes").check()
        page.get_by_label("I take part").check()
        page.get_by_role("button", name="Begin").click()
        play = page.get_by_role("button", name="Play")
        play.wait_for()
        assert play.is_disabled()
        while not held:
            page.wait_for_timeout(20)
        for each in held:
            each.continue_()
        play.click()
        page.get_by_role("button", name="It is right").click()


@pytest.mark.parametrize("method", ["acr", "dcr", "ab", "abx"])
def test_the_other_methods_to_the_end(page: Page, tmp_path: Path, method: str) -> None:
    design = planned(tmp_path / "t", method, clips=1, seconds=SECONDS, pages_each=2)  # type: ignore[arg-type]
    with served(design) as server:
        enter(page, server.url)
        for _ in range(2):
            page.get_by_role("radio").first.wait_for()
            sounds = page.evaluate("() => codecmarkListen.state().heard.length")
            page.get_by_role("radio").nth(1).check()
            next_button = page.get_by_role("button", name="Next")
            assert next_button.is_disabled()
            for place in range(sounds):
                names = ["Play the sound", "Reference"] if method in {"acr", "dcr"} else []
                name = (names or ["A", "B", "X" if method == "abx" else "Reference"])[place]
                page.get_by_role("button", name=name, exact=True).click()
                heard(page, place, 0.97 * SECONDS)
            next_button.click()
            page.wait_for_function(
                "() => !document.querySelector('.todo')"
                " || document.querySelector('.todo').textContent"
            )
        page.get_by_text("Everything is stored").wait_for()
    values = {each.values for each in entries.read(design)[1]}
    assert values == ({(4,)} if method in {"acr", "dcr"} else {(1,)})
