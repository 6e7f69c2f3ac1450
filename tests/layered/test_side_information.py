"""Side information: what keeps a network's last digits out of the waveform layer's models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codecmark.errors import BitstreamError
from codecmark.layered import mdct, side_information
from codecmark.layered.base import Base


def log2_mel(frames: int, seed: int = 0) -> mdct.Floats:
    """Return a random spectrogram as a network might give it."""
    return np.random.default_rng(seed).normal(-5, 3, (frames, 64)).astype(np.float32).astype(float)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), superframes=st.integers(1, 9))
def test_a_small_drift_changes_no_integer(seed: int, superframes: int) -> None:
    mel = log2_mel(4 * superframes, seed)
    chosen = side_information.choose(mel)
    least = max(
        side_information.margins(mel, shift).min() for shift in range(side_information.SHIFTS)
    )
    drift = np.random.default_rng(seed).uniform(-0.99, 0.99, mel.shape) * least
    read_back = side_information.read(mel + drift, chosen.side_information + b"levels")
    assert np.array_equal(read_back.envelope, chosen.envelope)
    assert read_back.side_information == chosen.side_information
    assert len(read_back.side_information) == 4 + -(-superframes // 2)


def test_the_margin_is_far_above_what_networks_drift() -> None:
    """Measured on the compact and the published architecture: at most 0.0002 octaves."""
    mel = log2_mel(4 * 250)
    shifted = np.stack([side_information.margins(mel, s) for s in range(side_information.SHIFTS)])
    assert shifted.max(axis=0).min() > 5e-4
    assert np.median(shifted.max(axis=0)) > 1e-3
    assert np.median(shifted[0]) < 5e-4  # which is why the grid is shifted


def test_what_the_models_are_told_is_near_the_mel() -> None:
    mel = log2_mel(40)
    shifts = np.random.default_rng(0).integers(0, side_information.SHIFTS, 10)
    error = side_information.rounded(mel, shifts) / 1024 - mel
    assert np.abs(error).max() <= 0.125 + 1e-9
    assert np.abs(error).max() > 0.12  # quarter octaves, not finer


def test_another_spectrogram_is_refused_and_not_decoded_to_noise() -> None:
    mel = log2_mel(40)
    sent = side_information.choose(mel).side_information
    mel[17, 5] += 0.3
    with pytest.raises(BitstreamError, match=r"condition: .* another spectrogram"):
        side_information.read(mel, sent)
    with pytest.raises(BitstreamError, match="condition"):
        side_information.read(mel, sent[:-1])


def test_a_network_that_returns_no_number_is_refused() -> None:
    for value in (np.nan, np.inf):
        with pytest.raises(BitstreamError, match="base layer"):
            Base.of_network(0.5, np.full((4, 64), value))
    loud = Base.of_network(0.5, np.full((4, 64), 1e30))
    assert loud.mel.max() == 11 * 1024
