"""Plots, deltas, tables of clips and sources as data, before they are drawn."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from codecmark.errors import ResultSchemaError
from codecmark.report import chain, charts, deltas, svg
from codecmark.report.clips import per_clip
from codecmark.report.provenance import provenance
from codecmark.results import store
from codecmark.results.row import ResultRow
from places import COMMITTED
from reported import NEEDS, OPUS, UNTRAINED, make_results

Made = tuple[Path, list[ResultRow]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    results, where = make_results(tmp_path_factory.mktemp("page"))
    return where, store.read(results)


def test_marks_and_fronts_are_those_of_the_curves(made: Made) -> None:
    target = {"all": {"snr_db": 10.0}}
    found = charts.rate_distortion(made[1], ["speech", "music"], "opus@12k", target)
    snr = next(chart for chart in found if chart.name == "rate-snr_db-all")
    marks = {mark.spec: mark for mark in snr.marks}
    assert marks.keys() == {*OPUS, "vorbis@q0", "vorbis@q1", "vorbis@q3", "vorbis@q5"}
    assert marks["opus@12k"].highlighted
    assert marks["opus@12k"].y == 12.0
    assert "SNR 12.0 (12.0 to 12.0) dB\n" in marks["opus@12k"].tip
    assert marks["opus@12k"].on_front
    assert snr.front == tuple(sorted((m.x, m.y) for m in snr.marks if m.on_front))
    assert snr.target == 10.0
    assert len(snr.lines) == 2


def test_a_drawing_has_a_title_a_mark_and_no_style(made: Made) -> None:
    chart = charts.rate_distortion(made[1], ["speech"], None, {})[0]
    hostile = replace(chart.marks[0], tip="</title><script>alert(1)</script>")
    drawing = svg.draw(replace(chart, marks=(hostile, *chart.marks[1:])))
    assert drawing.count('class="mark ') == len(chart.marks)
    assert drawing.count("<title>") == len(chart.marks)
    assert "<script>" not in drawing
    assert " style=" not in drawing
    assert not re.search(r"#0[1-5]\w{4}\b", drawing)  # every placeholder became a variable
    assert drawing == svg.draw(replace(chart, marks=(hostile, *chart.marks[1:])))


def test_colours_go_to_learned_families_first(made: Made) -> None:
    learned = structs.replace(made[1][0], spec="z@1", family="z", weights="published")
    found = charts.palette(
        [*made[1], learned, structs.replace(learned, spec="silence", family="silence")]
    )
    assert found == {"z": 0, "opus": 1, "vorbis": 2}


def test_deltas_stand_beside_their_reasons(made: Made) -> None:
    found = {table.view: table for table in deltas.delta_tables(made[1], ["speech", "music"])}
    assert found.keys() == {"SNR", "ViSQOL, speech", "ViSQOL, music", "PESQ-WB, speech"}
    (line,) = found["SNR"].lines
    assert (line.name, line.points, line.overlap) == ("vorbis", 4, "100")
    assert line.rate_sort is not None
    assert line.rate == f"{line.rate_sort:+.1f}"
    few = [row for row in made[1] if row.spec not in {"vorbis@q3", "vorbis@q5"}]
    (line,) = deltas.delta_tables(few, [])[0].lines
    assert (line.rate, line.rate_sort) == ("", None)
    assert line.reason.startswith("the curve has 2 of the 4 points")
    assert line.distances
    worse = [structs.replace(r, snr_db=-5.0) if r.family == "vorbis" else r for r in made[1]]
    table = deltas.delta_tables(worse, [])[0]
    assert table.lines == ()
    assert [names for _, names in table.without] == [("vorbis",)]
    assert deltas.delta_tables(made[1], [], anchor="mp3") == []


def test_every_clip_keeps_its_figures(made: Made) -> None:
    exact = {"snr_db": "infinite: output equals input"}
    rows = [*made[1], structs.replace(made[1][0], spec="pcm16", snr_db=None, reasons=exact)]
    found = per_clip(rows)
    assert [clip["class"] for clip in found["clips"]] == ["music", "speech"]
    assert len(found["lines"]) == len([row for row in rows if row.clip])
    values = {(clip, spec): figures for clip, spec, figures, _ in found["lines"]}
    assert values[0, "pcm16"][1] == "exact"
    assert values[0, "opus@6k"][4] is None  # PESQ is for speech
    reasons = {spec: why for _, spec, _, why in found["lines"]}
    assert reasons[UNTRAINED].endswith(NEEDS)
    assert reasons["pcm16"] == ""


def test_the_command_repeats_the_run(made: Made) -> None:
    found = provenance(made[1])
    assert found.runs == ("r1",)
    assert found.commands == (
        "codecmark run --codecs opus@6k,opus@9.2k,opus@12k,opus@16k,vorbis@q0,vorbis@q1,vorbis@q3,"
        "vorbis@q5,dac:44khz@8k,lyra@6k --corpus PATH",
    )
    assert found.weights == (("random", "", (UNTRAINED,)),)
    stereo = [structs.replace(row, condition="48k-stereo") for row in made[1]]
    assert "--condition 48k-stereo" in provenance(stereo).commands[0]


def test_the_chain_is_what_diagnose_stored(tmp_path: Path) -> None:
    assert chain.read(tmp_path) is None
    stored = {
        "chain": "c", "clips": ["a"], "headings": ["stage", "SNR dB"],
        "stages": [["original", "1.0"]], "reading": ["r"], "missing": [],
    }  # fmt: skip
    path = tmp_path / "chain.json"
    path.write_text(json.dumps(stored))
    found = chain.read(tmp_path)
    assert found is not None
    assert found.lines == (("original", "1.0"),)
    for damaged in ("{", "[]", json.dumps({**stored, "stages": [["original"]]})):
        path.write_text(damaged)
        with pytest.raises(ResultSchemaError, match="codecmark diagnose"):
            chain.read(tmp_path)


def test_the_committed_chain_matches_its_page() -> None:
    results = COMMITTED
    found = chain.read(results)
    assert found is not None
    page = (results / "chain.md").read_text(encoding="utf-8")
    assert len(found.lines) >= 5
    for line in found.lines:
        assert f"| {' | '.join(line)} |" in page
