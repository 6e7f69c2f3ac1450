"""PESQ, ESTOI and ViSQOL: order, ends of their scales, and reasons in place of numbers."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark import AudioClip, MetricError
from codecmark.metrics import perceptual, spectral
from entries import noise
from known_signals import RATE, with_noise


def test_perceptual_scores_of_a_copy_and_their_order(speech: AudioClip) -> None:
    noisy = with_noise(speech, 10)
    for function, top in ((perceptual.pesq_wb, 4.64), (perceptual.estoi, 1.0)):
        best = function(speech.samples, speech.samples, RATE)
        assert best == pytest.approx(top, abs=0.01)
        assert function(speech.samples, noisy, RATE) < best - 0.1
    modes = (("speech", 4.2), ("audio", 4.7))
    for mode, top in modes:
        best = perceptual.visqol(speech.samples, speech.samples, RATE, mode)  # type: ignore[arg-type]
        assert top < best < 4.74
        assert perceptual.visqol(speech.samples, noisy, RATE, mode) < best - 0.5  # type: ignore[arg-type]


def test_perceptual_metrics_give_reasons_not_numbers() -> None:
    silent, short = np.zeros((1, RATE), np.float32), noise(1_000).samples
    with pytest.raises(MetricError, match="PESQ"):
        perceptual.pesq_wb(silent, silent, RATE)
    with pytest.raises(MetricError, match="too short"):
        perceptual.pesq_wb(short, short, RATE)
    with pytest.raises(MetricError, match="ESTOI"):
        perceptual.estoi(short, short, RATE)
    with pytest.raises(MetricError, match="too short"):
        spectral.mrstft_distance(short, short, RATE)


def test_wideband_pesq_is_not_given_for_telephone_speech(speech: AudioClip) -> None:
    narrow = speech.resampled(8_000).samples
    with pytest.raises(MetricError, match="not defined for 8000 Hz: wideband PESQ"):
        perceptual.pesq_wb(narrow, narrow, 8_000)


def test_visqol_says_what_it_cannot_compare() -> None:
    short = noise(3_200).samples
    with pytest.raises(MetricError, match="ViSQOL: too short"):
        perceptual.visqol(short, short, 16_000, "speech")


def test_estoi_of_one_pair_is_one_number_and_draws_nothing_from_others(speech: AudioClip) -> None:
    """pystoi divides by the energy of pauses, where there is nothing but the noise that it adds."""
    with_pause = speech.samples.copy()
    with_pause[:, 4_000:12_000] = 0
    found = set()
    for seed in range(5):
        np.random.seed(seed)
        found.add(perceptual.estoi(speech.samples, with_pause, RATE))
        drawn = np.random.random()
        np.random.seed(seed)
        assert np.random.random() == drawn
    assert len(found) == 1
