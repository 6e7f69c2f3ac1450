"""Meters of level: known answers of the two Recommendations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from codecmark import AudioClip, corpus
from codecmark.corpus.loudness import loudness_lufs
from codecmark.corpus.speech_level import active_level_dbov
from codecmark.errors import MetricError

RATE_HZ = 16_000
# what the ITU's own tool (`actlev` of Recommendation G.191) prints for the files as they are
G191_DBOV = {
    "en_male_1.flac": -23.547,
    "en_numbers.flac": -24.635,
    "es_female_1.flac": -18.091,
    "fr_female_1.flac": -19.066,
}


def tone(seconds: float, rate_hz: int = RATE_HZ, amplitude: float = 0.1) -> np.ndarray:
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return (amplitude * np.sin(2 * np.pi * 997 * time_s)).astype(np.float32)[None]


@pytest.mark.parametrize("name", G191_DBOV)
def test_speech_has_the_level_that_the_itus_own_tool_finds(name: str) -> None:
    (clip,) = (clip for clip in corpus.load() if clip.name == name)
    audio = clip.read()
    level = active_level_dbov(audio.samples, audio.sample_rate_hz)
    assert level == pytest.approx(G191_DBOV[name], abs=0.01)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
def test_pauses_do_not_count_but_for_the_hangover(rate_hz: int) -> None:
    """A tone of 1 s is active 1.27 s: hangover 0.2 s, decay 0.095 s, less a rise of 0.023 s."""
    tone_dbov = 20 * math.log10(0.1 / math.sqrt(2))
    expected = tone_dbov - 10 * math.log10(1.27)
    for pause_s in (1, 9):
        with_pause = np.pad(tone(1, rate_hz), ((0, 0), (0, pause_s * rate_hz)))
        assert active_level_dbov(with_pause, rate_hz) == pytest.approx(expected, abs=0.1)
    assert active_level_dbov(tone(10, rate_hz), rate_hz) == pytest.approx(tone_dbov, abs=0.05)


def test_a_pause_within_the_hangover_counts() -> None:
    gap = np.zeros((1, round(0.2 * RATE_HZ)), np.float32)
    halting = np.concatenate([tone(0.2), gap] * 20, axis=1)
    tone_dbov = 20 * math.log10(0.1 / math.sqrt(2))
    assert active_level_dbov(halting, RATE_HZ) == pytest.approx(tone_dbov - 3.01, abs=0.1)


def test_channels_count_by_their_mean_power() -> None:
    one = tone(4)
    level = active_level_dbov(one, RATE_HZ)
    both = np.concatenate([one, -one])
    assert active_level_dbov(both, RATE_HZ) == pytest.approx(level, abs=1e-6)
    left = np.concatenate([one, 0 * one])
    assert active_level_dbov(left, RATE_HZ) == pytest.approx(level - 3.01, abs=0.05)


def test_silence_and_clicks_have_no_speech_level() -> None:
    for quiet in (np.zeros((1, RATE_HZ), np.float32), tone(1, amplitude=1e-4)):
        with pytest.raises(MetricError, match=r"below -74\.4 dBov"):
            active_level_dbov(quiet, RATE_HZ)
    click = np.zeros((1, RATE_HZ), np.float32)
    click[0, 100] = 0.5
    with pytest.raises(MetricError, match="long enough to be speech"):
        active_level_dbov(click, RATE_HZ)


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_loudness_of_the_standards_own_tone(rate_hz: int) -> None:
    """A full-scale sine of 997 Hz on one channel reads -3.01 LUFS (BS.1770, annex 1)."""
    tone = np.sin(2 * np.pi * 997 * np.arange(3 * rate_hz) / rate_hz)[None].astype(np.float32)
    assert loudness_lufs(AudioClip(tone, rate_hz)) == pytest.approx(-3.01, abs=0.05)
    quiet = AudioClip(tone * np.float32(0.1), rate_hz)
    assert loudness_lufs(quiet) == pytest.approx(-23.01, abs=0.05)


def test_silence_does_not_count_and_has_no_loudness() -> None:
    rate_hz = 48_000
    tone = 0.1 * np.sin(2 * np.pi * 997 * np.arange(4 * rate_hz) / rate_hz)
    half = np.concatenate([tone, np.zeros(4 * rate_hz)])[None].astype(np.float32)
    clip = AudioClip(half, rate_hz)
    assert loudness_lufs(clip) == pytest.approx(-23.01, abs=0.3)
    with pytest.raises(MetricError, match="-70 LUFS"):
        loudness_lufs(AudioClip(np.zeros((1, rate_hz), np.float32), rate_hz))
