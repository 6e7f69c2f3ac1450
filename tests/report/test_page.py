"""The page without a browser: what it says, and that nothing on it can act."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from codecmark.__main__ import main
from codecmark.report import tables
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition
from made_rows import row
from reported import HOSTILE, NEEDS, UNTRAINED, make_results

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


def test_marks_that_turn_text_around_are_shown(tmp_path: Path) -> None:
    name = "a\u202eb\u2028c\u2066d\u200fe"
    store.append(tmp_path, [row(spec, name, reason=name) for spec in ("flac", "opus@24k")])
    assert main(["report", str(tmp_path), "--listen", "none"]) == 0
    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert not set(text) & set("\u202e\u2028\u2066\u200f")
    shown = r"a\u202eb\u2028c\u2066d\u200fe"
    assert clip_names(Page(text)) == [shown]
