"""The MDCT, and the choice of its block lengths."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark.layered import (
    mdct,
    quantiser,
)


@pytest.mark.parametrize("seed", range(5))
def test_the_transform_is_orthonormal_whatever_the_blocks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal(640 * 9)
    modes = rng.integers(0, len(mdct.BLOCKS), 9)
    coefficients = mdct.analyse(signal, modes)
    assert np.sum(coefficients**2) == pytest.approx(np.sum(signal**2), rel=1e-12)
    assert np.abs(mdct.synthesise(coefficients, modes) - signal).max() < 1e-6


def test_a_tone_is_where_it_should_be() -> None:
    signal = np.sin(2 * np.pi * 1000 * np.arange(640 * 8) / 16_000)
    for mode, blocks in enumerate(mdct.BLOCKS):
        middle = mdct.analyse(signal, np.full(8, mode))[4].reshape(blocks, -1)
        width_hz = 8000 / middle.shape[1]
        loudest_hz = (np.abs(middle).max(axis=0).argmax() + 0.5) * width_hz
        assert abs(loudest_hz - 1000) <= width_hz


def test_an_attack_gets_short_blocks_and_a_tone_long_ones() -> None:
    click = np.zeros(640 * 8)
    click[640 * 4 + 333] = 1.0
    assert quantiser.choose_modes(click, 8, 0.01)[4] == 3
    steady = np.sin(2 * np.pi * 440 * np.arange(640 * 8) / 16_000)
    assert (quantiser.choose_modes(steady, 8, 0.01)[2:6] == 0).all()
