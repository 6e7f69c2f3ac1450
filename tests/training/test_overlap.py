"""The test half shares nothing with what was trained on; a planted overlap is found."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from codecmark import InputError
from codecmark.corpus import halves
from codecmark.corpus.halves import Clip
from codecmark.training import overlap, packages
from codecmark.training.overlap import TrainedOn
from made_halves import made_clip, phrases, write_all


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    paths = write_all(tmp_path, {"one": phrases(1)})
    return made_clip("one", "test", paths["one"], tmp_path, source="somebody", author="an author")


def test_nothing_of_the_test_half_was_trained_on() -> None:
    """The committed proof: every card of a trained set, and the recipe, against the manifest."""
    cards = {name: overlap.read_card(path) for name, path in overlap.cards().items()}
    assert set(cards) == {"harmonic", "compact", "joint", "anchored"}
    for lines in cards.values():
        assert {"shmyrev_msu_ru", "carlo_flora"} <= {line.source for line in lines}
    assert overlap.by_name(halves.built_in().half("test"), cards) == []


def test_a_training_file_that_is_planted_in_the_test_half_is_found(clip: Clip) -> None:
    """With the committed cards, recipe and manifest: the proof above would fail."""
    recording = packages.AUDIO[0]
    planted = msgspec.structs.replace(
        clip,
        source=recording.source,
        origin=recording.package,
        path=f"{recording.folder}/ru_0001.wav",
    )
    half = [*halves.built_in().half("test"), planted]
    cards = {name: overlap.read_card(path) for name, path in overlap.cards().items()}
    assert overlap.by_name(half, cards) == [
        f"one: {name} was trained on source {recording.source}" for name in cards
    ] + [f"one: the recipe trains on {recording.package}/ru_0001.wav"]


def test_a_planted_speaker_package_or_file_is_found(clip: Clip) -> None:
    def found(planted: Clip, *lines: TrainedOn) -> list[str]:
        return overlap.by_name([planted], {"set": lines})

    assert found(clip, TrainedOn("somebody", "elsewhere", "x")) == [
        "one: set was trained on source somebody"
    ]
    assert found(clip, TrainedOn("(not speech)", clip.origin, "an author")) == [
        f"one: set was trained on {clip.origin}"
    ]
    assert found(clip, TrainedOn("(not speech)", clip.origin, "see the package's copyright file"))
    assert not found(clip, TrainedOn("(not speech)", clip.origin, "another author"))
    planted = msgspec.structs.replace(
        clip, origin="festvox-ru", path=f"{packages.AUDIO[0].folder}/ru_0001.wav"
    )
    assert found(planted) == ["one: the recipe trains on festvox-ru/ru_0001.wav"]
    speaker = msgspec.structs.replace(clip, source="carlo_flora")
    assert found(speaker) == ["one: the recipe trains on source carlo_flora"]


def test_a_card_without_a_table_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    path.write_text("# vocoder\n\nno data\n")
    with pytest.raises(InputError, match="has no table of data"):
        overlap.read_card(path)
