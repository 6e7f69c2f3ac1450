"""`codecmark corpus` on made-up halves: fetched, held to digests, and compared with each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codecmark.__main__ import main
from codecmark.clip import AudioClip
from codecmark.corpus.audio_files import write_wav
from codecmark.corpus.halves import Library
from made_halves import RATE, library, made_clip, phrases, shop, write_all

Make = Callable[[AudioClip, AudioClip], Library]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return what offers two recordings as test half and development half."""

    def halves(test: AudioClip, development: AudioClip) -> Library:
        root = tmp_path / "root"
        paths = write_all(root, {"one": test, "two": development})
        clips = [
            made_clip("one", "test", paths["one"], root),
            made_clip("two", "development", paths["two"], root),
        ]
        archive = shop(tmp_path, monkeypatch).put(root)
        made = library(tmp_path / "corpora", clips, archive)
        monkeypatch.setattr(Library, "from_environment", lambda: made)
        return made

    return halves


def test_fetch_verify_list_and_path(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    made = make(phrases(1), phrases(2))
    assert main(["corpus", "verify"]) == 1
    assert "test: 0 of 1 clip right" in capsys.readouterr().out
    assert main(["corpus", "fetch", "test"]) == 0
    said = capsys.readouterr().out
    assert "test: 1 of 1 clip right" in said
    assert "development" not in said
    assert main(["corpus"]) == 0
    assert "0 of 1" in capsys.readouterr().out  # the development half is not here
    assert main(["corpus", "list", "--clips", "test"]) == 0
    assert "CC0-1.0" in capsys.readouterr().out
    assert main(["corpus", "path"]) == 0
    assert capsys.readouterr().out.strip() == str(made.folder)
    assert main(["corpus", "fetch", "tset"]) == 2
    assert "did you mean test?" in capsys.readouterr().err


def test_what_cannot_be_fetched_is_named(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(phrases(1), phrases(2))
    next((tmp_path / "offered").glob("*.deb")).unlink()
    assert main(["corpus", "fetch"]) == 1
    said = capsys.readouterr().out
    assert "not fetched: apt-get cannot download made-sounds" in said
    assert "test: 0 of 1 clip right" in said


def test_halves_that_share_nothing_pass(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    make(phrases(1), phrases(2))
    assert main(["corpus", "fetch"]) == 0
    assert main(["corpus", "verify", "--overlap"]) == 0
    said = capsys.readouterr().out
    assert "by name: 0 of 1 clip" in said
    assert "by correlation, development: 1 file; nearest: one and two" in said


def test_a_development_file_with_a_test_recording_in_it_is_found(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole file counts, not only the part that is the clip."""
    whole = phrases(1, seconds=9.0)
    part = AudioClip(whole.samples[:, 6 * RATE :] * 0.2, RATE)
    make(part, whole)
    assert main(["corpus", "fetch"]) == 0
    assert main(["corpus", "verify", "--overlap"]) == 1
    assert "the same recording: one and two at 6.0 s" in capsys.readouterr().out


def test_a_test_recording_planted_in_training_audio_is_found(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = phrases(1)
    make(planted, phrases(2))
    assert main(["corpus", "fetch"]) == 0
    trained = tmp_path / "trained"
    trained.mkdir()
    write_wav(trained / "innocent.wav", phrases(3, seconds=8.0))
    again = ["corpus", "verify", "--overlap", "--against", str(trained)]
    assert main(again) == 0
    write_wav(trained / "planted.wav", planted.resampled(44_100))
    assert main(again) == 1
    assert "the same recording: one and planted.wav" in capsys.readouterr().out
    assert main(["corpus", "verify", "--against", str(trained)]) == 2
