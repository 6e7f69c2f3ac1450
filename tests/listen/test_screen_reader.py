"""What a screen reader is told of the page: every control has a role, a name and a state."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from listening_tests import planned, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BEGIN = """
- heading "Before you begin" [level=2]
- textbox "A pseudonym (may be left empty; not your name)"
- group "Do you wear headphones?"
- radio "Yes"
- radio "No"
- checkbox "I take part of my own will and agree that my answers are stored."
- button "Begin"
"""
MUSHRA = """
- button "Reference"
- button "Play"
- button "A"
- slider "Rating of A" [disabled]
- button "E"
- slider "Rating of E" [disabled]
- textbox "Comment (may be left empty)"
- button "Next" [disabled]
"""
DCR = """
- button "Reference"
- button "Play the sound"
- group "How audible and annoying is what differs from the reference?"
- radio "Inaudible"
- radio "Very annoying"
- button "Next" [disabled]
"""


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(("method", "expected"), [("mushra", MUSHRA), ("dcr", DCR)])
def test_every_control_has_a_role_and_a_name(
    browser: Browser, tmp_path: Path, method: Literal["mushra", "dcr"], expected: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    with served(planned(tmp_path / "t", method, clips=1)) as server:
        page.goto(server.url)
        page.get_by_role("button", name="Begin").wait_for()
        main = page.get_by_role("main")
        told = [re.sub(r":.*$", "", line) for line in lines(main.aria_snapshot())]
        assert [line for line in lines(BEGIN) if line not in told] == []
        page.get_by_label("Yes").check()
        page.get_by_label("I take part").check()
        page.get_by_role("button", name="Begin").click()
        page.get_by_role("button", name="Play").click()
        page.get_by_role("button", name="It is right").click()
        page.get_by_role("button", name="Next").wait_for()
        told = [re.sub(r":.*$", "", line) for line in lines(main.aria_snapshot())]
        assert [line for line in lines(expected) if line not in told] == []
        assert page.get_by_role("status").count() == 1  # said aloud when it changes
        assert page.get_by_role("progressbar", name="Progress").count() == 1
        page.keyboard.press("1")
        pressed = page.get_by_role("button", pressed=True)
        pressed.wait_for()
        assert pressed.inner_text() == ("A" if method == "mushra" else "Play the sound")
        if method == "mushra":  # what plays can be rated, and nothing else
            assert page.get_by_role("slider", disabled=False).count() == 1
    context.close()
