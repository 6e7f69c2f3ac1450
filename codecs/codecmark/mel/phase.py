"""Phase retrieval: finding a waveform whose STFT magnitudes are close to given ones.

References
----------
Griffin and Lim, IEEE ASSP 32(2), 1984. Accelerated: Perraudin, Balazs and Sondergaard, WASPAA
2013. ADMM: Masuyama, Yatabe and Oikawa, IEEE SPL 26(1), 2019.
"""

from __future__ import annotations

from typing import Literal

import torch

from codecmark.mel import griffinlim_cpu
from codecmark.mel.initial_phase import pghi, spsi
from codecmark.mel.stft import Framing, inverse_stft, stft

Start = Literal["random", "zero", "spsi", "pghi"]
Method = Literal["griffinlim", "admm"]
ADMM_RHO = 0.1


def retrieve(
    magnitude: torch.Tensor,
    framing: Framing,
    iterations: int,
    *,
    method: Method = "griffinlim",
    momentum: float = 0.99,
    start: Start | torch.Tensor = "random",
    seed: int = 0,
) -> torch.Tensor:
    """Find a signal for STFT magnitudes; deterministic.

    Parameters
    ----------
    magnitude : torch.Tensor, shape=(channels, frames, n_fft / 2 + 1)
    iterations : int
        0 keeps the initial phase.
    method : {"griffinlim", "admm"}
    momentum : float
        For Griffin-Lim: 0 is the original algorithm, 0.99 the accelerated one with librosa's
        default.
    start : {"random", "zero", "spsi", "pghi"} or torch.Tensor
        Initial phase: seeded random, zero, single-pass spectrogram inversion, phase-gradient heap
        integration, or angles in radians with the magnitude's shape.

    Returns
    -------
    torch.Tensor, shape=(channels, (frames - 1) * hop + n_fft)
        Covers all frames; the caller crops reflected samples at both ends.
    """
    phase = _first_phase(magnitude, framing, start, seed)
    if method == "admm":
        phase = _admm(magnitude, framing, phase, iterations)
        return inverse_stft(_scaled(magnitude, phase), framing)
    fused = magnitude.device.type == "cpu" and magnitude.dtype == torch.float32
    iterate = griffinlim_cpu.iterate if fused else _griffinlim
    factor = momentum / (1 + momentum)
    spectrum = iterate(magnitude, framing, _scaled(magnitude, phase), iterations, factor)
    return inverse_stft(spectrum, framing)


def _griffinlim(
    magnitude: torch.Tensor,
    framing: Framing,
    spectrum: torch.Tensor,
    iterations: int,
    factor: float,
) -> torch.Tensor:
    """Alternate between consistent spectra and the given magnitudes, on any device."""
    previous = torch.zeros_like(spectrum)
    for _ in range(iterations):
        rebuilt = stft(inverse_stft(spectrum, framing), framing)
        phase = torch.sgn(torch.add(rebuilt, previous, alpha=-factor) if factor else rebuilt)
        spectrum = _scaled(magnitude, phase)
        previous = rebuilt
    return spectrum


def _admm(
    magnitude: torch.Tensor, framing: Framing, phase: torch.Tensor, iterations: int
) -> torch.Tensor:
    """Alternate between the given magnitudes and consistent spectra, with a dual variable."""
    consistent, dual = _scaled(magnitude, phase), torch.zeros_like(phase)
    for _ in range(iterations):
        phase = torch.sgn(torch.sub(consistent, dual))
        shifted = torch.add(_scaled(magnitude, phase), dual)
        projected = stft(inverse_stft(shifted, framing), framing)
        consistent = torch.lerp(projected, shifted, ADMM_RHO / (1 + ADMM_RHO))
        dual = torch.sub(shifted, consistent)
    return phase


def _first_phase(
    magnitude: torch.Tensor, framing: Framing, start: Start | torch.Tensor, seed: int
) -> torch.Tensor:
    if isinstance(start, torch.Tensor):
        angle = start
    elif start == "random":
        # drawn on the host for one channel, so phases do not depend on device and channel count
        generator = torch.Generator().manual_seed(seed)
        angle = torch.rand(magnitude.shape[1:], generator=generator) * (2 * torch.pi)
        angle = angle.expand_as(magnitude)
    elif start == "zero":
        angle = torch.zeros_like(magnitude)
    else:
        angle = {"spsi": spsi, "pghi": pghi}[start](magnitude, framing)
    return torch.polar(torch.ones_like(magnitude), angle.to(magnitude))


def _scaled(magnitude: torch.Tensor, phase: torch.Tensor) -> torch.Tensor:
    """Return magnitude * phase, computed on the real view, which is several times faster."""
    scaled: torch.Tensor = torch.view_as_real(phase) * magnitude[..., None]
    return torch.view_as_complex(scaled)
