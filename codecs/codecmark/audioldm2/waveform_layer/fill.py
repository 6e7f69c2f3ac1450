"""The decoder's part that no bits are spent on: what was not coded, at the decoded mel's level.

Start: random signs at the mel's level where a coefficient is zero, never louder than half a step:
what is louder was coded. Then a few rounds of phase retrieval with two constraints: bins of the
STFT that the waveform layer carries stay as they are, and the others keep their shape but are
scaled, band by band, until the mel of the whole is the decoded one.

What is louder costs more SNR, and adds less to what is heard: the fill is turned down as it comes
near the level that would have been coded. How far is the encoder's choice, sent with the layer.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numba
import numpy as np
import scipy.fft
import torch
from numpy.typing import NDArray

from codecmark.audioldm2.formats import AUDIOLDM2
from codecmark.audioldm2.mel import filters
from codecmark.audioldm2.waveform_layer.bit_models import Ints
from codecmark.audioldm2.waveform_layer.coefficient_coding import at_coefficients
from codecmark.audioldm2.waveform_layer.lapped import Floats, Modes, synthesise
from codecmark.audioldm2.waveform_layer.mel_coding import UNIT

GAINS = 8  # settings of the fill's gain

_N_FFT, _HOP = AUDIOLDM2.n_fft, AUDIOLDM2.hop
_REFLECTED = AUDIOLDM2.reflected
_SIGMA = 0.9  # of a coefficient of the lapped transform, for a mel magnitude of 1
_STFT_SIGMA = 19.6  # of an STFT bin, for a coefficient of 1: root of the window's energy
_LOUDEST = 0.5  # of a step: what is louder would have been coded
_KNEE = 0.3  # of a step: where the gain has come all the way down
_MOST = 4.0  # of a band's correction in one pass
_PASSES = 3

Singles = NDArray[np.float32]
Spectrum = NDArray[np.complex64]


def log2_mel(signal: Floats) -> Floats:
    """Return the log2 of the mel magnitudes `[frames, 64]` of `[samples]`, a whole number of hops.

    The signal counts as zero outside; otherwise as `mel.log_mel`, in float64 on one thread.
    """
    windowed = _frames(np.pad(signal, _REFLECTED)) * _window()
    magnitude = np.abs(scipy.fft.rfft(windowed, axis=1))
    bands: Floats = np.log2(np.maximum(_to_bands(magnitude, *_bank()), AUDIOLDM2.floor))
    return bands


class Filled:
    """A waveform layer and its fill, before the fill's gain is chosen.

    Parameters
    ----------
    coefficients : Floats, shape=(superframes, 640)
        Of the waveform layer, dequantised; zeros without one.
    mel, envelope : Ints, shape=(frames, 64) and (frames, 640)
        Decoded mel in 1/1024 of a factor of two, and the same at the transform's bins.
    step : float or None
        The waveform layer's; None without one.
    rounds : int
        Of phase retrieval.
    """

    def __init__(
        self,
        coefficients: Floats,
        modes: Modes,
        mel: Ints,
        envelope: Ints,
        step: float | None,
        rounds: int,
    ) -> None:
        self.coded = synthesise(coefficients, modes).astype(np.float32)
        noise = _noise(coefficients, modes, envelope, step)
        signal = self.coded + synthesise(noise, modes).astype(np.float32)
        target: Singles = np.exp2(mel.astype(np.float32) / UNIT)
        loudest = np.float32(np.inf if step is None else step * _STFT_SIGMA * _LOUDEST)
        carried = _stft(self.coded)
        size = np.abs(carried)
        level = _from_bands((target / _widths()).astype(np.float32), *_bank())
        keep = size > np.minimum(level, loudest)
        size[~keep] = 0
        missing = np.maximum(target - _to_bands(size, *_bank()), 0.05 * target)
        for number in range(rounds):
            spectrum = _stft(signal)
            shape = np.abs(spectrum)
            shape[keep] = 0
            wanted = np.minimum(_scaled_to_mel(shape, missing), loudest)
            spectrum *= wanted / np.maximum(shape, np.float32(1e-12))
            if number < rounds - 1:
                spectrum[keep] = carried[keep]
                signal = _istft(spectrum)
        carried[~keep] = 0
        self._carried, self._fill, self._size = carried, spectrum, wanted
        self._knee = loudest * np.float32(_KNEE / _LOUDEST)

    def signal(self, gain: float) -> Singles:
        """Return the decoded signal `[superframes * 640]`.

        Parameters
        ----------
        gain : float, 0 to 7
            Fill that is about to reach the coded level is turned down to gain / 7, softer fill
            less, and what is far below not at all.
        """
        down = np.float32(1 - gain / (GAINS - 1)) * np.minimum(1, self._size / self._knee)
        return _istft(self._carried + self._fill * (1 - down))


def _scaled_to_mel(shape: Singles, missing: Singles) -> Singles:
    """Return magnitudes of nearly the same shape whose mel is `missing`."""
    for _ in range(_PASSES):
        short = missing / np.maximum(_to_bands(shape, *_bank()), np.float32(1e-9))
        shape = shape * _from_bands(np.minimum(short, np.float32(_MOST)), *_bank())
    return shape


def _noise(coefficients: Floats, modes: Modes, envelope: Ints, step: float | None) -> Floats:
    """Return noise where nothing was coded, with the same signs every time."""
    level = at_coefficients(envelope, modes) / UNIT
    size = 0.8 * _SIGMA * np.exp2(level)
    if step is not None:
        size = np.minimum(size, step / 2)
    signs = np.random.default_rng(0).integers(0, 2, coefficients.shape) * 2 - 1
    noise: Floats = np.where(coefficients == 0, size * signs, 0.0)
    return noise


def _frames(padded: NDArray[Any]) -> NDArray[Any]:
    return np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::_HOP]


def _stft(signal: Singles) -> Spectrum:
    windowed = _frames(np.pad(signal, _REFLECTED)) * _window().astype(np.float32)
    spectrum: Spectrum = scipy.fft.rfft(windowed, axis=1)
    return spectrum


def _istft(spectrum: Spectrum) -> Singles:
    """Return the signal nearest to the spectrum, without the padding."""
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
def _bank() -> tuple[Singles, Ints, Ints]:
    """Return the filter bank `[64, 513]`, and where each band starts and ends."""
    bank = filters(AUDIOLDM2, torch.device("cpu")).numpy().astype(np.float32)
    used = bank > 0
    starts = used.argmax(axis=1).astype(np.int64)
    ends = bank.shape[1] - used[:, ::-1].argmax(axis=1).astype(np.int64)
    return bank, starts, ends


@cache
def _widths() -> Singles:
    widths: Singles = _bank()[0].sum(axis=1)
    return widths


@numba.njit(cache=True)
def _to_bands(magnitude: NDArray[Any], bank: Singles, starts: Ints, ends: Ints) -> NDArray[Any]:
    """Sum magnitudes into bands; plain loops, so the threads of a BLAS play no part."""
    out = np.zeros((magnitude.shape[0], bank.shape[0]), magnitude.dtype)
    for t in range(magnitude.shape[0]):
        for band in range(bank.shape[0]):
            total = magnitude[t, 0] * 0
            for k in range(starts[band], ends[band]):
                total += magnitude[t, k] * bank[band, k]
            out[t, band] = total
    return out


@numba.njit(cache=True)
def _from_bands(values: Singles, bank: Singles, starts: Ints, ends: Ints) -> Singles:
    """Return each bin's mean of its bands' values, weighted as the bands weigh it."""
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
