"""What tests do in a tab of a browser, and how it is found."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REMEDY = "no Chromium here: apt-get install chromium, or playwright install chromium"
PHONE_PX = 390
DESKTOP: ViewportSize = {"width": 1440, "height": 900}


def browser_path(own: str) -> str | None:
    """Return where a Chromium is: of the system, or playwright's own."""
    return next(filter(None, map(shutil.which, (*NAMES, own))), None)


def wait(page: Page, condition: str, wanted: object = None) -> None:
    """Ask until it holds: the page's policy forbids the evaluation that waiting in it needs."""
    deadline = time.monotonic() + 30
    while not page.evaluate(condition, wanted):
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)


def visible_specs(page: Page) -> list[str]:
    return page.locator("#leaderboard .board:visible tbody tr:visible .spec").all_inner_texts()


def state(page: Page) -> dict[str, object]:
    found: dict[str, object] = page.evaluate("codecmarkPlayer.state()")
    return found


def hears(page: Page, heard: int, gains: list[int]) -> None:
    """Wait until the player has faded to one of the codecs."""
    wait(
        page,
        """wanted => {
          const {heard, gains} = codecmarkPlayer.state();
          return JSON.stringify({heard, gains}) === JSON.stringify(wanted);
        }""",
        {"heard": heard, "gains": gains},
    )


def ready(page: Page) -> None:
    page.locator("#listen").scroll_into_view_if_needed()
    page.locator("#player[data-ready]").wait_for()
