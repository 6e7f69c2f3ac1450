"""The page speaks of one run by one set of requirements, and under each name of that codec only."""

from __future__ import annotations

import html
import json
import re
import statistics
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import committed
from codecmark.__main__ import main
from codecmark.report import svg
from codecmark.results import axes, store
from codecmark.results.row import ResultRow
from places import COMMITTED
from reviewed import codec

if TYPE_CHECKING:
    from playwright.sync_api import Page

FAITHFUL = """
title = "The most faithful"
question = "Which keeps the waveform?"
[[requirement]]
name = "fidelity"
metric = "snr_db"
operator = ">="
threshold = 20
"""
SMALL = """
title = "The smallest"
question = "Which is small?"
[[requirement]]
name = "size"
metric = "bitrate_kbps"
operator = "<="
threshold = 8
"""
RUNS = sorted(path.relative_to(COMMITTED) for path in COMMITTED.glob("**/rows/*.jsonl"))


def rows() -> list[ResultRow]:
    return [
        *codec("opus@64k", (25, 25.2, 24.8, 25.1, 24.9), stream_bytes=40_000),
        *codec("lc3@6k", (7, 7.2, 6.8, 7.1, 6.9), stream_bytes=4_000),
    ]


def test_contradictory_requirements_make_two_pages(page: Page, tmp_path: Path) -> None:
    found = {}
    for name, text in (("faithful", FAITHFUL), ("small", SMALL)):
        results = tmp_path / name
        store.append(results, rows())
        requirements = tmp_path / f"{name}.toml"
        requirements.write_text(text)
        assert main(["review", str(requirements), "--results", str(results)]) == 0
        assert main(["report", str(results), "--listen", "none"]) == 0
        page.goto((results / "report" / "index.html").as_uri())
        found[name] = (
            page.locator("h1").inner_text(),
            page.locator(".tiles").get_attribute("data-spec"),
            page.locator(".tile .asked").all_inner_texts(),
            page.locator("#leaderboard .board thead th").nth(1).inner_text(),
            page.locator("#leaderboard tr[data-option] .spec").first.inner_text(),
            page.locator("#verdict .note a").get_attribute("href"),
        )
    assert found["faithful"] == (
        "Recommended: opus, as opus@64k at 64.0 kbit/s.", "opus@64k", ["fidelity >= 20 dB"],
        "SNR >= 20", "opus@64k", "../decisions/0001-the-most-faithful.md",
    )  # fmt: skip
    assert found["small"] == (
        "Recommended: lc3, as lc3@6k at 6.4 kbit/s.", "lc3@6k", ["size <= 8 kbit/s"],
        "rate <= 8", "lc3@6k", "../decisions/0001-the-smallest.md",
    )  # fmt: skip


def test_a_requirements_file_is_taken_for_one_page_and_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append(tmp_path, rows())
    asked = tmp_path / "small.toml"
    asked.write_text(SMALL)
    page = tmp_path / "report" / "index.html"
    choice = ("--requirements", str(asked))
    subject = 'class="tiles" data-spec="lc3@6k"'
    assert main(["report", str(tmp_path), "--listen", "none", *choice]) == 0
    assert subject in page.read_text(encoding="utf-8")
    capsys.readouterr()
    assert main(["leaderboard", str(tmp_path), "--markdown", *choice]) == 0
    assert "rate &lt;= 8" in capsys.readouterr().out
    assert main(["report", str(tmp_path), "--listen", "none"]) == 0  # and for the next not
    assert subject not in page.read_text(encoding="utf-8")
    asked.write_text('condition = "48k-stereo"\n' + SMALL)
    assert main(["report", str(tmp_path), *choice]) == 2
    error = capsys.readouterr().err
    assert "condition: the requirements are for 48k-stereo, these rows are of 16k-mono" in error


