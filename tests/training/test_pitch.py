"""The clock of recorded speech."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark.training import pitch
from small_trainings import RATE, voice


@pytest.mark.parametrize("hz", [80.0, 137.0, 301.0])
def test_the_clock_of_a_voice(hz: float) -> None:
    samples = voice(hz, 2.0)
    track = pitch.track(samples)
    inner = track[20:-20]
    assert (inner[:, 1] > 0).all()
    assert inner[:, 1].mean() * RATE / pitch.KNOT == pytest.approx(hz, rel=1e-3)
    expected = np.arange(len(track))[20:-20] * pitch.KNOT * hz / RATE
    error = (inner[:, 0] - expected + 0.5) % 1 - 0.5
    assert np.abs(error).max() < 0.03


def test_noise_and_silence_have_no_clock() -> None:
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert (pitch.track(0.1 * noise)[:, 1] > 0).mean() < 0.1
    assert not pitch.track(np.zeros(RATE, np.float32))[:, 1].any()
