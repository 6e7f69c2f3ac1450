"""The estimate of what coefficients cost at least."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark.studies import rate_bound


def test_water_filling_on_known_sources() -> None:
    """10 dB of white Gaussian cost half a log2 of 10 each; the quiet one of two costs nothing."""
    assert rate_bound.water_filling_bits(np.ones(100), 10.0) == pytest.approx(166.1, abs=0.1)
    two = rate_bound.water_filling_bits(np.array([16.0, 0.5]), 1.5)
    assert two == pytest.approx(2.0)  # water at 1: 4 bits of ratio for the first, all noise there
    assert rate_bound.water_filling_bits(np.ones(100), 100.0) == pytest.approx(0, abs=1e-6)
    signal = np.random.default_rng(0).standard_normal(640 * 50)
    # the mean of nine squares is taken for the variance: less than 1.66 bit for what is white
    assert 1.4 < rate_bound.least_bits(signal, 10.0) / len(signal) < 1.66
