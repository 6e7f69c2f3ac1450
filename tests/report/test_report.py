"""The page without a browser: what it says, and that nothing on it can act."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from msgspec import structs

from codecmark import corpus
from codecmark.__main__ import main
from codecmark.analysis.summary import summarise
from codecmark.errors import InputError, ResultSchemaError
from codecmark.report import chain, charts, deltas, listening, svg, tables
from codecmark.report.clips import per_clip
from codecmark.report.provenance import provenance
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition
from places import COMMITTED
from reported import HOSTILE, NEEDS, OPUS, UNTRAINED, make_results, prepared

Made = tuple[Path, Path, str, list[ResultRow]]


class Page(HTMLParser):
    """Elements, attributes and texts of a page, the way that a browser would part them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def inside(self, tag: str) -> list[str]:
        return [text for where, text in self.texts if where == tag]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    results, where = make_results(tmp_path_factory.mktemp("page"))
    options = ["--corpus", str(where), "--listen", "opus@12k,opus@6k"]
    assert main(["report", str(results), *options]) == 0
    text = (results / "report" / "index.html").read_text(encoding="utf-8")
    return results, where, text, store.read(results)


# the page as a whole


def policy_of(page: Page) -> str:
    (found,) = [a["content"] or "" for t, a in page.tags if t == "meta" and "http-equiv" in a]
    return found


def test_a_hostile_clip_name_stays_text(made: Made) -> None:
    page = Page(made[2])
    assert any(name.endswith(HOSTILE) for name in clip_names(page))
    assert HOSTILE in "".join(text for tag, text in page.texts if tag != "script")
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    executable = [a for a in scripts if a.get("type") is None]
    assert len(executable) == 1
    assert "<script>alert" not in made[2]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def clip_names(page: Page) -> list[str]:
    text = next(t for t in page.inside("script") if t.startswith('{"columns"'))
    return [clip["name"] for clip in json.loads(text)["clips"]]


def test_the_policy_allows_this_style_and_script_and_nothing_else(made: Made) -> None:
    page = Page(made[2])
    policy = policy_of(page)
    (style,) = page.inside("style")
    script = next(t for t in page.inside("script") if t.startswith('"use strict"'))
    for name, text in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not any("style" in attributes for _, attributes in page.tags)


def test_nothing_is_fetched(made: Made) -> None:
    page = Page(made[2])
    links = [a.get(n) or "" for _, a in page.tags for n in ("src", "href", "action") if n in a]
    assert [link for link in links if not link.startswith("#")] == []
    assert "url(" not in re.sub(r"url\(#\w+\)", "", made[2])


def test_the_same_rows_give_the_same_page(made: Made, tmp_path: Path) -> None:
    results, where, text, _ = made
    out = tmp_path / "again.html"
    options = ["--corpus", str(where), "--listen", "opus@12k,opus@6k", "--out", str(out)]
    assert main(["report", str(results), *options]) == 0
    assert out.read_text(encoding="utf-8") == text


def test_a_folder_beside_the_page_holds_sound_and_clip_tables(made: Made, tmp_path: Path) -> None:
    results, where, whole, _ = made
    out = tmp_path / "page" / "index.html"
    options = ["--corpus", str(where), "--listen", "opus@12k,opus@6k", "--out", str(out)]
    assert main(["report", str(results), "--assets", *options]) == 0
    text = out.read_text(encoding="utf-8")
    files = {path.stem: path.read_text(encoding="utf-8") for path in out.parent.glob("assets/*")}
    assert files.keys() == {
        "clips-0", *(f"audio-{clip}{codec}" for clip in (0, 1) for codec in ("", "-0", "-1"))
    }  # fmt: skip
    assert len(text) < len(whole)
    name, value = json.loads(f"[{files['audio-0'].removeprefix('codecmarkAsset(')[:-1]}]")
    assert name == "audio-0"
    assert base64.b64decode(value).startswith(b"fLaC")
    assert policy_of(Page(text)).count("'self' file:") == 1
    assert "'self'" not in policy_of(Page(whole))


def test_failed_and_unmeasured_codecs_are_grey_and_say_why(made: Made) -> None:
    board = tables.tables(made[3], judged_by_condition(None, made[3]))[0]
    lines = {line.spec: line for line in board.lines}
    assert lines["lyra@6k"].unmeasured
    assert lines["lyra@6k"].reason == "unavailable: lyra@6k <b>needs</b> weights; fetch them"
    assert (lines[UNTRAINED].evidence, lines[UNTRAINED].unmeasured) == ("random", True)
    assert lines[UNTRAINED].reason == f"seeded random weights: {NEEDS}"
    assert (lines["opus@16k"].reason, lines["opus@16k"].unmeasured) == ("", False)
    assert [line.spec for line in board.lines[-2:]] == [UNTRAINED, "lyra@6k"]
    assert "&lt;b&gt;needs&lt;/b&gt;" in made[2]


