"""What the page says is stored is what is stored, once; and whose it is. In a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codecmark.listen import offline
from codecmark.listen.journal import Journal
from listening_tests import Client, planned, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def begin(page: Page, name: str = "") -> None:
    page.get_by_label("A pseudonym").fill(name)
    page.get_by_label("Yes").check()
    page.get_by_label("I take part").check()
    page.get_by_role("button", name="Begin").click()
    volume(page)


def volume(page: Page) -> None:
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="It is right").click()


def choose(page: Page, value: int) -> None:
    """Hear the only sound of an ACR page and choose an answer."""
    page.get_by_role("button", name="Play the sound").click()
    page.wait_for_function("() => codecmarkListen.state().heard[0] >= 0.29")
    page.locator(f"input[name=answer][value='{value}']").check()


def test_an_answer_under_way_stays_as_it_is_and_goes_once(page: Page, tmp_path: Path) -> None:
    """The first reply is lost: a change of mind meanwhile would be called stored and is not."""
    design = planned(tmp_path / "t", "acr", clips=1, seconds=0.3)
    posts: list[Any] = []

    def lose_the_first(route: Route) -> None:
        posts.append(route.request.post_data)
        if len(posts) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    with served(design) as server:
        page.route("**/api/answer", lose_the_first)
        page.goto(server.url)
        begin(page)
        choose(page, 2)
        page.get_by_role("button", name="Next").click()
        page.get_by_text("Not stored yet").wait_for()
        assert page.get_by_role("button", name="Next").is_disabled()
        assert page.get_by_role("radio").evaluate_all("all => all.every((one) => one.disabled)")
        assert page.get_by_label("Comment").get_attribute("readonly") is not None
        for key in ("k", "K", "Enter", "j", "Enter"):
            page.keyboard.press(key)
        page.wait_for_function("() => codecmarkListen.state().done === 1")
        assert page.locator("#where").inner_text() == f"1 of {len(design.plan.pages)} pages done"
        assert [each.values for each in server.journal.answers] == [(2,)]
        assert (len(posts), len(set(posts))) == (2, 1)  # the same again
        page.get_by_role("radio").first.wait_for()
        assert page.get_by_role("radio").first.is_enabled()  # of the next page


def test_what_another_window_answered_stands_and_is_told(page: Page, tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "acr", clips=1, seconds=0.3, pages_each=2)
    with served(design) as server:
        page.goto(server.url)
        begin(page)
        choose(page, 2)
        (joined,) = server.journal.sessions
        other = Client(server, **{"Codecmark-Session": joined.session})
        shown = other.call("/api/session")[1]["pages"][0]
        assert other.answer(shown, 5)[0] == 200
        page.get_by_role("button", name="Next").click()
        page.get_by_role("heading", name="Answered before").wait_for()
        assert "The first answer stands" in page.locator("main").inner_text()
        page.get_by_role("button", name="Go on").click()
        choose(page, 3)
        page.get_by_role("button", name="Next").click()
        page.get_by_text("Everything is stored").wait_for()
        assert page.locator("#where").inner_text() == "2 of 2 pages done"
        assert [each.values for each in server.journal.answers] == [(5,), (3,)]


def test_somebody_else_begins_at_the_same_browser(page: Page, tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "acr", clips=1, seconds=0.3, pages_each=1)
    with served(design) as server:
        page.goto(server.url)
        begin(page, "ann")
        page.reload()
        page.get_by_text("ann: 1 of 1 pages").wait_for()
        other = page.get_by_role("button", name="I am somebody else")
        other.click()
        assert "ann cannot go on" in page.locator("main").inner_text()
        page.get_by_role("button", name="Back").click()
        other.click()
        page.get_by_role("button", name="Begin as somebody else").click()
        begin(page, "bea")
        choose(page, 4)
        page.get_by_role("button", name="Next").click()
        page.get_by_text("Everything is stored").wait_for()
        other.click()
        assert page.locator("#where").inner_text() == ""
        begin(page, "cy")
        choose(page, 2)
        page.get_by_role("button", name="Next").click()
        page.get_by_text("Everything is stored").wait_for()
        names = {each.session: each.listener for each in server.journal.sessions}
        assert list(names.values()) == ["ann", "bea", "cy"]
        stored = [(names[each.session], each.values) for each in server.journal.answers]
        assert stored == [("bea", (4,)), ("cy", (2,))]


def test_a_file_is_one_listeners(page: Page, tmp_path: Path) -> None:
    with Journal(planned(tmp_path / "t", "acr", clips=1, seconds=0.3, pages_each=1)) as journal:
        (file,) = offline.make_files(journal, tmp_path, 1)
    page.goto(file.as_uri())
    begin(page, "ann")
    page.reload()
    page.get_by_text("needs a file of their own").wait_for()
    assert page.get_by_role("button", name="I am somebody else").count() == 0


def answer(page: Page, value: int, done: int) -> None:
    choose(page, value)
    page.get_by_role("button", name="Next").click()
    page.wait_for_function(f"() => codecmarkListen.state().done === {done}")


def test_a_tab_that_is_closed_takes_nothing_out_of_the_file(page: Page, tmp_path: Path) -> None:
    with Journal(planned(tmp_path / "t", "acr", clips=1, seconds=0.3, pages_each=2)) as journal:
        (file,) = offline.make_files(journal, tmp_path, 1)
    page.goto(file.as_uri())
    begin(page)
    page.get_by_role("button", name="Next").wait_for()
    idle = page.context.new_page()
    idle.goto(file.as_uri())
    idle.get_by_role("button", name="Go on").click()
    volume(idle)
    idle.get_by_role("button", name="Next").wait_for()
    answer(page, 5, done=1)
    answer(page, 3, done=2)
    idle.close()
    page.reload()
    with page.expect_download() as started:
        page.get_by_role("button", name="Save my answers").click()
    saved = json.loads(Path(started.value.path()).read_text(encoding="utf-8"))
    assert [each["values"] for each in saved["answers"]] == [[5], [3]]
