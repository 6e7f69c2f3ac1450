"""Noise-to-mask ratio: how far the error stands above what the signal itself masks.

Total NMR of the basic version of ITU-R BS.1387 (PEAQ): FFT ear model at 48 kHz, frames of 2048
samples, 109 bands of a quarter Bark from 80 Hz to 18 kHz. Written from the formulas; it has not
been checked against the Recommendation's conformance data. Full scale is taken as 92 dB SPL, as the
Recommendation does where the level of playback is unknown.

References
----------
ITU-R BS.1387-2; Kabal, "An Examination and Interpretation of ITU-R BS.1387", McGill, 2003, whose
readings are followed where the text is ambiguous.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import Samples
from codecmark.errors import MetricError

RATE_HZ = 48_000
_FRAME = 2_048
_HOP = 1_024
_FULL_SCALE_DB_SPL = 92.0
_LEVEL_TONE_HZ = 1_019.5
_BAND_BARK = 0.25
_LOWEST_HZ, _HIGHEST_HZ = 80.0, 18_000.0
_BARK_HZ = 650.0
_FLOOR = 1e-12
_ADDITION = 0.4  # the power in which spread excitations add
_LOWER_SLOPE_DB = 27.0  # a Bark
_FASTEST_S, _AT_100_HZ_S = 0.008, 0.030  # time constants of what is masked afterwards
_SOUNDING = 200 / 32_768  # a frame begins to count where five samples in a row add up to this
_BLOCK = 64  # frames at once: bounds the memory

_Array = NDArray[np.float64]


def nmr_db(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Total noise-to-mask ratio in dB; below 0 the noise is masked on average, lower is better.

    Mean over frames and bands of noise over mask, then over channels in dB.

    Raises
    ------
    MetricError
        At another rate than 48 kHz, for equal signals, or for a reference without sound.
    """
    if sample_rate_hz != RATE_HZ:
        raise MetricError(f"not defined for {sample_rate_hz} Hz: NMR is for {RATE_HZ} Hz")
    if np.array_equal(reference, decoded):
        raise MetricError("infinite: output equals input")
    ratios = [
        _channel(ours.astype(np.float64), theirs.astype(np.float64))
        for ours, theirs in zip(reference, decoded, strict=True)
    ]
    with np.errstate(divide="ignore"):
        # a channel that is a copy adds nothing to hear: its floor stands in
        return float(np.mean(10 * np.log10(np.maximum(ratios, _FLOOR))))


def _channel(ours: _Array, theirs: _Array) -> float:
    first, last = _sounding(ours)
    signal, error = _excitations(ours[first:last], theirs[first:last])
    mask = _smeared(_spread(signal + _internal_noise())) * _offset()
    return float(np.mean(error / mask))


def _sounding(signal: _Array) -> tuple[int, int]:
    """Return where the signal begins and ends: silence before and after it is not judged."""
    sums = np.convolve(np.abs(signal), np.ones(5), "valid")
    loud = np.flatnonzero(sums > _SOUNDING)
    if not len(loud) or len(signal) < _FRAME:
        raise MetricError("undefined: no sound in the reference, or too short")
    first, last = int(loud[0]), int(loud[-1]) + 5
    return (first, last) if last - first >= _FRAME else (0, len(signal))


def _excitations(ours: _Array, theirs: _Array) -> tuple[_Array, _Array]:
    """Return `[frames, bands]` of energy in the reference, and in the difference of spectra."""
    a, b = (np.sqrt(_spectra(each)) for each in (ours, theirs))
    bands = _bands()
    return tuple(  # type: ignore[return-value]
        np.maximum(power @ bands, _FLOOR) for power in (a**2, (a - b) ** 2)
    )


def _spectra(signal: _Array) -> _Array:
    """Return power `[frames, 1025]` at the ear drum; 1 is the power of 0 dB."""
    frames = np.lib.stride_tricks.sliding_window_view(signal, _FRAME)[::_HOP]
    power: _Array = np.abs(np.fft.rfft(frames * _window())) ** 2
    return power * _ear()


@cache
def _window() -> _Array:
    """Return a Hann window, scaled so that a sine of full scale peaks at the level it stands for.

    Of a tone between two bins the peak is taken as it comes.
    """
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / (_FRAME - 1))
    tone = np.sin(2 * np.pi * _LEVEL_TONE_HZ / RATE_HZ * np.arange(_FRAME))
    peak = np.abs(np.fft.rfft(tone * window)).max()
    scaled: _Array = window * (10 ** (_FULL_SCALE_DB_SPL / 20) / peak)
    return scaled