def test_a_page_without_its_corpus_says_so(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "index.html"
    assert main(["report", str(made[0]), "--out", str(out)]) == 0  # the bundled clips are others
    assert "nothing to hear: corpus: none of its clips is in these rows" in capsys.readouterr().out
    assert "nothing to hear" in out.read_text(encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    assert main(["report", str(made[0]), "--listen", "none", "--out", str(folder)]) == 0
    assert (folder / "index.html").is_file()
    assert main(["report", str(made[0]), "--clips", "0"]) == 2
    assert main(["report", str(made[0]), "--listen", "opsu@6k"]) == 2
    assert "did you mean opus@6k" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_one_line(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file" / "index.html")
    assert main(["report", str(made[0]), "--listen", "none", "--out", out]) == 2
    assert "cannot be written" in capsys.readouterr().err


# listening


def test_what_is_heard_is_what_the_row_measured(made: Made) -> None:
    _, where, _, rows = made
    clips = prepared(where)
    found = dict(listening.listen(["opus@12k"], clips, rows))["opus@12k"]
    assert isinstance(found, dict)
    assert [one.note for one in found.values()] == ["", ""]
    one = found[clips[0].name]
    assert one.row is not None
    row = one.row
    samples, rate = soundfile.read(io.BytesIO(one.flac), dtype="int16")
    assert (len(samples), rate) == (clips[0].audio.n_samples, 16_000)
    changed = structs.replace(row, stream_bytes=(row.stream_bytes or 0) + 1)
    text = listening.difference(changed, clips[0], row.stream_bytes or 0)
    assert text.startswith("not the stream that the run measured: ")
    assert "samples differ" in listening.difference(
        structs.replace(row, clip_sha256="0"), clips[0], 1
    )
    assert "heard only" in listening.difference(None, clips[0], 1)


def test_the_reference_is_kept_to_the_bit(made: Made) -> None:
    clip = prepared(made[1])[0]
    samples, _ = soundfile.read(io.BytesIO(listening.flac(clip.audio)), dtype="int16")
    assert np.array_equal(samples, clip.audio.pcm16()[0])


def test_what_cannot_run_here_is_a_reason_not_a_sound(made: Made) -> None:
    clips = prepared(made[1])
    specs = ["opus@6k", "lyra:none", "dac:44khz@nonsense"]
    outcome = dict(listening.listen(specs, clips, made[3]))
    assert isinstance(outcome["opus@6k"], dict)
    assert isinstance(outcome["lyra:none"], str)
    assert isinstance(outcome["dac:44khz@nonsense"], str)


def test_clips_to_hear_are_of_each_class_and_of_several_sources(made: Made) -> None:
    music, speech = corpus.load(made[1])
    same = replace(speech, name="same speaker")
    other = replace(speech, name="other speaker", source="x")
    rows = [structs.replace(made[3][0], clip=c.name) for c in (speech, same, other, music)]
    chosen = listening.default_clips([speech, same, other, music], rows, 2)
    assert [clip.name for clip in chosen] == [speech.name, "other speaker", music.name]
    with pytest.raises(InputError, match="none of its clips is in these rows"):
        listening.default_clips([speech], [], 2)


def test_only_scored_codecs_are_offered(made: Made) -> None:
    chosen = listening.default_specs(summarise(made[3]), "opus@16k")
    assert chosen == ["opus@16k", "opus@6k", "opus@12k"]


# plots, deltas, clips, sources


def test_marks_and_fronts_are_those_of_the_curves(made: Made) -> None:
    target = {"all": {"snr_db": 10.0}}
    found = charts.rate_distortion(made[3], ["speech", "music"], "opus@12k", target)
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
    chart = charts.rate_distortion(made[3], ["speech"], None, {})[0]
    hostile = replace(chart.marks[0], tip="</title><script>alert(1)</script>")
    drawing = svg.draw(replace(chart, marks=(hostile, *chart.marks[1:])))
    assert drawing.count('class="mark ') == len(chart.marks)
    assert drawing.count("<title>") == len(chart.marks)
    assert "<script>" not in drawing
    assert " style=" not in drawing
    assert not re.search(r"#0[1-5]\w{4}\b", drawing)  # every placeholder became a variable
    assert drawing == svg.draw(replace(chart, marks=(hostile, *chart.marks[1:])))


def test_colours_go_to_learned_families_first(made: Made) -> None:
    learned = structs.replace(made[3][0], spec="z@1", family="z", weights="published")
    found = charts.palette(
        [*made[3], learned, structs.replace(learned, spec="silence", family="silence")]
    )
    assert found == {"z": 0, "opus": 1, "vorbis": 2}


def test_deltas_stand_beside_their_reasons(made: Made) -> None:
    found = {table.view: table for table in deltas.delta_tables(made[3], ["speech", "music"])}
    assert found.keys() == {"SNR", "ViSQOL, speech", "ViSQOL, music", "PESQ-WB, speech"}
    (line,) = found["SNR"].lines
    assert (line.name, line.points, line.overlap) == ("vorbis", 4, "100")
    assert line.rate_sort is not None
    assert line.rate == f"{line.rate_sort:+.1f}"
    few = [row for row in made[3] if row.spec not in {"vorbis@q3", "vorbis@q5"}]
    (line,) = deltas.delta_tables(few, [])[0].lines
    assert (line.rate, line.rate_sort) == ("", None)
    assert line.reason.startswith("the curve has 2 of the 4 points")
    assert line.distances
    worse = [structs.replace(r, snr_db=-5.0) if r.family == "vorbis" else r for r in made[3]]
    table = deltas.delta_tables(worse, [])[0]
    assert table.lines == ()
    assert [names for _, names in table.without] == [("vorbis",)]
    assert deltas.delta_tables(made[3], [], anchor="mp3") == []


def test_every_clip_keeps_its_figures(made: Made) -> None:
    exact = {"snr_db": "infinite: output equals input"}
    rows = [*made[3], structs.replace(made[3][0], spec="pcm16", snr_db=None, reasons=exact)]
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
    found = provenance(made[3])
    assert found.runs == ("r1",)
    assert found.commands == (
        "codecmark run --codecs opus@6k,opus@9.2k,opus@12k,opus@16k,vorbis@q0,vorbis@q1,vorbis@q3,"
        "vorbis@q5,dac:44khz@8k,lyra@6k --corpus PATH",
    )
    assert found.weights == (("random", "", (UNTRAINED,)),)
    stereo = [structs.replace(row, condition="48k-stereo") for row in made[3]]
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
