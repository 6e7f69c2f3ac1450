"""STFT and mel filter bank for the waveform layers, on one thread and without BLAS.

Signals `[frames * 160]` are zero outside; frame t of the STFT is centred on sample 160 * t + 80, as
in AudioLDM2's mel.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray

from codecmark.layered.context_mixing import Ints
from codecmark.layered.mdct import Floats
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import filters

Singles = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

_N_FFT, _HOP = AUDIOLDM2.n_fft, AUDIOLDM2.hop
_REFLECTED = AUDIOLDM2.reflected


def log2_mel(signal: Floats) -> Floats:
    """Return the log2 mel magnitudes `[frames, 64]` of `[samples]`, a whole number of hops.

    Like `mel.front_end.log_mel`, but zero-padded instead of reflected, and in float64 on one
    thread.
    """
    windowed = _frames(np.pad(signal, _REFLECTED)) * _window()
    magnitude = np.abs(scipy.fft.rfft(windowed, axis=1))
    bands: Floats = np.log2(np.maximum(to_bands(magnitude, *bank()), AUDIOLDM2.floor))
    return bands


def _frames(padded: NDArray[Any]) -> NDArray[Any]:
    return np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::_HOP]


def stft(signal: Singles) -> Spectrum:
    """Return the STFT `[frames, 513]` of a signal."""
    windowed = _frames(np.pad(signal, _REFLECTED)) * _window().astype(np.float32)
    spectrum: Spectrum = scipy.fft.rfft(windowed, axis=1)
    return spectrum


def istft(spectrum: Spectrum) -> Singles:
    """Return the signal whose STFT is nearest in the least-squares sense, without padding."""
    frames = scipy.fft.irfft(spectrum, _N_FFT, axis=1) * _window().astype(np.float32)
    added = _overlap_add(frames)
    return added[_REFLECTED : _REFLECTED + len(frames) * _HOP] / _weight(len(frames))


@numba.njit(cache=True)
def _overlap_add(frames: Singles) -> Singles:
    count, size = frames.shape
    out = np.zeros((count - 1) * 160 + size, np.float32)
    for t in range(count):
        for i in range(size):
            out[160 * t + i] += frames[t, i]
    return out


@cache
def _window() -> Floats:
    window: Floats = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_N_FFT) / _N_FFT)
    return window


def _weight(frames: int) -> Singles:
    squared = np.broadcast_to((_window() ** 2).astype(np.float32), (frames, _N_FFT))
    added = _overlap_add(np.ascontiguousarray(squared))
    return np.maximum(added[_REFLECTED : _REFLECTED + frames * _HOP], np.float32(1e-8))


@cache
def bank() -> tuple[Singles, Ints, Ints]:
    """Return the filter bank `[64, 513]`, and the first and the end bin of each band."""
    bank = filters(AUDIOLDM2, torch.device("cpu")).numpy().astype(np.float32)
    used = bank > 0
    starts = used.argmax(axis=1).astype(np.int64)
    ends = bank.shape[1] - used[:, ::-1].argmax(axis=1).astype(np.int64)
    return bank, starts, ends


@cache
def widths() -> Singles:
    """Return the sum of each band's weights `[64]`."""
    widths: Singles = bank()[0].sum(axis=1)
    return widths


@numba.njit(cache=True)
def to_bands(magnitude: NDArray[Any], bank: Singles, starts: Ints, ends: Ints) -> NDArray[Any]:
    """Sum magnitudes into bands, in plain loops that do not depend on BLAS threads."""
    out = np.zeros((magnitude.shape[0], bank.shape[0]), magnitude.dtype)
    for t in range(magnitude.shape[0]):
        for band in range(bank.shape[0]):
            total = magnitude[t, 0] * 0
            for k in range(starts[band], ends[band]):
                total += magnitude[t, k] * bank[band, k]
            out[t, band] = total
    return out


@numba.njit(cache=True)
def from_bands(values: Singles, bank: Singles, starts: Ints, ends: Ints) -> Singles:
    """Return for each bin the mean of its bands' values, weighted by the filter bank."""
    count = values.shape[0]
    out = np.zeros((count, bank.shape[1]), np.float32)
    weight = np.zeros(bank.shape[1], np.float32)
    for band in range(bank.shape[0]):
        for k in range(starts[band], ends[band]):
            weight[k] += bank[band, k]
    for t in range(count):
        for band in range(bank.shape[0]):
            for k in range(starts[band], ends[band]):
                out[t, k] += values[t, band] * bank[band, k]
        for k in range(bank.shape[1]):
            if weight[k] > 0:
                out[t, k] /= weight[k]
    return out
