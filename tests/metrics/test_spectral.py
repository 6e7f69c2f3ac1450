"""Spectral distances: known answers, and what they do not hear."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark.metrics import spectral
from entries import noise, tone
from known_signals import RATE


def test_a_gain_of_two_is_six_db_of_spectral_distance() -> None:
    clip = noise(RATE)
    double = clip.samples * np.float32(2)
    assert spectral.lsd_db(clip.samples, double, RATE) == pytest.approx(6.02, abs=0.02)
    assert spectral.mel_distance_db(clip.samples, double, RATE) == pytest.approx(6.02, abs=0.02)
    for function in (spectral.lsd_db, spectral.mel_distance_db, spectral.mrstft_distance):
        assert function(clip.samples, clip.samples, RATE) == pytest.approx(0, abs=1e-6)


def test_spectral_metrics_do_not_see_polarity() -> None:
    clip = tone(1.0)
    for function in (spectral.lsd_db, spectral.mel_distance_db, spectral.mrstft_distance):
        assert function(clip.samples, -clip.samples, RATE) == pytest.approx(0, abs=1e-5)
