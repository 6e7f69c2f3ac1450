"""The latent's levels as bits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from codecmark.layered import latent_coding
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.layered.latent_base import LatentBase
from entries import tiny

SPEC = "audioldm2:compact+wave@snr10"


def codec(spec: str = SPEC) -> WaveformLayerCodec:
    found = tiny(spec)
    assert isinstance(found, WaveformLayerCodec)
    return found


def coding() -> LatentBase:
    found = codec()._base
    assert isinstance(found, LatentBase)
    return found


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    scale=st.floats(0.01, 200),
    shape=st.sampled_from([(8, 1, 16), (1, 5, 1), (17, 3, 20), (8, 12, 16)]),
)
def test_latent_levels_survive(seed: int, scale: float, shape: tuple[int, int, int]) -> None:
    levels = np.rint(np.random.default_rng(seed).laplace(0, scale, shape)).astype(np.int64)
    levels = np.clip(levels, -latent_coding.LARGEST, latent_coding.LARGEST)
    data = latent_coding.encode(levels)
    assert np.array_equal(latent_coding.decode(data, shape), levels)


def test_what_is_alike_costs_less() -> None:
    """The same levels in another order, without their neighbours, cost more."""
    rng = np.random.default_rng(0)
    smooth = rng.normal(0, 1, (8, 125, 16)).cumsum(axis=1).cumsum(axis=2)
    levels = np.rint(smooth / smooth.std() * 3).astype(np.int64)
    mixed = rng.permutation(levels.ravel()).reshape(levels.shape)
    assert len(latent_coding.encode(levels)) < 0.5 * len(latent_coding.encode(mixed))
    assert len(latent_coding.encode(0 * levels)) < 24


def test_levels_are_cut_to_the_largest() -> None:
    values = np.full((8, 2, 16), 1e6, np.float32)
    data = coding().encode(values, 0)
    assert (latent_coding.decode(data, values.shape) == latent_coding.LARGEST).all()
