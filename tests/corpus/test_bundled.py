"""The clips that come with the repository, and a choice among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_on_disk import put
from codecmark import InputError, corpus
from codecmark.analysis.statistics import FEWEST_SOURCES
from codecmark.corpus import CorpusClip
from places import REPOSITORY


def test_the_bundled_corpus_is_whole() -> None:
    clips = corpus.load()
    classes = [clip.clip_class for clip in clips]
    assert (classes.count("speech"), classes.count("music"), classes.count("ambient")) == (7, 6, 5)
    for clip in clips:
        audio = clip.read()  # holds each file against its SHA-256
        assert 3.4 < audio.duration_s <= 5.0
    for clip_class in ("speech", "music", "ambient"):
        sources = {clip.source for clip in clips if clip.clip_class == clip_class}
        assert len(sources) >= FEWEST_SOURCES


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path / "a.wav")
    clip = CorpusClip("a.wav", path, "a", "speech", sha256="0" * 64)
    with pytest.raises(InputError, match="is not the manifest's"):
        clip.read()


def test_every_bundled_clip_has_its_attribution() -> None:
    header, *lines = (REPOSITORY / "benchmarks/corpus/clips.csv").read_text().splitlines()
    assert {"licence", "author", "sha256", "source"} <= set(header.split(","))
    files = {path.name for path in (REPOSITORY / "benchmarks/corpus").glob("*.flac")}
    assert {line.split(",")[0] for line in lines} == files


def test_limit_is_spread_over_classes_and_stable() -> None:
    clips = corpus.load()
    chosen = corpus.limited(clips, 6, seed=0)
    classes = [clip.clip_class for clip in chosen]
    assert {name: classes.count(name) for name in set(classes)} == {
        "speech": 2, "music": 2, "ambient": 2,
    }  # fmt: skip
    assert chosen == corpus.limited(list(reversed(clips)), 6, seed=0)[::-1]
    assert chosen != corpus.limited(clips, 6, seed=1)
    assert corpus.limited(clips, None, seed=0) == clips
    with pytest.raises(InputError, match="limit"):
        corpus.limited(clips, 0, seed=0)
