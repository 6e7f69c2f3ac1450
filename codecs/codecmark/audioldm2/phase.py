"""Phase retrieval: a waveform whose STFT magnitudes come close to given ones."""

from __future__ import annotations

import torch

from codecmark.audioldm2.mel import MelFormat, inverse_stft, stft

_TINY = 1e-16


def griffin_lim(
    magnitude: torch.Tensor,
    mel: MelFormat,
    iterations: int,
    *,
    momentum: float = 0.99,
    seed: int = 0,
) -> torch.Tensor:
    """Accelerated Griffin-Lim from a seeded random phase.

    Parameters
    ----------
    magnitude : torch.Tensor, shape=(channels, frames, n_fft / 2 + 1)
    iterations : int
        0 gives the random phase itself.
    momentum : float
        0 is the original algorithm (Griffin and Lim 1984), 0.99 the accelerated one (Perraudin,
        Balazs and Sondergaard 2013), which is librosa's default too.

    Returns
    -------
    torch.Tensor, shape=(channels, (frames - 1) * hop + n_fft)
        The padded signal; crop `mel.padding` on both sides for the samples that were analysed.
    """
    # drawn on the host for one channel: the same phases on every device and channel count
    generator = torch.Generator().manual_seed(seed)
    angle = torch.rand(magnitude.shape[1:], generator=generator) * (2 * torch.pi)
    phase = torch.polar(torch.ones_like(angle), angle).to(magnitude.device).expand_as(magnitude)
    previous = torch.zeros_like(phase)
    for _ in range(iterations):
        rebuilt = stft(inverse_stft(magnitude * phase, mel), mel)
        step = rebuilt - momentum / (1 + momentum) * previous
        phase = step / (step.abs() + _TINY)
        previous = rebuilt
    return inverse_stft(magnitude * phase, mel)
