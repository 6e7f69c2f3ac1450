"""The box at the top of the page: the decision's own words, whatever stands on disk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import committed
from codecmark.__main__ import main
from codecmark.report.box import Box, box
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review import in_force
from places import COMMITTED
from reviewed import changed, codec

REQUIREMENTS = """
title = "What to take"
question = "Which?"
baseline = ["lyra@6k", "opus@6k"]
[[requirement]]
name = "SNR <b onclick=x>"
metric = "snr_db"
operator = ">"
threshold = 10
[[requirement]]
name = "MOS"
metric = "mos"
operator = ">"
threshold = 4
stand_in = { name = "ViSQOL", metric = "visqol_mos_lqo", operator = ">", threshold = 4 }
[[option]]
name = "Opus"
route = "small [x](javascript:alert(1))"
specs = ["opus@*"]
[[option]]
name = "LC3"
route = "free"
specs = ["lc3@*"]
"""


def rows() -> list[ResultRow]:
    return [
        *codec("opus@16k"),
        *codec("opus@6k", (5, 5.1, 4.9, 5, 5), stream_bytes=4_000, visqol_mos_lqo=3.0),
        *codec("lc3@16k", stream_bytes=12_000),
    ]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    store.append(tmp_path, rows())
    (tmp_path / "decisions").mkdir()
    (tmp_path / "decisions" / "requirements.toml").write_text(REQUIREMENTS)
    return tmp_path


def box_of(results: Path, ours: list[ResultRow]) -> Box:
    held = in_force.decision_for(results, ours, "16k-mono")
    return box(held, in_force.judged_by_condition(results, ours)["16k-mono"])


def page(results: Path) -> str:
    assert main(["report", str(results), "--listen", "none"]) == 0
    return (results / "report" / "index.html").read_text(encoding="utf-8")


def review(results: Path) -> None:
    path = results / "decisions" / "requirements.toml"
    assert main(["review", str(path), "--results", str(results)]) == 0


def test_tiles_show_the_decision(results: Path) -> None:
    found = box_of(results, rows())
    assert found.option == "opus@16k"
    snr, mos = found.tiles
    assert (snr.value, snr.asked, snr.margin) == ("15.0 ±0.2 dB", "> 10 dB", "+5.0")
    assert (snr.tone, snr.says) == ("clear", "clears it")
    assert snr.detail == "95 % interval 14.8 to 15.2; worst clip 14.8 (c2)"
    assert (mos.name, mos.says) == ("MOS, by its stand-in ViSQOL (speech)", "clears it")
    assert (found.subject, found.runner_up) == ("opus@16k", "lc3@16k")
    assert snr.beside is not None
    assert (snr.beside.value, snr.beside.says) == ("15.0 ±0.2 dB", "clears it")
    assert found.alternatives == "lc3@16k (19.2 kbit/s)"
    # of what is in use today, the first that was scored
    assert found.baseline == (
        "opus@6k",
        "SNR <b onclick=x> 5.0 ±0.1 dB (> 10 dB: misses it), "
        "MOS, by its stand-in ViSQOL (speech) 3.00 (> 4: misses it)",
    )


def test_without_requirements_those_of_the_package_decide(tmp_path: Path) -> None:
    found = box_of(tmp_path, rows())
    assert found.option == "opus@16k"
    assert [tile.name for tile in found.tiles] == [
        "SNR (speech)",
        "quality, by predicted quality (speech)",
        "ratio",
    ]
    assert (found.record, found.baseline) == ("", None)


def test_nobody_passes_is_said(tmp_path: Path) -> None:
    poor = codec("opus@6k", (-3, -3.1, -2.9, -3, -3))
    found = box_of(tmp_path, poor)
    assert (found.option, found.subject, found.runner_up) == (None, "opus@6k", None)
    assert (found.tiles[0].name, found.tiles[0].says) == ("SNR (speech)", "misses it")
    assert found.headline.startswith("Nothing is recommended")
    assert "SNR at -3.1 dB instead of 10" in found.rest


def test_own_three_recordings_are_told_that_sources_lack(tmp_path: Path) -> None:
    """Three files clear every threshold: none has to be moved, and none would help."""
    found = box_of(tmp_path, codec("opus@16k", (15, 16, 17)))
    assert found.headline.startswith("Nothing is recommended")
    assert "instead of" not in found.rest
    assert found.rest.startswith("No change of a threshold alone would let one pass. Nothing can")
    assert "speech has 3 of the 5 sources that a pass takes. All of it at 16 kHz" in found.rest


def test_the_page_says_what_the_record_says(results: Path) -> None:
    review(results)
    text = page(results)
    head = (
        "Recommended, provisionally (small [x](javascript:alert(1))): Opus, as "
        "<code>opus@16k</code> at <a "
    )
    assert f'<h1 id="verdict-h">{head}' in text
    assert "Decision record 0001-what-to-take · proposed" in text
    assert 'href="../decisions/0001-what-to-take.md"' in text
    assert 'href="../decisions/../rows/20260102T030405Z-1.jsonl"' in text
    assert "of other rows" not in text
    assert text.count("Largest risk") == 1
    assert "SNR &lt;b onclick=x&gt;" in text
    assert not re.search(r"<b onclick|href=.javascript", text)
    assert not re.search(r"<[^>]* style=", text)


def test_a_record_of_other_rows_is_named_as_such(results: Path) -> None:
    review(results)
    newer = [
        changed(row, snr_db=(row.snr_db or 0) - 9, run_id="20260203T030405Z-2") for row in rows()
    ]
    store.append(results, newer)
    text = page(results)
    assert "The record on disk is of other rows and is not shown" in text
    assert "0001-what-to-take" not in text
    assert "Decided by the requirements “What to take”" in text
    assert "Nothing is recommended" in text


def test_a_panel_shows_who_says_what(tmp_path: Path) -> None:
    quality = box_of(tmp_path, rows()).tiles[1]
    assert quality.name.startswith("quality, by predicted quality")
    assert any(line.startswith("speech PASS: ") for line in quality.voices)
    assert "PESQ-WB 4.00" in " ".join(quality.voices)
    text = page_of_defaults(tmp_path)
    assert "who says what" in text
    assert "most margin by the rule" in text
    assert "cheapest that passes" in text


def page_of_defaults(folder: Path) -> str:
    store.append(folder, rows())
    return page(folder)


def test_the_cheapest_others_are_the_cheapest_that_pass(results: Path) -> None:
    """Not the settings with most margin, which stand for their options elsewhere."""
    wide = (10.5, 11, 11.5, 12, 13)
    ours = [
        *codec("opus@32k", stream_bytes=20_000),
        *codec("lc3@32k", stream_bytes=30_000),
        *codec("lc3@16k", wide, stream_bytes=12_000),
        *codec("opus@16k", wide, stream_bytes=11_000),
        *codec("opus@6k", (5,) * 5, stream_bytes=4_000),
    ]
    found = box_of(results, ours)
    assert found.option == "opus@32k"
    assert found.alternatives == "opus@16k (17.6 kbit/s), lc3@16k (19.2 kbit/s)"


def test_what_the_page_says_first_is_in_the_committed_record() -> None:
    """Of the committed decision: the fewest bits agree, and no sobering paragraph is left out."""
    held = in_force.decision_for(COMMITTED, committed.rows(), "16k-mono")
    assert held.is_current
    found, decision = box(held, held.decision.judged), held.decision
    cheapest = next(one for one in decision.picks if one.role == "cheapest that passes")
    assert found.alternatives.startswith(f"{cheapest.spec} (")
    assert held.record is not None
    record = held.record.read_text(encoding="utf-8")
    assert "nothing above 8 kHz is coded or judged" in found.rest
    for text in (found.answer, found.picks, found.confirmed, found.risk, found.classes):
        assert text
        assert all(one in record for one in re.split(r"\[\d+\]|\n\n", text))
    assert found.confirmed.startswith("**On clips that were kept back**")
    assert "**What would change it**" in found.answer
    assert "**For clips of one class alone**" in found.classes
    assert "**By published sound**" in found.classes
    assert found.baseline is not None
    assert ": undecided (DistillMOS difference FAIL, Zimtohrli UNDECIDED; " in found.baseline[1]


def test_a_damaged_decision_is_made_anew(results: Path) -> None:
    review(results)
    (results / "decisions" / "0001-what-to-take.json").write_text("{")
    held = in_force.decision_for(results, rows(), "16k-mono")
    assert (held.decision.recommended, held.is_current) == ("opus@16k", False)
