"""A run knows where its clips are, wherever the project is moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_on_disk import put
from codecmark import InputError, corpus
from codecmark.__main__ import main
from codecmark.results import store
from codecmark.run import corpora


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with recordings of no class, and a run of them."""
    for name in ("a.wav", "b.wav"):
        put(tmp_path / "project" / "recordings" / name, seconds=0.3)
    return tmp_path / "project"


def run(project: Path, *options: str) -> int:
    return main(["run", "--codecs", "flac", "--corpus", str(project / "recordings"), "--class",
                 "music", "--out", str(project / "out"), "--engine", "in-process", "--workers",
                 "1", "--no-timing", *options])  # fmt: skip


def test_it_moves_with_its_project(project: Path, tmp_path: Path) -> None:
    assert run(project) == 0
    (run_id,) = store.run_ids(project / "out")
    expected = corpus.load(project / "recordings", "music")
    loaded = corpora.load(project / "out", run_id)
    assert [(clip.name, clip.clip_class) for clip in loaded] == [
        (clip.name, clip.clip_class) for clip in expected
    ]
    project.rename(tmp_path / "moved")
    moved = corpora.load(tmp_path / "moved" / "out", run_id)
    assert [clip.path.resolve() for clip in moved] == [
        tmp_path / "moved" / "recordings" / name for name in ("a.wav", "b.wav")
    ]
    (tmp_path / "moved" / "recordings").rename(tmp_path / "gone")
    with pytest.raises(InputError, match="does not exist"):
        corpora.load(tmp_path / "moved" / "out", run_id)


def test_it_is_not_forgotten_for_one_of_its_files(project: Path) -> None:
    one = project / "recordings" / "a.wav"
    assert run(project, "--corpus", str(one)) == 0
    (run_id,) = store.run_ids(project / "out")
    assert [clip.path.name for clip in corpora.load(project / "out", run_id)] == ["a.wav"]
    for options in ((), ("--codecs", "pcm16", "--corpus", str(one))):
        assert run(project, *options) == 0
        assert store.run_ids(project / "out") == [run_id]
        known = corpora.load(project / "out", run_id)
        assert [clip.path.name for clip in known] == ["a.wav", "b.wav"]


def test_a_run_that_does_not_say_has_the_bundled_clips(tmp_path: Path) -> None:
    assert corpora.load(tmp_path, "r1") == corpus.load()
    corpora.remember(tmp_path, "r1", None, "audio")
    assert corpora.load(tmp_path, "r1") == corpus.load()


def test_a_corpus_by_name_stays_a_name(tmp_path: Path) -> None:
    corpora.remember(tmp_path, "r1", Path("published:no-such-set"), "audio")
    with pytest.raises(InputError, match="no-such-set"):
        corpora.load(tmp_path, "r1")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    corpora.remember(tmp_path, "r1", None, "audio")
    (tmp_path / "rows" / "r1.corpus.json").write_text('{"corpus": 1}')
    with pytest.raises(InputError, match=r"r1\.corpus\.json: cannot be read .* --corpus"):
        corpora.load(tmp_path, "r1")


def test_shards_hand_it_on(project: Path) -> None:
    for shard in ("1/2", "2/2"):
        assert run(project, "--shard", shard) == 0
    assert main(["merge", str(project / "out")]) == 0
    (run_id,) = store.run_ids(project / "out")
    loaded = corpora.load(project / "out", run_id)
    assert [clip.path.resolve() for clip in loaded] == [
        project / "recordings" / name for name in ("a.wav", "b.wav")
    ]


def test_the_page_is_heard_without_naming_the_corpus(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project) == 0
    assert main(["report", str(project / "out"), "--listen", "flac"]) == 0
    shown = capsys.readouterr().out
    assert "cannot be heard" not in shown
    assert "nothing to hear" not in shown
    page = (project / "out" / "report" / "index.html").read_text()
    assert "a.wav" in page
