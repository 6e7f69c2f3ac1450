"""Clips of minutes: libvorbis puts the first block that it is given on the stack."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark import catalog
from codecmark.classic import libsndfile
from entries import noise


@pytest.mark.parametrize("spec", ["vorbis@q0", "flac"])
def test_a_clip_larger_than_the_stack_is_coded(spec: str) -> None:
    """In one block its 16 MB end the process with a segmentation fault."""
    clip = noise(8 * libsndfile.BLOCK + 1, seed=1)
    codec = catalog.create(spec)
    assert codec.decode(codec.encode(clip)).n_samples == clip.n_samples


@pytest.mark.parametrize("spec", ["vorbis@q3", "flac"])
def test_where_a_block_ends_cannot_be_heard(spec: str) -> None:
    clip = noise(libsndfile.BLOCK + 16_000, seed=2)
    codec = catalog.create(spec)
    error = codec.decode(codec.encode(clip)).samples - clip.samples
    level = np.sqrt(np.square(error).reshape(-1)[: libsndfile.BLOCK].mean())
    at_the_end = np.sqrt(
        np.square(error[:, libsndfile.BLOCK - 500 : libsndfile.BLOCK + 500]).mean()
    )
    assert at_the_end == pytest.approx(level, rel=0.2)
