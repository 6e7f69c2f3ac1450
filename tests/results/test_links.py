"""A results folder that somebody gave may hold links: nothing is written through them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from codecmark.__main__ import main
from codecmark.errors import InputError
from codecmark.results import store
from codecmark.run import corpora
from made_rows import row
from places import VOICE

THESIS = "my thesis, without an end of its line"


@pytest.fixture
def thesis(tmp_path: Path) -> Path:
    path = tmp_path / "mine" / "thesis.txt"
    path.parent.mkdir()
    path.write_text(THESIS)
    return path


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    folder = tmp_path / "theirs"
    store.append(folder, [row(), row("flac")])
    return folder


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(Path(os.path.relpath(target, path.parent)))


def is_untouched(thesis: Path) -> bool:
    return thesis.read_text() == THESIS and list(thesis.parent.iterdir()) == [thesis]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["leaderboard"], "leaderboard.md"),
        (["report", "--listen", "none"], "report/index.html"),
        (["report", "--listen", "none", "--out", "{}/page.html"], "page.html"),
    ],
)
def test_a_page_takes_the_place_of_a_link(
    theirs: Path, thesis: Path, command: list[str], name: str
) -> None:
    link(theirs / name, thesis)
    first, *others = (word.format(theirs) for word in command)
    assert main([first, str(theirs), *others]) == 0
    assert is_untouched(thesis)
    assert not (theirs / name).is_symlink()


def test_a_link_in_place_of_the_folder_of_a_page_is_named(
    theirs: Path, thesis: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link(theirs / "report", thesis.parent)
    assert main(["report", str(theirs), "--listen", "none"]) == 2
    said = capsys.readouterr().err
    assert f"{theirs / 'report'}: cannot be written (is a link" in said
    assert "put there what it leads to, or remove it" in said
    assert is_untouched(thesis)


def test_where_clips_are_is_written_in_the_folder(theirs: Path, thesis: Path) -> None:
    link(theirs / "rows" / "r1.corpus.json", thesis)
    corpora.remember(theirs, "r1", None, "speech")
    assert is_untouched(thesis)
    assert not (theirs / "rows" / "r1.corpus.json").is_symlink()


@pytest.mark.parametrize(
    "name", ["r1.parquet.sha256.part", "r1.parquet.sha256", "r1.parquet.part", "r1.parquet"]
)
@pytest.mark.parametrize("there", [True, False])
def test_parquet_is_written_in_the_folder(
    theirs: Path, thesis: Path, name: str, there: bool
) -> None:
    pytest.importorskip("duckdb")
    link(theirs / "rows" / name, thesis if there else thesis.with_name("absent"))
    if (status := main(["compact", str(theirs)])) == 0:
        assert len(store.read(theirs)) == 2
    assert is_untouched(thesis)
    # what is no Parquet file cannot be joined with
    assert status == (2 if there and name == "r1.parquet" else 0)


@pytest.mark.parametrize(
    "command",
    [
        ["compact", "{}", "--run", "r9"],
        ["verify", "{}", "--salvage"],
        ["migrate", "{}"],
        ["merge", "{}", "{}/../ours"],
        ["run", "--codecs", "pcm16", "--no-timing", "--corpus", str(VOICE.parent), "--limit", "1",
         "--workers", "1", "--out", "{}"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", [THESIS, THESIS + "\n", "rows"])
def test_a_row_file_that_is_a_link_is_refused_by_name(
    theirs: Path, thesis: Path, capsys: pytest.CaptureFixture[str], command: list[str], text: str
) -> None:
    ours = theirs.with_name("ours")
    store.append(ours, [row(run_id="r9")])
    whole = (ours / "rows" / "r9.jsonl").read_text()
    thesis.write_text(whole if text == "rows" else text)
    was = thesis.read_text()
    link(theirs / "rows" / "r9.jsonl", thesis)
    status = main([word.format(theirs) for word in command])
    said = capsys.readouterr().err
    assert thesis.read_text() == was
    assert [path.name for path in thesis.parent.iterdir()] == [thesis.name]
    assert not list((theirs / "rows").glob("r9.*.damaged"))
    if command[0] == "run" or (command[0] == "verify" and text != THESIS + "\n"):
        return  # a run of its own; every row is what was written
    assert status == 2
    assert "r9.jsonl: cannot be written (is a link" in said


@pytest.mark.parametrize("name", ["rows", ".locks"])
def test_a_folder_of_theirs_that_is_a_link_is_refused_by_name(
    theirs: Path, thesis: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    pytest.importorskip("duckdb")
    elsewhere = thesis.parent / "elsewhere"
    if name == "rows":
        (theirs / name).rename(elsewhere)
    else:
        elsewhere.mkdir()
        shutil.rmtree(theirs / name)
    link(theirs / name, elsewhere)
    files = sorted(elsewhere.iterdir())
    assert main(["compact", str(theirs)]) == 2
    assert f"{theirs / name}: cannot be written (is a link" in capsys.readouterr().err
    assert sorted(elsewhere.iterdir()) == files


def test_a_lock_that_is_a_link_empties_nothing(
    theirs: Path, thesis: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (theirs / ".locks" / "r1.lock").unlink(missing_ok=True)
    link(theirs / ".locks" / "r1.lock", thesis)
    assert main(["compact", str(theirs)]) == 2
    assert "r1.lock: cannot be written (is a link" in capsys.readouterr().err
    assert is_untouched(thesis)


def test_shards_behind_a_link_are_refused(
    theirs: Path, thesis: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link(theirs / "shards", thesis.parent)
    arguments = ["--codecs", "pcm16", "--shard", "1/1", "--corpus", str(VOICE.parent)]
    assert main(["run", *arguments, "--out", str(theirs)]) == 2
    assert f"{theirs / 'shards'}: is a link" in capsys.readouterr().err
    assert is_untouched(thesis)


def test_lines_are_put_aside_in_the_folder(
    theirs: Path, thesis: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = theirs / "rows" / "r1.jsonl"
    path.write_bytes(path.read_bytes().replace(b"flac", b"flaq"))
    was = path.read_bytes()
    link(theirs / "rows" / "r1.jsonl.damaged", thesis)
    assert main(["verify", str(theirs), "--salvage"]) == 2
    assert "r1.jsonl.damaged: cannot be written (is a link" in capsys.readouterr().err
    assert is_untouched(thesis)
    assert path.read_bytes() == was


def test_compacting_cuts_nothing_that_it_does_not_keep(
    theirs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = theirs / "rows" / "r9.jsonl"
    path.write_text(THESIS)
    assert main(["compact", str(theirs), "--run", "r9"]) == 2
    assert "r9.jsonl: holds no whole row; nothing was changed" in capsys.readouterr().err
    assert path.read_text() == THESIS


@pytest.mark.parametrize("change", [lambda path: path.mkdir(), getattr(os, "mkfifo", None)])
def test_a_row_file_that_is_no_file_is_refused(
    theirs: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], None] | None
) -> None:
    if change is None:
        pytest.skip("this system has no such pipes")
    path = theirs / "rows" / "r1.jsonl"
    path.unlink()
    change(path)
    with pytest.raises(InputError, match=r"r1\.jsonl: cannot be written \([Ii]s "):
        store.append(theirs, [row()])


def test_a_folder_that_the_user_names_may_be_a_link(theirs: Path) -> None:
    pytest.importorskip("duckdb")
    named = theirs.with_name("named")
    link(named, theirs)
    assert main(["leaderboard", str(named)]) == 0
    store.append(named, [row("pcm16")])
    assert main(["compact", str(named)]) == 0
    assert len(store.read(theirs)) == 3
    assert (theirs / "leaderboard.md").is_file()
