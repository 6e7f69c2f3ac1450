"""The player in a browser: heard, drawn, looped, and blind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from scipy.stats import binomtest

from codecmark.__main__ import main
from reported import HOSTILE
from tabs import hears, ready, state, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_it_plays_and_switches_without_losing_a_sample(page: Page, small: Path) -> None:
    page.goto(small.as_uri())
    ready(page)
    assert state(page)["playing"] is False
    page.locator("#play").click()
    page.locator('#player[data-playing="true"]').wait_for()
    wait(page, "() => codecmarkPlayer.state().at > 0.1")
    before = page.evaluate("codecmarkPlayer.state().at")
    # one position for all three: what changes is which of them is heard
    page.locator('[data-hear="1"]').click()
    hears(page, 1, [0, 1, 0])
    page.keyboard.press("3")
    hears(page, 2, [0, 0, 1])
    assert page.evaluate("codecmarkPlayer.state().at") > before
    page.keyboard.press("ArrowRight")  # the focus is on the switch
    assert state(page)["heard"] == 0
    page.locator("#play").click()
    page.locator('#player[data-playing="false"]').wait_for()
    assert page.locator("#clock").inner_text() != "0.00 s"


def test_a_part_can_loop(page: Page, small: Path) -> None:
    page.goto(small.as_uri())
    ready(page)
    stage = page.locator(".stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()
    low, high = page.evaluate("codecmarkPlayer.state().region")
    assert (round(low, 1), round(high, 1)) == (0.2, 0.3)
    page.locator("#play").click()
    page.wait_for_timeout(
        900
    )  # longer than the part, which a player that does not loop would leave
    assert low <= page.evaluate("codecmarkPlayer.state().at") <= high
    page.locator("#whole").click()
    assert page.evaluate("codecmarkPlayer.state().region") is None


def test_what_is_drawn_is_what_was_decoded(page: Page, small: Path) -> None:
    """A tone of 1 kHz lights the bin of 1 kHz, and equals itself."""
    page.goto(small.as_uri())
    ready(page)
    first = page.locator("#player").get_attribute("data-ready")
    page.locator("#clip").select_option(label="music/tone.wav (music)")
    page.locator(f'#player[data-ready]:not([data-ready="{first}"])').wait_for()
    rows, loudest = page.evaluate(
        """() => {
          const canvas = document.querySelector('.view-of[data-of="0"] .spectrogram');
          const data = canvas.getContext("2d").getImageData(10, 0, 1, canvas.height).data;
          const light = Array.from({length: canvas.height}, (_, i) =>
            data[4 * i] + data[4 * i + 1] + data[4 * i + 2]);
          return [canvas.height, light.indexOf(Math.max(...light))];
        }"""
    )
    assert rows == 256  # bins of 31.25 Hz, the highest on top
    assert (rows - 1 - loudest) * 31.25 == 1_000
    page.locator("#codec-b").select_option("opus@12k")
    page.locator("#codec-a").select_option("opus@12k")
    page.wait_for_timeout(300)
    page.locator("#difference").select_option("1,2")
    assert page.evaluate(
        """() => {
          const canvas = document.querySelector('.view-of[data-of="3"] .spectrogram');
          const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return new Set(Array.from({length: data.length / 4}, (_, i) => data[4 * i])).size;
        }"""
    ) == 1  # fmt: skip


def test_a_hostile_clip_name_does_nothing(page: Page, small: Path) -> None:
    page.goto(small.as_uri())  # a dialog, a script against the policy: the fixture sees them
    ready(page)
    page.locator("#clip").select_option(index=1)
    assert HOSTILE in page.locator('.view-of[data-of="0"] .what').inner_text()
    assert page.locator("script:not([type])").count() == 1


def test_the_folder_of_sound_works_from_a_file(page: Page, tmp_path: Path, small: Path) -> None:
    out = tmp_path / "index.html"
    results = small.parents[1]
    options = ["--corpus", str(results.parent / "corpus"), "--listen", "opus@12k,opus@6k"]
    assert main(["report", str(results), "--assets", "--out", str(out), *options]) == 0
    page.goto(out.as_uri())
    ready(page)
    assert page.locator("select.clip option").count() == 2
    page.locator("#play").click()
    page.locator('#player[data-playing="true"]').wait_for()


def test_abx_counts_and_tells_the_chance_of_guessing(page: Page, small: Path) -> None:
    page.goto(small.as_uri())
    ready(page)
    page.locator("#codec-a").select_option("opus@12k")
    page.locator("#codec-b").select_option("reference")
    page.locator('button[data-mode="abx"]').click()
    assert page.locator('[data-hear="0"]').inner_text() == "X"
    assert page.locator(".views").is_hidden()  # pictures would tell
    assert page.locator("#codec-a").is_hidden()
    # the generous listener: looks up which track X is, as no listener can
    page.evaluate("window.flips = [0, 1, 1, 0, 1]; coin = () => flips.shift() ?? 0; 0")
    page.locator("#restart").click()
    for answer in (0, 1, 1, 0, 0):  # the last is wrong
        page.locator("#vote-b" if answer else "#vote-a").click()
    assert page.locator("#tally").inner_text().startswith("5 answers; decide")
    page.locator("#reveal").click()
    assert page.locator("#tally").inner_text() == (
        "4 of 5 right, p = 0.188 by guessing (exact binomial); A was opus@12k, B reference"
    )
    assert page.locator("#vote-a").is_disabled()


def test_x_plays_what_was_drawn(page: Page, small: Path) -> None:
    page.goto(small.as_uri())
    ready(page)
    page.evaluate("coin = () => 1; 0")
    page.locator('button[data-mode="abx"]').click()
    page.locator("#play").click()
    page.locator('#player[data-playing="true"]').wait_for()
    page.keyboard.press("1")
    hears(page, 0, [0, 0, 1])  # X is B
    page.keyboard.press("2")
    hears(page, 1, [0, 1, 0])
    page.locator('button[data-mode="blind"]').click()
    page.locator("#play").click()
    page.locator('#player[data-playing="true"]').wait_for()
    page.keyboard.press("2")
    hears(page, 1, [0, 0, 1])  # they have changed places
    page.keyboard.press("b")  # prefers what is called B: the first of the pair
    page.locator("#reveal").click()
    first = page.locator("#codec-a").input_value()
    assert page.locator("#tally").inner_text().startswith(f"{first} preferred 1 times")
    page.locator('button[data-mode="open"]').click()
    assert page.locator(".views").is_visible()
    page.locator("#play").click()
    page.locator('#player[data-playing="true"]').wait_for()
    page.keyboard.press("2")
    hears(page, 1, [0, 1, 0])


def test_chances_are_exact(page: Page, small: Path) -> None:
    page.goto(small.as_uri())
    for right, trials in ((0, 0), (0, 10), (8, 10), (12, 16), (16, 16), (40, 60)):
        expected = binomtest(right, trials, alternative="greater").pvalue if trials else 1.0
        assert page.evaluate(f"binomialTail({right}, {trials})") == pytest.approx(expected)
    assert page.evaluate("signTest(9, 1)") == pytest.approx(binomtest(9, 10).pvalue)
    assert page.evaluate("signTest(3, 3)") == 1
