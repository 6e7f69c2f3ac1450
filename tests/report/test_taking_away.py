"""What a reader takes from the page: tables as text, plots as files."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.image

from tabs import visible_specs, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_a_table_is_copied_as_csv_and_markdown(page: Page, small: Path) -> None:
    page.goto(small.as_uri())
    page.evaluate("window.copied = []; copyText = async (text) => { copied.push(text); }; 0")
    page.locator("#leaderboard .search").fill("opus")
    tools = page.locator("#leaderboard .board:visible .copying")
    tools.locator("button", has_text="CSV").click()
    tools.locator("button", has_text="Markdown").click()
    wait(page, "() => copied.length === 2")
    text, markdown = page.evaluate("copied")
    table = list(csv.DictReader(text.splitlines()))
    shown = visible_specs(page)
    assert [line["codec"] for line in table] == shown
    assert len(shown) == 4
    assert {line["SNR dB"].split(" ")[0] for line in table} == {"6.0", "9.0", "12.0", "15.0"}
    lines = markdown.splitlines()
    assert lines[0].startswith("| codec | SNR &gt; 10 |")
    assert [line.split(" | ")[0] for line in lines[2:]] == [f"| {spec}" for spec in shown]
    assert len({line.count(" | ") for line in lines}) == 1


def test_what_a_spreadsheet_would_run_stays_text(page: Page, small: Path) -> None:
    page.goto(small.as_uri())
    cells = [["=1+1", "-2.5 ±0.3", "-", "+5.0", '"a", b', "@x", "-cmd|' /C calc'!A0"]]
    assert page.evaluate("rows => asCsv(rows)", cells) == (
        '\'=1+1,-2.5 ±0.3,-,+5.0,"""a"", b",\'@x,\'-cmd|\' /C calc\'!A0\r\n'
    )


def test_a_plot_is_saved_as_svg_and_png(page: Page, small: Path, tmp_path: Path) -> None:
    page.goto(small.as_uri())
    figure = page.locator(".chart").first
    figure.scroll_into_view_if_needed()
    for name in ("SVG", "PNG"):
        with page.expect_download() as download:
            figure.locator("button", has_text=name).click()
        download.value.save_as(tmp_path / f"plot.{name.lower()}")
        assert download.value.suggested_filename == f"rate-snr_db-all.{name.lower()}"
    root = ET.parse(tmp_path / "plot.svg").getroot()  # noqa: S314 - the page made it a moment ago
    text = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert root.tag.endswith("svg")
    assert "var(--" not in text
    assert "opus@12k" in text
    picture = matplotlib.image.imread(tmp_path / "plot.png")
    assert picture.shape[:2] == (int(3 * 259.2), 3 * 360)
    assert picture[..., :3].std() > 0.02  # something is drawn on its paper
