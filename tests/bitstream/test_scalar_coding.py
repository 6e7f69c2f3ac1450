"""Codings of latents and log-mels."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark import BitstreamError, InputError
from codecmark.bitstream import scalar_coding


@pytest.mark.parametrize(
    ("name", "worst"), [("f32", 1e-7), ("f16", 2e-3), ("int8", 0.02), ("q0.5", 0.2501)]
)
def test_codings_round_trip_within_their_step(name: str, worst: float) -> None:
    values = np.random.default_rng(0).standard_normal((2, 5, 7)).astype(np.float32)
    coding = scalar_coding.named(name)
    decoded = coding.decode(coding.encode(values), values.shape)
    assert decoded.dtype == np.float32
    assert np.abs(decoded - values).max() <= worst


def test_entropy_coding_comes_near_the_entropy() -> None:
    values = np.random.default_rng(1).standard_normal(40_000).astype(np.float32)
    for step, bits in ((0.25, 4.05), (0.5, 3.05), (1.0, 2.1)):  # of a unit Gaussian, by formula
        data = scalar_coding.EntropyCoding(step).encode(values)
        assert 8 * len(data) / values.size == pytest.approx(bits, abs=0.06)


@pytest.mark.parametrize("value", [0.0, -3.7])
def test_constant_values_cost_nearly_nothing_but_justify_their_count(value: float) -> None:
    coding = scalar_coding.EntropyCoding(0.5)
    values = np.full((1, 200_000), value, np.float32)
    data = coding.encode(values)
    assert len(data) < 100
    assert np.abs(coding.decode(data, values.shape) - values).max() <= 0.25
    with pytest.raises(BitstreamError, match="cannot come from"):
        coding.decode(data, (1, 10**9))


@pytest.mark.parametrize("name", ["f32", "f16", "int8", "q0.5"])
def test_damaged_values_are_refused(name: str) -> None:
    coding = scalar_coding.named(name)
    values = np.random.default_rng(2).standard_normal(500).astype(np.float32)
    data = coding.encode(values)
    for damaged in (b"", data[:-3], data + b"\0\0\0\0\0"):
        with pytest.raises(BitstreamError):
            coding.decode(damaged, (500,))
    with pytest.raises(InputError, match="is not f32, f16, int8"):
        scalar_coding.named("f8")
