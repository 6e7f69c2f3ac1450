"""Initial phases for phase retrieval, in a single pass over the magnitudes.

Phases refer to the start of each frame, as in `stft`. The literature refers them to the middle of
the frame, which differs by pi * k for bin k.

References
----------
SPSI: Beauregard, Harish and Wyse, IEEE DSP 2015. PGHI: Prusa, Balazs and Sondergaard, IEEE/ACM
TASLP 25(5), 2017.
"""

from __future__ import annotations

import heapq

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from codecmark.mel.stft import Framing

_HANN_GAMMA = 0.25645  # the Gaussian nearest to a Hann window of n samples has gamma * n^2
_TOLERANCE = 1e-6  # of the strongest bin: weaker bins get random phases


def spsi(magnitude: torch.Tensor, framing: Framing) -> torch.Tensor:
    """Return phases `[channels, frames, bins]` that advance at the frequency of the nearest peak.

    Single-pass spectrogram inversion (SPSI).
    """
    levels = magnitude.cpu().numpy().astype(np.float64)
    phases = np.stack([_spsi(channel, framing.n_fft, framing.hop) for channel in levels])
    return torch.from_numpy(phases.astype(np.float32))


def pghi(magnitude: torch.Tensor, framing: Framing) -> torch.Tensor:
    """Return phases `[channels, frames, bins]` integrated from the gradient of the log-magnitude.

    Phase-gradient heap integration (PGHI): for a Gaussian window, the phase gradient follows from
    the magnitude; it is integrated from the strongest bins downwards. Bins 120 dB below the
    strongest get seeded random phases.
    """
    levels = magnitude.cpu().numpy().astype(np.float64)
    random = np.random.default_rng(0).uniform(0, 2 * np.pi, levels.shape[1:])
    phases = [_pghi(channel, framing.n_fft, framing.hop, random) for channel in levels]
    return torch.from_numpy(np.stack(phases).astype(np.float32))


@numba.njit(cache=True)
def _spsi(magnitude: NDArray[np.float64], n_fft: int, hop: int) -> NDArray[np.float64]:
    frames, bins = magnitude.shape
    phases = np.zeros((frames, bins))
    running = np.zeros(bins)
    for t in range(frames):
        level = magnitude[t]
        advanced = running.copy()
        left_edge = 0
        for k in range(1, bins - 1):
            if level[k] <= level[k - 1] or level[k] < level[k + 1]:
                continue
            a, b, c = level[k - 1], level[k], level[k + 1]
            curvature = a - 2 * b + c
            offset = 0.5 * (a - c) / curvature if curvature != 0 else 0.0
            phase = running[k] + 2 * np.pi * hop * (k + offset) / n_fft
            right = k + 1  # a peak determines the bins up to the neighbouring valleys
            while right < bins - 1 and level[right + 1] <= level[right]:
                right += 1
            for j in range(left_edge, right + 1):
                advanced[j] = phase + np.pi * (j - k)
            left_edge = right
        running = advanced
        phases[t] = running
    return phases


@numba.njit(cache=True)
def _pghi(
    magnitude: NDArray[np.float64], n_fft: int, hop: int, random: NDArray[np.float64]
) -> NDArray[np.float64]:
    frames, bins = magnitude.shape
    strongest = magnitude.max()
    phases = random.copy()
    if strongest == 0:
        return phases
    floor = strongest * 1e-10
    log = np.log(np.maximum(magnitude, floor))
    gamma = _HANN_GAMMA * n_fft * n_fft
    along_time = np.zeros((frames, bins))  # radians per hop
    along_frequency = np.zeros((frames, bins))  # radians per bin, relative to the frame's start
    for t in range(frames):
        for k in range(bins):
            below, above = max(k - 1, 0), min(k + 1, bins - 1)
            before, after = max(t - 1, 0), min(t + 1, frames - 1)
            by_bin = (log[t, above] - log[t, below]) / max(above - below, 1)
            by_hop = (log[after, k] - log[before, k]) / max(after - before, 1)
            along_time[t, k] = hop * n_fft / gamma * by_bin + 2 * np.pi * hop * k / n_fft
            along_frequency[t, k] = -gamma / (hop * n_fft) * by_hop - np.pi
    waiting = magnitude > strongest * _TOLERANCE
    order = np.argsort(-magnitude.ravel())
    for seed in order:
        t0, k0 = seed // bins, seed % bins
        if not waiting[t0, k0]:
            if magnitude[t0, k0] <= strongest * _TOLERANCE:
                break
            continue
        waiting[t0, k0] = False
        phases[t0, k0] = 0.0
        heap = [(-magnitude[t0, k0], t0, k0)]
        while len(heap) > 0:
            _, t, k = heapq.heappop(heap)
            here = phases[t, k]
            if t + 1 < frames and waiting[t + 1, k]:
                phases[t + 1, k] = here + 0.5 * (along_time[t, k] + along_time[t + 1, k])
                waiting[t + 1, k] = False
                heapq.heappush(heap, (-magnitude[t + 1, k], t + 1, k))
            if t > 0 and waiting[t - 1, k]:
                phases[t - 1, k] = here - 0.5 * (along_time[t, k] + along_time[t - 1, k])
                waiting[t - 1, k] = False
                heapq.heappush(heap, (-magnitude[t - 1, k], t - 1, k))
            if k + 1 < bins and waiting[t, k + 1]:
                phases[t, k + 1] = here + 0.5 * (along_frequency[t, k] + along_frequency[t, k + 1])
                waiting[t, k + 1] = False
                heapq.heappush(heap, (-magnitude[t, k + 1], t, k + 1))
            if k > 0 and waiting[t, k - 1]:
                phases[t, k - 1] = here - 0.5 * (along_frequency[t, k] + along_frequency[t, k - 1])
                waiting[t, k - 1] = False
                heapq.heappush(heap, (-magnitude[t, k - 1], t, k - 1))
    return phases
