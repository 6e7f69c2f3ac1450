from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from codecmark import AudioClip, InputError
from codecmark.clip import fit_length, resample, resample_blocks
from entries import noise, tone

GOOD = np.zeros((1, 10), np.float32)


@pytest.mark.parametrize(
    ("samples", "rate", "field"),
    [
        (GOOD.astype(np.float64), 16_000, "samples: dtype"),
        (GOOD.astype(np.int16), 16_000, "samples: dtype"),
        (GOOD.astype(object), 16_000, "samples: dtype"),
        ([[0.0]], 16_000, "samples: must be a NumPy array"),
        (GOOD[0], 16_000, "samples: shape"),
        (GOOD[None], 16_000, "samples: shape"),
        (np.zeros((1, 0), np.float32), 16_000, "samples: shape"),
        (np.zeros((0, 5), np.float32), 16_000, "samples: shape"),
        (np.zeros((100, 2), np.float32), 16_000, "samples: 100 channels"),
        (np.array([[0, np.nan]], np.float32), 16_000, "samples: contains NaN"),
        (np.array([[0, np.inf]], np.float32), 16_000, "samples: contains NaN or Inf"),
        (GOOD, 0, "sample_rate_hz"),
        (GOOD, -8_000, "sample_rate_hz"),
        (GOOD, 44_100.5, "sample_rate_hz"),
        (GOOD, True, "sample_rate_hz"),
        (GOOD, 10**7, "sample_rate_hz"),
    ],
)
def test_bad_input_is_refused_by_name(samples: Any, rate: Any, field: str) -> None:
    with pytest.raises(InputError, match=field):
        AudioClip(samples, rate)


def test_the_clip_owns_its_samples() -> None:
    mine = np.zeros((1, 4), np.float32)
    clip = AudioClip(mine, 16_000)
    mine[0, 0] = 1
    assert clip.samples[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0, 0] = 1


def test_views_and_read_only_arrays_are_accepted() -> None:
    view = np.zeros((20, 2), np.float32).T[:, ::2]
    view.flags.writeable = False
    assert AudioClip(view, 8_000).samples.shape == (2, 10)


def test_pcm16_round_trip_is_exact_and_clips() -> None:
    pcm = np.array([[-32768, -1, 0, 1, 32767]], np.int16)
    assert np.array_equal(AudioClip.from_pcm16(pcm, 8_000).pcm16(), pcm)
    loud = AudioClip(np.array([[2.0, -2.0, 1.0]], np.float32), 8_000)
    assert loud.pcm16().tolist() == [[32767, -32768, 32767]]


def test_channels() -> None:
    stereo = AudioClip(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), 8_000)
    assert stereo.with_channels(1).samples.tolist() == [[0.5, 0.5]]
    assert stereo.with_channels(1).with_channels(2).channels == 2
    with pytest.raises(InputError, match="channels: cannot turn 2 channels into 3"):
        stereo.with_channels(3)


@pytest.mark.parametrize(("length", "rate", "expected"), [(80_000, 44_100, 220_500), (1, 8_000, 1)])
def test_resampled_length_rounds_up(length: int, rate: int, expected: int) -> None:
    assert noise(length).resampled(rate).n_samples == expected


def test_resampling_there_and_back_keeps_a_tone() -> None:
    clip = tone(0.5)
    back = clip.resampled(48_000).resampled(16_000)
    inner = slice(500, -500)
    error = back.samples[0, inner] - clip.samples[0, inner]
    assert 10 * np.log10(np.mean(clip.samples[0, inner] ** 2) / np.mean(error**2)) > 80


def test_fit_length_crops_and_pads() -> None:
    x = np.ones((1, 3), np.float32)
    assert fit_length(x, 2).tolist() == [[1, 1]]
    assert fit_length(x, 5).tolist() == [[1, 1, 1, 0, 0]]
    assert resample(x, 8_000, 8_000, 4).tolist() == [[1, 1, 1, 0]]


def test_sha256_tells_rate_and_samples_apart() -> None:
    clip = noise(100)
    same = AudioClip(clip.samples.copy(), 16_000)
    assert clip.sha256() == same.sha256()
    assert clip.sha256() != AudioClip(clip.samples, 8_000).sha256()
    assert clip.sha256() != noise(100, seed=1).sha256()


@pytest.mark.parametrize("to_hz", [16_000, 44_100, 48_000])
def test_blocks_are_resampled_as_the_whole_is(to_hz: int) -> None:
    clip = noise(48_000, channels=2, rate_hz=48_000)
    cuts = [0, 1, 700, 700, 31_000]
    blocks = np.split(clip.samples, cuts, axis=1)
    whole = resample(clip.samples, 48_000, to_hz, to_hz)
    assert np.array_equal(resample_blocks(blocks, 48_000, to_hz, to_hz), whole)


def test_no_blocks_are_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        resample_blocks([], 48_000, 16_000, 1)
