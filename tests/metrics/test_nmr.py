"""Noise-to-mask ratio: its signs, its order, and what the ear model must do by its formulas."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from codecmark import MetricError
from codecmark.clip import Samples
from codecmark.metrics import nmr

RATE = 48_000


def tone(hz: float, level_db: float) -> NDArray[np.float64]:
    """One second of a sine below full scale."""
    wave: NDArray[np.float64] = np.sin(2 * np.pi * hz * np.arange(RATE) / RATE)
    return wave * 10 ** (level_db / 20)


def measured(reference: NDArray[np.float64], error: NDArray[np.float64]) -> float:
    """NMR of a signal and something added to it."""
    ours: Samples = reference[None].astype(np.float32)
    return nmr.nmr_db(ours, (reference + error)[None].astype(np.float32), RATE)


def white(level_db: float, seed: int = 4) -> NDArray[np.float64]:
    """Noise of an RMS level below full scale."""
    noise: NDArray[np.float64] = np.random.default_rng(seed).standard_normal(RATE)
    return noise * 10 ** (level_db / 20)


def test_equal_signals_are_infinite_not_a_number() -> None:
    signal = white(-20)[None].astype(np.float32)
    with pytest.raises(MetricError, match="infinite: output equals input"):
        nmr.nmr_db(signal, signal, RATE)


def test_noise_far_below_the_signal_is_masked_and_louder_noise_is_heard() -> None:
    assert measured(white(-20), white(-60, 5)) < -10
    assert measured(white(-20), white(-10, 5)) > 5


def test_ten_db_more_noise_are_ten_db_more() -> None:
    levels = [measured(white(-20), white(-20 - below, 5)) for below in (60, 50, 40, 30)]
    assert np.diff(levels) == pytest.approx([10, 10, 10], abs=0.3)
    assert levels == sorted(levels)


def test_what_is_near_a_tone_in_frequency_is_masked_and_what_is_far_is_not() -> None:
    masker = tone(1_000, -20)
    near, far = (measured(masker, tone(hz, -60)) for hz in (1_100, 6_000))
    assert near < -10
    assert far > near + 10


def test_masking_reaches_further_upwards_than_downwards() -> None:
    masker = tone(2_000, -10)
    below, above = (measured(masker, tone(hz, -60)) for hz in (1_300, 3_000))
    assert above < below - 3


def test_noise_below_the_threshold_of_hearing_is_not_heard() -> None:
    # -100 dB of full scale at 92 dB: below 0 dB sound pressure level
    assert measured(tone(1_000, -40), tone(15_000, -100)) < -10


def test_the_bands_are_those_of_the_recommendation() -> None:
    edges = nmr._edges()
    assert len(edges) - 1 == 109
    assert edges[:3] == pytest.approx([80, 103.445, 127.023], abs=1e-3)
    assert edges[-1] == pytest.approx(18_000)
    shares = nmr._bands().sum(axis=1)
    assert shares[10:760] == pytest.approx(np.ones(750))


def test_a_full_scale_sine_has_the_level_that_it_stands_for() -> None:
    spectra = nmr._spectra(tone(1_019.5, 0)) / nmr._ear()[None].clip(1e-30)
    assert 10 * np.log10(spectra.max()) == pytest.approx(92, abs=0.1)


def test_spreading_leaves_a_flat_pattern_of_0_db_as_it_is() -> None:
    flat = np.ones((2, 109))
    assert nmr._spread(flat) == pytest.approx(flat)


def test_both_channels_count_alike() -> None:
    clean, noisy = white(-20), white(-20) + white(-30, 5)
    both = np.stack((clean, clean)).astype(np.float32)
    swapped = [
        nmr.nmr_db(both, np.stack(pair).astype(np.float32), RATE)
        for pair in ((clean + white(-50, 6), noisy), (noisy, clean + white(-50, 6)))
    ]
    assert swapped[0] == pytest.approx(swapped[1])


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        (np.zeros((1, RATE), np.float32), RATE, "no sound"),
        (np.ones((1, 900), np.float32), RATE, "too short"),
        (np.ones((1, RATE), np.float32), 16_000, "not defined for 16000 Hz"),
    ],
)
def test_what_has_no_ratio_says_why(samples: Samples, rate: int, words: str) -> None:
    with pytest.raises(MetricError, match=words):
        nmr.nmr_db(samples, samples + np.float32(0.1), rate)