@cache
def _ear() -> _Array:
    """Return what outer and middle ear do to power, by bin."""
    khz = np.arange(1, _FRAME // 2 + 1) * RATE_HZ / _FRAME / 1_000
    weight_db = -2.184 * khz**-0.8 + 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) - 0.001 * khz**3.6
    return np.concatenate(([0.0], 10 ** (weight_db / 10)))


@cache
def _edges() -> _Array:
    """Return the bands' edges in Hz, `[110]`; the last band is cut off at 18 kHz."""
    low, high = (7 * np.arcsinh(hz / _BARK_HZ) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    bark = np.append(np.arange(low, high, _BAND_BARK), high)
    edges: _Array = _BARK_HZ * np.sinh(bark / 7)
    return edges


@cache
def _centres() -> _Array:
    bark = 7 * np.arcsinh(_edges() / _BARK_HZ)
    centres: _Array = _BARK_HZ * np.sinh((bark[:-1] + bark[1:]) / 2 / 7)
    return centres


@cache
def _bands() -> _Array:
    """Return which share of each bin falls into each band, `[1025, bands]`."""
    width = RATE_HZ / _FRAME
    bins = np.arange(_FRAME // 2 + 1)[:, None] * width
    upper = np.minimum(_edges()[None, 1:], bins + width / 2)
    lower = np.maximum(_edges()[None, :-1], bins - width / 2)
    shares: _Array = np.maximum(0, upper - lower) / width
    return shares


def _internal_noise() -> _Array:
    noise: _Array = 10 ** (0.1456 * (_centres() / 1_000) ** -0.8)
    return noise


def _offset() -> _Array:
    """Return mask over excitation, by band: -3 dB, from 12 Bark above the lowest on less."""
    bark = np.arange(len(_centres())) * _BAND_BARK
    offset: _Array = 10 ** (-np.where(bark <= 12, 3.0, 0.25 * bark) / 10)
    return offset


def _spread(excitation: _Array) -> _Array:
    """Return what reaches each band from all; upwards the further, the louder it is."""
    spread = [
        _reached(excitation[start : start + _BLOCK]) for start in range(0, len(excitation), _BLOCK)
    ]
    normal = _reached(np.ones((1, excitation.shape[1])))
    joined: _Array = np.concatenate(spread) / normal
    return joined


def _reached(excitation: _Array) -> _Array:
    count = excitation.shape[1]
    steps = np.arange(count)
    # logarithms of what one band more takes off: downwards, and upwards by frequency and level
    down = -_LOWER_SLOPE_DB / 10 * _BAND_BARK * np.log(10)
    level_db = 10 * np.log10(excitation)
    up = (-24 - 230 / _centres() + 0.2 * level_db) / 10 * _BAND_BARK * np.log(10)
    # by index: frame, from band, to band
    distance = steps[None, :] - steps[:, None]
    loss = np.where(distance < 0, -distance * down, distance * up[:, :, None])
    lower = (1 - np.exp(down * (steps + 1))) / (1 - np.exp(down))
    upper = _geometric(up, count - steps)
    source = excitation / (lower + upper - 1)
    power = np.exp(_ADDITION * (np.log(source)[:, :, None] + loss)).sum(axis=1)
    reached: _Array = power ** (1 / _ADDITION)
    return reached


def _geometric(logarithm: _Array, terms: NDArray[np.int_]) -> _Array:
    """Return the sum of the first `terms` powers of exp(`logarithm`)."""
    flat = np.abs(logarithm) < 1e-9  # each power is 1
    safe = np.where(flat, -1.0, logarithm)
    return np.where(flat, terms, np.expm1(safe * terms) / np.expm1(safe))


def _smeared(excitation: _Array) -> _Array:
    """Return the excitation with what is left of earlier frames."""
    constant_s = _FASTEST_S + 100 / _centres() * (_AT_100_HZ_S - _FASTEST_S)
    kept = np.exp(-_HOP / RATE_HZ / constant_s)
    smeared = np.empty_like(excitation)
    past = np.zeros(excitation.shape[1])
    for index, frame in enumerate(excitation):
        past = kept * past + (1 - kept) * frame
        smeared[index] = np.maximum(past, frame)
    return smeared