def test_figures_of_a_small_run_stand_under_their_own_names(small: Path) -> None:
    assert check(small.read_text(encoding="utf-8"), store.read(small.parents[1])) > 20


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_figures_of_committed_runs_stand_under_their_own_names(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(svg, "draw", lambda chart: f"<svg><title>{chart.title}</title></svg>")
    out = tmp_path / "index.html"
    results = COMMITTED / run.parents[1]
    options = ["--run", run.stem, "--listen", "none", "--out", str(out)]
    assert main(["report", str(results), *options]) == 0
    ours = axes.chosen(store.read(results, [run.stem]), axes.parse(""))  # pages show no others
    assert check(out.read_text(encoding="utf-8"), ours) >= len({row.spec for row in ours})


def test_every_committed_run_is_looked_at() -> None:
    assert Path("rows", f"{committed.RUN_ID}.jsonl") in RUNS
    assert len({run.parents[1] for run in RUNS}) > 4


def check(text: str, ours: list[ResultRow]) -> int:
    """Hold every rate, SNR and clip of a page to the rows of its codec; return how many."""
    count = 0
    tables = re.findall(r'<table id="board-[^"]*" .*?</table>', text, re.DOTALL)
    assert tables
    for table in tables[:1]:
        headings = [_plain(one) for one in re.findall(r"<th scope=.col.*?</th>", table)]
        for line in re.findall(r"<tr data-evidence.*?</tr>", table, re.DOTALL):
            cells = re.findall(r"<t[hd][ >].*?</t[hd]>", line, re.DOTALL)
            shown = dict(zip(headings, map(_plain, cells), strict=True))
            spec = _plain(re.findall(r'<span class="spec">.*?</span>', line)[0])
            for heading, value in (("kbit/s", _rate(spec, ours)), ("SNR dB", _snr(spec, ours))):
                if value is not None and heading in shown:
                    assert shown[heading].split(" ")[0] == f"{value:.1f}".replace("-", "−"), spec
                    count += 1
    cards = re.search(r'<ul class="tiles" data-spec="(.*?)">(.*?)</ul>\n', text, re.DOTALL)
    if cards is not None:
        named = re.findall(r'<b class="spec">(.*?)</b>', text)
        assert html.unescape(cards[1]) == html.unescape(named[0])
        for card in re.findall(r'<li class="tile.*?</li>\n', cards[2], re.DOTALL):
            if ">SNR <b>" in card:
                values = re.findall(r"(?:value.>|<b>)([−\d.]+)[^<]*? dB<", card)
                for name, value in zip(named, values, strict=False):
                    expected = _snr(html.unescape(name), ours)
                    if expected is None:  # heard in published files, of a network without weights
                        rows = [row for row in ours if row.spec == html.unescape(name)]
                        assert {row.weights for row in rows} == {"random"}
                        continue
                    assert value == f"{expected:.1f}".replace("-", "−")
                    count += 1
    data = json.loads(re.findall(r'id="clips-0">(.*?)</script>', text)[0])
    by_clip = {(row.clip, row.spec): row for row in ours}
    for number, spec, values, _ in data["lines"]:
        row = by_clip[data["clips"][number]["name"], spec]
        assert values[0] == (None if row.bitrate_kbps is None else round(row.bitrate_kbps, 1))
        if row.snr_db is not None:
            assert values[1] == round(row.snr_db, 1)
        count += 1
    return count


def _plain(markup: str) -> str:
    inner = re.sub(
        r"<details.*?</details>|<button type=.button. class=.hear.*?</button>", "", markup
    )
    return html.unescape(re.sub(r"<[^>]*>", "", inner)).strip()


def _rate(spec: str, ours: list[ResultRow]) -> float | None:
    mine = [row for row in ours if row.spec == spec and row.stream_bytes]
    seconds = sum(row.clip_s or 0.0 for row in mine)
    return 8 * sum(row.stream_bytes or 0 for row in mine) / seconds / 1000 if seconds else None


def _snr(spec: str, ours: list[ResultRow]) -> float | None:
    by_source: dict[str, list[float]] = defaultdict(list)
    for row in ours:
        if row.spec == spec and row.snr_db is not None:
            by_source[row.source or row.clip or ""].append(row.snr_db)
    if not by_source:
        return None
    return statistics.fmean(statistics.fmean(values) for values in by_source.values())
