"""The coarse mel and the quantiser, against known answers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from codecmark.layered import (
    mel_coding,
    quantiser,
    spectra,
)
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import log_mel
from entries import noise


def test_the_mel_is_that_of_the_chain() -> None:
    import torch

    signal = noise(16_000).samples
    ours = spectra.log2_mel(signal[0].astype(np.float64)) * np.log(2)
    theirs = log_mel(torch.from_numpy(signal.copy()), AUDIOLDM2)[0].numpy()
    assert np.abs(ours - theirs)[4:-4].max() < 1e-3  # the ends are padded otherwise


def test_the_integer_way_back_is_the_transform() -> None:
    rng = np.random.default_rng(1)
    log2_mel = np.cumsum(rng.normal(0, 0.3, (96, 64)), axis=0) - 6
    for index in (0, 20, 40):
        levels = mel_coding.quantise(log2_mel, index, 0.5)
        decoded = mel_coding.dequantise(levels, index) / mel_coding.UNIT
        largest = mel_coding.steps(index).max() / mel_coding.UNIT
        rms = float(np.sqrt(np.mean((decoded - log2_mel) ** 2)))
        assert rms < 0.3 * largest  # a uniform quantiser's error is step / sqrt(12)


def test_half_the_step_is_six_decibels() -> None:
    """At high rate the error of a uniform quantiser falls by 6.02 dB an octave."""
    rng = np.random.default_rng(2)
    coefficients = rng.standard_normal((20, 640))
    modes, ratio = np.zeros(20, np.int64), np.full((20, 640), 40)
    errors = []
    for index in (256, 320, 384):
        step = quantiser.step_size(index)
        levels = quantiser.quantise(coefficients, modes, ratio, step)
        inward = quantiser.centroids(coefficients, levels, step)
        errors.append(np.mean((quantiser.dequantise(levels, step, inward) - coefficients) ** 2))
    for coarse, fine in pairwise(errors):
        assert 10 * np.log10(coarse / fine) == pytest.approx(6.02, abs=0.3)


def test_rate_distortion_zeroes_only_what_is_small() -> None:
    rng = np.random.default_rng(3)
    coefficients = rng.laplace(0, 0.4, (20, 640))
    modes, ratio = np.zeros(20, np.int64), np.full((20, 640), 24)
    levels = quantiser.quantise(coefficients, modes, ratio, 1.0)
    rounded = np.rint(coefficients)
    assert 0 < np.count_nonzero(levels) < np.count_nonzero(rounded)
    assert np.abs(levels - coefficients).max() < 2
