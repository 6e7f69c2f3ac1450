"""The clock of recorded speech: the position of a voice within its period, sample by sample.

The vocoder takes a clock, see `mel.harmonic.excitation`. In decoding, its start is arbitrary; in
training it is the recording's own clock, so that the target phases follow from the inputs.

Conventions: knots are 80 samples apart at 16 kHz; a track is `[knots, 2]` float32: the clock in
cycles modulo 1, and its advance to the next knot in cycles (0 if unvoiced).

References
----------
pYIN: Mauch and Dixon, ICASSP 2014, by librosa.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KNOT = 80
LOWEST_HZ, HIGHEST_HZ = 60.0, 500.0
_FRAME = 1024
_STEPS_PER_OCTAVE = 48  # coarse, as the phase of the fundamental refines the clock
_PITCHES_HZ = LOWEST_HZ * 2 ** np.arange(0, np.log2(HIGHEST_HZ / LOWEST_HZ), 1 / _STEPS_PER_OCTAVE)
_REACH = 12  # largest change of the pitch within 10 ms, in steps
_VOICED, _OCTAVE_COST, _JUMP_COST, _CHANGE_COST = 0.45, 0.01, 0.35, 0.14
_SMOOTHING = 1281  # samples of the Hann window that averages the fundamental's phase: 80 ms

Track = NDArray[np.float32]


def track(samples: NDArray[np.float32], rate_hz: int = 16_000) -> Track:
    """Return the clock of mono speech `[samples]`, aligned to the phase of its fundamental."""
    pitch = _pitch_hz(samples, rate_hz)
    knots = len(samples) // KNOT + 1
    pitch = np.pad(pitch, (0, max(0, knots - len(pitch))))[:knots]
    clock = np.concatenate([[0.0], np.cumsum(pitch[:-1] * (KNOT / rate_hz))])
    clock += _fundamental_phase(samples, pitch, clock) / (2 * np.pi)
    both = (pitch[:-1] > 0) & (pitch[1:] > 0)
    advance = np.zeros(knots)
    advance[:-1] = np.where(both, np.diff(clock), 0.0)
    # a clock outside these rates, e.g. backwards, is noise in an unvoiced section
    limits = np.array([LOWEST_HZ / 1.5, HIGHEST_HZ * 1.5]) * KNOT / rate_hz
    advance[(advance < limits[0]) | (advance > limits[1])] = 0.0
    return np.stack([clock % 1.0, advance], axis=1).astype(np.float32)


def _pitch_hz(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Return the pitch at the knots, 0 if unvoiced: the best path through the candidates."""
    strengths = _strengths(samples, rate_hz)
    voiced = _VOICED - strengths  # costs
    pitches = _PITCHES_HZ
    voiced -= _OCTAVE_COST * np.log2(pitches / LOWEST_HZ)
    frames, count = voiced.shape
    costs = np.append(voiced[0], 0.0)
    came_from = np.zeros((frames, count + 1), np.int16)
    reach = np.arange(-_REACH, _REACH + 1)
    jumps = _JUMP_COST * np.abs(reach) / _STEPS_PER_OCTAVE
    padded = np.full(count + 2 * _REACH, np.inf)
    rows = np.arange(count)
    for frame in range(1, frames):
        padded[_REACH:-_REACH] = costs[:-1]
        moves = np.lib.stride_tricks.sliding_window_view(padded, len(reach)) + jumps
        step = moves.argmin(axis=1)
        stay = moves[rows, step]
        begin = costs[-1] + _CHANGE_COST
        came_from[frame, :-1] = np.where(stay < begin, rows + reach[step], count)
        best = int(costs[:-1].argmin())
        end = costs[best] + _CHANGE_COST
        came_from[frame, -1] = best if end < costs[-1] else count
        rest = min(end, costs[-1])
        costs = np.append(np.minimum(stay, begin) + voiced[frame], rest)
    path = np.empty(frames, int)
    path[-1] = costs.argmin()
    for frame in range(frames - 1, 0, -1):
        path[frame - 1] = came_from[frame, path[frame]]
    at_frames = np.append(pitches, 0.0)[path]
    doubled = np.zeros(2 * frames)
    doubled[::2] = at_frames
    both = (at_frames[:-1] > 0) & (at_frames[1:] > 0)
    doubled[1:-1:2] = np.where(both, (at_frames[:-1] + at_frames[1:]) / 2, 0.0)
    return doubled


def _strengths(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Return the periodicity of each frame at each pitch, `[frames, pitches]`, up to 1."""
    padded = np.pad(samples.astype(np.float64), _FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[:: 2 * KNOT]
    window = np.hanning(_FRAME)
    window_correlation = _autocorrelation(window[None])[0]
    lags = rate_hz / _PITCHES_HZ
    shorter = lags.astype(int)
    weight = lags - shorter
    strengths = []
    for start in range(0, len(frames), 512):
        part = frames[start : start + 512]
        part = (part - part.mean(axis=1, keepdims=True)) * window
        correlation = _autocorrelation(part)
        correlation /= np.maximum(window_correlation, 1e-3 * window_correlation[0])
        correlation /= np.maximum(correlation[:, :1], 1e-7)  # near silence has no pitch
        strengths.append(
            correlation[:, shorter] * (1 - weight) + correlation[:, shorter + 1] * weight
        )
    return np.concatenate(strengths)


def _autocorrelation(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    power = np.abs(np.fft.rfft(frames, 2 * _FRAME)) ** 2
    return np.asarray(np.fft.irfft(power)[:, : _FRAME // 2])


def _fundamental_phase(
    samples: NDArray[np.float32], pitch: NDArray[np.float64], clock: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the phase in radians by which the fundamental leads the integrated pitch, at knots."""
    positions = np.arange(len(samples)) / KNOT
    knots = np.arange(len(clock))
    turning = np.exp(-2j * np.pi * np.interp(positions, knots, clock))
    voiced = np.interp(positions, knots, (pitch > 0).astype(float))
    window = np.hanning(_SMOOTHING)
    size = 1 << (len(samples) + _SMOOTHING).bit_length()
    spectrum = np.fft.fft(samples * turning * voiced, size) * np.fft.fft(window, size)
    smooth = np.fft.ifft(spectrum)[_SMOOTHING // 2 :][: len(samples)]
    at_knots = smooth[np.minimum(knots * KNOT, len(samples) - 1)]
    return np.asarray(np.unwrap(np.angle(at_knots)))
