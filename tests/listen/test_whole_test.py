"""Six systems and eight clips, from the plan to the decision, taken in a browser by four listeners.

Two have the server, two a file; two sit at a desk, two hold a phone; one answers without listening.
They work page by page side by side, by keys alone, and rate what the key says a sound is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codecmark.__main__ import main
from codecmark.listen import offline
from codecmark.listen.journal import Journal
from codecmark.listen.turns import Turn
from codecmark.results import store
from listening_tests import planned, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# low, since every ten points are a key pressed by each listener on each page
TRUTH = {
    "reference": 90, "opus@24k": 70, "aac@32k": 40, "mp3@32k": 20, "lc3@16k": 30, "opus@12k": 20,
    "lowpass@3.5k": 20, "opus@6k": 10, "lowpass@2k": 10,
}  # fmt: skip
SYSTEMS = ("opus@6k", "opus@12k", "opus@24k", "lc3@16k", "mp3@32k", "aac@32k")
DESKTOP, PHONE = (1280, 900), (390, 844)
POLLING_MS = 50  # not at every frame: four pages draw at once
REQUIREMENTS = """title = "Sounds good"
question = "Which sounds good to people?"
[[requirement]]
name = "MUSHRA"
metric = "mushra"
operator = ">"
threshold = 65
"""


@dataclass
class Person:
    """A listener at a page; `careless` calls the reference bad."""

    page: Page
    turns: list[Turn]
    careless: bool = False

    def tens(self, system: str) -> int:
        return (0 if self.careless and system == "reference" else TRUTH[system]) // 10


@contextmanager
def opened(browser: Browser, size: tuple[int, int], url: str, name: str) -> Iterator[Page]:
    """Begin a test as a listener of that name; no message may appear in the console."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(url)
    page.get_by_label("A pseudonym").fill(name)
    page.get_by_label("Yes").check()
    page.get_by_label("I take part").check()
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="It is right").click()
    page.get_by_role("button", name="Go on").click()  # to the training
    yield page
    assert problems == []
    context.close()


def take_page(people: list[Person], number: int, systems: dict[str, str]) -> None:
    """Let everybody hear and rate every sound of a page, and go on."""
    turns = [each.turns[number] for each in people]
    for each in people:
        each.page.locator(".item").first.wait_for()
    count = len(turns[0].items)
    for place in range(count + 1):
        for each, turn in zip(people, turns, strict=True):
            each.page.keyboard.press("r" if place == count else str(place + 1))
            for _ in range(each.tens(systems[turn.items[place]]) if place < count else 0):
                each.page.keyboard.press("K")
            if place < count and not each.tens(systems[turn.items[place]]):
                each.page.keyboard.press("j")  # a 0 that was meant
        for each, turn in zip(people, turns, strict=True):
            each.page.wait_for_function(
                "([place, seconds]) => codecmarkListen.state().heard[place] >= seconds",
                arg=[place, 0.98 * turn.hear_s],
                polling=POLLING_MS,
            )
    for each in people:
        each.page.wait_for_function("() => !document.querySelector('.todo').textContent")
        each.page.keyboard.press("Enter")
    for each in people:
        each.page.wait_for_function("n => codecmarkListen.state().done == n", arg=number + 1)
        each.page.wait_for_function(
            "() => document.querySelector('h2').textContent != 'Training' && "
            "(!document.querySelector('.todo') || document.querySelector('.todo').textContent)"
        )
        go_on = each.page.get_by_role("button", name="Go on")
        if go_on.count():  # the test begins, or a break
            go_on.click()


def test_from_plan_to_decision(
    browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("lc3", reason="no LC3 here: pip install lc3py")
    design = planned(tmp_path / "t", "mushra", 8, SYSTEMS, training=True, seconds=0.1)
    systems = {name: entry.system for name, entry in design.key.stimuli.items()}
    with served(design) as server:
        journal = server.journal
        files = offline.make_files(journal, tmp_path / "files", 2)
        sent = [each.session for each in journal.sessions]
        with (
            opened(browser, DESKTOP, server.url, "otter") as desk,
            opened(browser, PHONE, server.url, "beaver") as phone,
            opened(browser, DESKTOP, files[0].as_uri(), "mole") as file_at_desk,
            opened(browser, PHONE, files[1].as_uri(), "rat") as file_on_phone,
        ):
            pages = [desk, phone, file_at_desk, file_on_phone]
            sessions = [*(each.session for each in journal.sessions[2:]), *sent]
            people = [
                Person(page, list(journal.turns(session).values()), page is file_on_phone)
                for page, session in zip(pages, sessions, strict=True)
            ]
            for number in range(9):  # one of training
                take_page(people, number, systems)
            for page in (desk, phone):
                page.get_by_text("Everything is stored").wait_for()
            for number, page in enumerate((file_at_desk, file_on_phone)):
                with page.expect_download() as download:
                    page.get_by_role("button", name="Save my answers").click()
                download.value.save_as(tmp_path / f"answers-{number}.json")
    with Journal(design) as journal:
        assert len(journal.answers) == 2 * 9
    answers = [str(tmp_path / f"answers-{number}.json") for number in range(2)]
    assert main(["listen", "import", str(design.folder), *answers]) == 0
    assert capsys.readouterr().out.count("9 pages new, 0 known") == 2

    results, page_file = tmp_path / "results", tmp_path / "listeners.html"
    arguments = ["listen", "results", str(design.folder), "--rows", "--out", str(results)]
    assert main([*arguments, "--page", str(page_file)]) == 0
    shown = capsys.readouterr().out
    assert "screening passed: 3 of 4 listeners" in shown
    assert re.search(r"\* rat: hidden reference below 90 .*\(8 of 8 items\)", shown)
    assert "3 of 4 pass screening" in page_file.read_text()
    rows = store.read(results)
    assert {(row.spec, row.mushra) for row in rows} == {
        (name, value) for name, value in TRUTH.items() if name != "reference"
    }
    assert {(row.listeners, row.listening_method) for row in rows} == {(3, "mushra")}
    assert len(rows) == 8 * (6 + 2)

    requirements = results / "decisions" / "requirements.toml"
    requirements.parent.mkdir(exist_ok=True)
    requirements.write_text(REQUIREMENTS)
    assert main(["review", str(requirements), "--results", str(results)]) == 0
    assert main(["leaderboard", str(results)]) == 0
    assert "70.0 ±0.0 (3 listeners)" in capsys.readouterr().out
    (record,) = (results / "decisions").glob("*.md")
    text = record.read_text()
    text = re.sub(r"\]\[\d+\]", "]", text)  # numbers of footnotes are the record's own affair
    assert "| opus | `opus@24k` | PASS: [70.0] of 3 listeners | passes |" in text
    assert "| lc3 | `lc3@16k` | FAIL: [30.0] of 3 listeners | out |" in text
    assert main(["report", str(results), "--listen", "none"]) == 0
    report = (results / "report" / "index.html").read_text()
    assert '>70.0 <span class="pm">±0.0 (3 listeners)</span>' in report  # the leaderboard
    assert "asked: 3 listeners" in report  # the verdict
