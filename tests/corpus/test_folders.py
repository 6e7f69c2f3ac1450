"""Folders as a corpus: layouts, classes and sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_on_disk import put
from codecmark import InputError, corpus


def test_plain_folder_with_classes_and_nested_sources(tmp_path: Path) -> None:
    put(tmp_path / "top.wav")
    put(tmp_path / "Music" / "band" / "b.flac")
    (tmp_path / "notes.txt").write_text("no audio")
    clips = corpus.load(tmp_path)
    assert [(c.name, c.source, c.clip_class) for c in clips] == [
        ("Music/band/b.flac", "Music/band", "music"),
        ("top.wav", "top", "audio"),
    ]


def test_the_named_folder_itself_can_be_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "Speech" / "0.wav")
    put(tmp_path / "Speech" / "anna" / "1.wav")
    expected = [("0", "speech"), ("anna", "speech")]
    assert [(c.source, c.clip_class) for c in corpus.load(tmp_path / "Speech")] == expected
    monkeypatch.chdir(tmp_path / "Speech")
    assert [(c.source, c.clip_class) for c in corpus.load(Path())] == expected


def test_the_innermost_folder_gives_the_class(tmp_path: Path) -> None:
    for name in ("audio/speech/x.wav", "music/Ambient/x.wav", "speech/audio/x.wav", "audio/x.wav"):
        put(tmp_path / "speech" / name)
    assert {c.name: c.clip_class for c in corpus.load(tmp_path / "speech")} == {
        "audio/speech/x.wav": "speech",
        "audio/x.wav": "speech",
        "music/Ambient/x.wav": "ambient",
        "speech/audio/x.wav": "speech",
    }


def test_files_of_a_class_folder_are_sources_of_their_own(tmp_path: Path) -> None:
    for name in ("0", "1", "2"):
        put(tmp_path / "speech" / f"{name}.wav")
        put(tmp_path / "audio" / f"{name}.wav")
    put(tmp_path / "speech" / "anna" / "0.wav")
    put(tmp_path / "speech" / "anna" / "1.wav")
    sources = [clip.source for clip in corpus.load(tmp_path)]
    assert sources == [
        "audio/0", "audio/1", "audio/2", "speech/0", "speech/1", "speech/2",
        "speech/anna", "speech/anna",
    ]  # fmt: skip


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / "secret.wav")
    inside = tmp_path / "inside"
    put(inside / "a.wav")
    (inside / "link.wav").symlink_to(outside)
    assert [clip.name for clip in corpus.load(inside)] == ["a.wav"]


def test_librispeech_vctk_and_musdb_layouts(tmp_path: Path) -> None:
    put(tmp_path / "libri" / "test-clean" / "84" / "121123" / "84-121123-0001.flac")
    put(tmp_path / "tts" / "dev" / "84" / "1211" / "84_1211_000001_000000.wav")
    put(tmp_path / "vctk" / "wav48_silence_trimmed" / "p225" / "p225_001_mic1.flac")
    put(tmp_path / "musdb" / "test" / "A Band - Song" / "mixture.wav", channels=2)
    put(tmp_path / "musdb" / "test" / "A Band - Song" / "vocals.wav", channels=2)
    found = {
        name: [(c.source, c.clip_class) for c in corpus.load(tmp_path / name)]
        for name in ("libri", "tts", "vctk", "musdb")
    }
    assert found == {
        "libri": [("84", "speech")],
        "tts": [("84", "speech")],
        "vctk": [("p225", "speech")],
        "musdb": [("A Band - Song", "music")],
    }


def test_missing_and_empty_paths(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        corpus.load(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no audio below"):
        corpus.load(tmp_path)
