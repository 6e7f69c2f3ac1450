"""The page of results: plots, tables, who was asked; and that nothing in it acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from codecmark.__main__ import main
from codecmark.listen import collect, entries, plots, results_page
from codecmark.listen.collect import Choice
from codecmark.listen.journal import Journal
from codecmark.listen.preferences import strengths, told
from codecmark.listen.statistics import means
from listening_sets import panel
from listening_tests import planned

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7*7 }}"


class Tags(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_plot_is_where_the_means_are() -> None:
    listening = panel()
    found = means(listening)
    plot = plots.of_means(listening, found, found, "t")
    assert [line.label for line in plot.lines] == ["reference", "a", "b", "mid", "low"]
    for line in plot.lines:
        mean = found[line.label]
        assert line.front is not None
        assert line.front.low is not None
        assert mean.low is not None
        assert 100 * line.front.at == pytest.approx(mean.mean)
        assert 100 * line.front.low == pytest.approx(max(0, mean.low))
        assert len(line.ticks) == 12
    assert [plot.marks[at] for at in (0, -1)] == [(0, "0"), (1, "100")]


def test_plots_of_choices() -> None:
    choices = [Choice(f"l{n}", "c", "reference", "a", "a" if n else "reference", "a")
               for n in range(10)]  # fmt: skip
    (line,) = plots.of_told(told(choices)).lines
    assert line.front is not None
    # Clopper and Pearson (1934): 9 of 10
    assert (line.front.low, line.front.high) == pytest.approx((0.5550, 0.9975), abs=1e-4)
    won = [Choice("l", "c", "a", "b", "a")] * 3 + [Choice("l", "c", "a", "b", None)]
    first, second = plots.of_strengths(strengths(won)).lines
    assert first.front is not None
    assert second.front is not None
    assert first.front.at - 0.5 == pytest.approx(0.5 - second.front.at)


def test_who_was_asked_and_who_was_screened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    design = planned(tmp_path / "t", clips=2)
    with Journal(design) as journal:
        for n, name in enumerate(("otter", "beaver", "mole")):
            session = journal.join(name, n > 0).session
            for turn in journal.turns(session).values():
                roles = [design.key.stimuli[item].role for item in turn.items]
                values = [
                    (30 if name == "mole" else 100) if role == "reference" else 50 + n
                    for role in roles
                ]
                journal.answer(session, turn.page, values, [1.0] * turn.heard, 1, HOSTILE)
    page = tmp_path / "out" / "results.html"
    assert main(["listen", "results", str(design.folder), "--page", str(page)]) == 0
    assert f"page in {page}" in capsys.readouterr().out
    text = page.read_text()
    assert "2 of 3 pass screening" in text
    assert "3 came; headphones: 2 yes, 1 no, 0 did not say" in text
    assert "mole: hidden reference below 90 on more than 15 % of the items (2 of 2 items)" in text
    assert design.sha256 in text
    assert text.count('<circle class="front"') == 5
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 6
    tags = Tags(text)
    assert not tags.names & {"script", "img", "iframe", "link", "a", "form"}
    assert not {name for name in tags.attributes if name == "style" or name.startswith("on")}
    (policy,) = re.findall(r'Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src &#39;none&#39;; style-src &#39;sha256-")
    assert "unsafe" not in policy


def test_names_of_clips_and_systems_stay_text(tmp_path: Path) -> None:
    listening = panel()
    stimuli = tuple(
        replace(each, system=HOSTILE if each.system == "a" else each.system)
        for each in listening.stimuli
    )
    ratings = tuple(
        replace(each, system=HOSTILE if each.system == "a" else each.system)
        for each in listening.ratings
    )
    hostile = replace(listening, stimuli=stimuli, ratings=ratings, title=HOSTILE)
    results_page.write(tmp_path / "r.html", results_page.of_ratings(hostile))
    assert not Tags((tmp_path / "r.html").read_text()).names & {"script", "img"}


def test_the_page_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    listening = replace(panel(), title="A test")
    results_page.write(tmp_path / "r.html", results_page.of_ratings(listening))
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.goto((tmp_path / "r.html").as_uri())
    picture = page.get_by_role("img")
    assert "a 68.4 (64.1 to 72.7)" in (picture.get_attribute("aria-label") or "")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("svg circle.front").count() == 5
    assert page.evaluate("getComputedStyle(document.querySelector('circle.front')).fill") != (
        "rgb(0, 0, 0)"
    )  # the policy lets the style in
    assert errors == []
    context.close()


def test_choices_have_a_page_too(tmp_path: Path) -> None:
    design = planned(tmp_path / "t", "abx", clips=1)
    with Journal(design) as journal:
        session = journal.join("otter").session
        for turn in journal.turns(session).values():
            journal.answer(session, turn.page, [int(turn.items[2] == turn.items[1])], [1.0] * 3)
    found = told(collect.choices(design, *entries.read(design)))
    results_page.write(tmp_path / "r.html", results_page.of_choices(design, found))
    assert "1 of 1 right, p 0.5, 1 listener" in (tmp_path / "r.html").read_text()


def test_no_comment_moves_the_cursor_of_who_prints_the_page(tmp_path: Path) -> None:
    remark = "a\x1b]0;x\x07b\x00\x9b2Jc\td\r\ne\rf"
    results = results_page.Results("t", (), (), remarks=((remark, "otter"),))
    results_page.write(tmp_path / "r.html", results)
    text = (tmp_path / "r.html").read_bytes().decode()
    assert "a\ufffd]0;x\ufffdb\ufffd\ufffd2Jc\td\ne\ufffdf" in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
