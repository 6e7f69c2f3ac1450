"""Near-duplicates are found through gain, rate, channels and coding; other recordings are not."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark.clip import AudioClip
from codecmark.corpus import fingerprints
from codecmark.corpus.fingerprints import SAME, SAME_IF_SHORT, Resemblance, fingerprint, resemblance
from made_halves import RATE, phrases


@pytest.fixture(scope="module")
def whole() -> AudioClip:
    return phrases(1, seconds=20.0)


def cut(clip: AudioClip, start_s: float, seconds: float) -> AudioClip:
    first = round(start_s * clip.sample_rate_hz)
    last = first + round(seconds * clip.sample_rate_hz)
    return AudioClip(clip.samples[:, first:last], clip.sample_rate_hz)


@pytest.mark.parametrize("start_s", [0.0, 7.3337, 15.9])
def test_a_part_is_found_where_it_is(whole: AudioClip, start_s: float) -> None:
    best = resemblance(fingerprint(cut(whole, start_s, 4.0)), fingerprint(whole))
    assert best.correlation > 0.9
    assert best.at_s == pytest.approx(start_s, abs=0.02)


def test_the_longer_of_two_may_come_first(whole: AudioClip) -> None:
    part = fingerprint(cut(whole, 3.0, 4.0))
    assert resemblance(fingerprint(whole), part) == resemblance(part, fingerprint(whole))


@pytest.mark.parametrize("change", ["gain", "rate", "stereo", "noise", "tilt"])
def test_a_copy_in_disguise_is_found(whole: AudioClip, change: str) -> None:
    copy = cut(whole, 5.0, 5.0)
    samples = copy.samples
    disguised = {
        "gain": lambda: AudioClip(samples * np.float32(0.03), RATE),
        "rate": lambda: copy.resampled(44_100),
        "stereo": lambda: AudioClip(np.concatenate([samples, samples * 0.5]), RATE),
        "noise": lambda: AudioClip(
            samples + 0.02 * np.random.default_rng(0).standard_normal(samples.shape, np.float32),
            RATE,
        ),
        "tilt": lambda: AudioClip(np.diff(samples, prepend=0).astype(np.float32), RATE),
    }[change]()
    assert resemblance(fingerprint(disguised), fingerprint(whole)).correlation > SAME


def test_other_recordings_are_not_found(whole: AudioClip) -> None:
    known = fingerprint(whole)
    highest = max(
        resemblance(fingerprint(phrases(seed, 5.0)), known).correlation for seed in range(2, 12)
    )
    assert highest < SAME - 0.2


def test_silence_and_clicks_resemble_nothing(whole: AudioClip) -> None:
    silence = AudioClip(np.zeros((1, 2 * RATE), np.float32), RATE)
    click = AudioClip(np.ones((1, 80), np.float32), RATE)
    for clip in (silence, click):
        assert abs(resemblance(fingerprint(clip), fingerprint(whole)).correlation) < 0.5
    assert resemblance(fingerprint(silence), fingerprint(silence)).correlation == 0


def test_short_sounds_have_to_be_more_alike() -> None:
    between = (SAME + SAME_IF_SHORT) / 2
    assert Resemblance(between, 0.0, 4.0).is_same
    assert not Resemblance(between, 0.0, 2.0).is_same
    assert Resemblance(SAME_IF_SHORT, 0.0, 2.0).is_same


def test_what_is_too_short_to_tell_counts_as_unlike(whole: AudioClip) -> None:
    short = fingerprint(cut(whole, 5.0, 1.0))
    assert resemblance(short, fingerprint(whole)).correlation == 0


def test_each_of_the_others_has_its_most_similar() -> None:
    ours = [(str(seed), fingerprint(phrases(seed))) for seed in (1, 2)]
    theirs = [("b", fingerprint(phrases(2))), ("c", fingerprint(phrases(5)))]
    first, second = fingerprints.near_duplicates(ours, theirs)
    assert first[:2] == ("2", "b")
    assert first[2].correlation > 0.99
    assert second[2].correlation < SAME
    assert list(fingerprints.near_duplicates([], theirs)) == []
