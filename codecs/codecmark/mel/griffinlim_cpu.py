"""Griffin-Lim on the CPU, with two fused loops instead of a dozen passes over memory.

The Fourier transforms are torch's. Between them, an iteration overlap-adds the frames and restores
the given magnitudes; in torch these steps take longer than the transforms.
"""

from __future__ import annotations

import math

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from codecmark.mel.stft import Framing, overlap_weight, window


def iterate(
    magnitude: torch.Tensor,
    framing: Framing,
    spectrum: torch.Tensor,
    iterations: int,
    factor: float,
) -> torch.Tensor:
    """Return the spectrum after the iterations, with the given magnitudes.

    Parameters
    ----------
    magnitude : torch.Tensor, shape=(channels, frames, n_fft / 2 + 1)
        float32, on the CPU.
    spectrum : torch.Tensor
        Complex start, of the same shape.
    factor : float
        Share of the last iteration's consistent spectrum to subtract from this one's.
    """
    levels = magnitude.contiguous().numpy()
    shape = window(framing.n_fft, magnitude.device)
    scale = overlap_weight(framing, magnitude.shape[1], magnitude.device)[0].reciprocal().numpy()
    signal = torch.empty(len(magnitude), framing.signal_length(magnitude.shape[1]))
    previous = torch.zeros_like(spectrum)
    spectrum = spectrum.clone()
    for _ in range(iterations):
        frames = torch.fft.irfft(spectrum, n=framing.n_fft)
        _overlap_add(frames.numpy(), shape.numpy(), scale, framing.hop, signal.numpy())
        rebuilt = torch.fft.rfft(signal.unfold(-1, framing.n_fft, framing.hop) * shape)
        _restore_magnitudes(
            _pairs(rebuilt), _pairs(previous), levels.reshape(-1), np.float32(factor),
            _pairs(spectrum),
        )  # fmt: skip
        previous = rebuilt
    return spectrum


def _pairs(spectrum: torch.Tensor) -> NDArray[np.float32]:
    pairs: NDArray[np.float32] = torch.view_as_real(spectrum).reshape(-1).numpy()
    return pairs


@numba.njit(cache=True)
def _overlap_add(
    frames: NDArray[np.float32],
    shape: NDArray[np.float32],
    scale: NDArray[np.float32],
    hop: int,
    signal: NDArray[np.float32],
) -> None:
    channels, count, n_fft = frames.shape
    for c in range(channels):
        total = signal[c]
        total[:] = 0
        for t in range(count):
            target = total[t * hop : t * hop + n_fft]
            frame = frames[c, t]
            for i in range(n_fft):
                target[i] += frame[i] * shape[i]
        for i in range(len(total)):
            total[i] *= scale[i]


@numba.njit(cache=True)
def _restore_magnitudes(
    rebuilt: NDArray[np.float32],
    previous: NDArray[np.float32],
    magnitude: NDArray[np.float32],
    factor: np.float32,
    out: NDArray[np.float32],
) -> None:
    for i in range(len(magnitude)):
        real = rebuilt[2 * i] - factor * previous[2 * i]
        imaginary = rebuilt[2 * i + 1] - factor * previous[2 * i + 1]
        # the lower bound keeps zero at zero, where the phase is undefined
        power = max(real * real + imaginary * imaginary, np.float32(1e-37))
        gain = magnitude[i] / math.sqrt(power)
        out[2 * i] = real * gain
        out[2 * i + 1] = imaginary * gain
