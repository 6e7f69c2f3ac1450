"""Context mixing: the same tables everywhere, levels that survive, and what they cost."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codecmark.errors import CodecError
from codecmark.layered import (
    coefficient_coding,
    context_mixing,
    mel_coding,
)


def test_tables_are_the_same_everywhere() -> None:
    """They come from floating point: a machine that rounds otherwise must not code at all."""
    crc = [
        zlib.crc32(t.astype("<i8").tobytes())
        for t in (context_mixing.SQUASH, context_mixing.STRETCH)
    ]
    crc += [zlib.crc32(mel_coding._basis(size).astype("<i8").tobytes()) for size in (16, 64)]
    steps = np.concatenate([mel_coding.steps(index).ravel() for index in range(mel_coding.STEPS)])
    crc += [zlib.crc32(steps.astype("<i8").tobytes())]
    crc += [zlib.crc32(t.astype("<i8").tobytes()) for t in coefficient_coding._interpolation()]
    assert crc == KNOWN_TABLES


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 60), blocks=st.integers(1, 4))
def test_mel_levels_survive(seed: int, scale: float, blocks: int) -> None:
    rng = np.random.default_rng(seed)
    levels = np.rint(rng.laplace(0, scale, (blocks, 16, 64))).astype(np.int64)
    data = mel_coding.encode(levels)
    assert np.array_equal(mel_coding.decode(data, blocks), levels)
    assert len(data) * 8 == pytest.approx(mel_coding.cost_bits(levels), abs=40, rel=0.01)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 60), superframes=st.integers(1, 5))
def test_waveform_levels_survive(seed: int, scale: float, superframes: int) -> None:
    rng = np.random.default_rng(seed)
    levels = np.rint(rng.laplace(0, scale, (superframes, 640))).astype(np.int64)
    modes = rng.integers(0, 4, superframes)
    over_step = rng.integers(-9000, 9000, (superframes * 4, 640))
    data = coefficient_coding.encode(levels, modes, over_step)
    found, found_modes = coefficient_coding.decode(data, over_step, superframes)
    assert np.array_equal(found, levels)
    assert np.array_equal(found_modes, modes)


def test_more_bytes_than_there_is_room_for_is_an_error() -> None:
    coder, buffer = context_mixing.new_coder(context_mixing.ENCODE, 8)
    for bit in np.random.default_rng(0).integers(0, 2, 200):
        context_mixing.even_bit(coder, buffer, int(bit))
    with pytest.raises(CodecError, match="longer than 8 bytes"):
        context_mixing.finish(coder, buffer)


def test_the_mel_makes_levels_cheaper() -> None:
    """Levels drawn at a scale that the mel tells cost fewer bits than under a mel that is flat."""
    rng = np.random.default_rng(0)
    log2_scale = rng.integers(-6, 3, (20, 640))
    levels = np.rint(rng.laplace(0, 2.0**log2_scale)).astype(np.int64)
    modes = np.zeros(20, np.int64)
    told = (1024 * log2_scale).repeat(4, axis=0)
    informed = len(coefficient_coding.encode(levels, modes, told))
    assert informed < 0.9 * len(coefficient_coding.encode(levels, modes, 0 * told))


def test_nothing_costs_next_to_nothing() -> None:
    silent = np.zeros((125, 640), np.int64)
    far_below = np.full((500, 640), -20 * 1024)
    assert len(coefficient_coding.encode(silent, silent[:, 0], far_below)) < 8
    assert len(mel_coding.encode(np.zeros((31, 16, 64), np.int64))) < 24


KNOWN_TABLES = [497350944, 769704783, 319823759, 2263955148, 3314315686, 3700783117, 569256472]
