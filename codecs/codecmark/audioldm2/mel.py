"""Mel front ends: waveform to log-mel spectrogram, in a stated format.

Conventions
-----------
A log-mel spectrogram here is `[channels, frames, bands]`: time before frequency, the layout of
diffusers' AudioLDM2 VAE and of transformers' vocoder. Values are natural logarithms of mel
*magnitudes* (not power), floored at 1e-5.

The default is AudioLDM2's own 16 kHz front end: Slaney mel filters, periodic Hann window, and the
padding of its training code (reflected by (n_fft - hop) / 2 on both sides, so that n samples give
exactly n / hop frames, frame t centred on sample hop * t + hop / 2).

References
----------
AudioLDM2 (arXiv 2308.05734), its repositories haoheliu/AudioLDM2 and AudioLDM-training-finetuning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import librosa
import torch

FLOOR = 1e-5
LOG_CEILING = 7.0  # above the log-mel of full scale: a decoder may overshoot, exp() must not


@dataclass(frozen=True)
class MelFormat:
    """Everything that two stages must agree on before one may feed the other."""

    sample_rate_hz: int
    bands: int
    n_fft: int
    hop: int
    lowest_hz: float
    highest_hz: float

    @property
    def padding(self) -> int:
        """Reflected samples on either side."""
        return (self.n_fft - self.hop) // 2


AUDIOLDM2_16K = MelFormat(
    sample_rate_hz=16_000, bands=64, n_fft=1024, hop=160, lowest_hz=0.0, highest_hz=8_000.0
)


def log_mel(waveform: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Return the log-mel spectrogram.

    Parameters
    ----------
    waveform : torch.Tensor, shape=(channels, frames * hop)
        At `mel.sample_rate_hz`, longer than `mel.padding` samples.

    Returns
    -------
    torch.Tensor, shape=(channels, frames, bands)
    """
    padded = torch.nn.functional.pad(waveform[:, None], (mel.padding, mel.padding), "reflect")[:, 0]
    magnitude = stft(padded, mel).abs()
    return (magnitude @ filters(mel, waveform.device).T).clamp(min=FLOOR).log()


def magnitude_from_mel(log_mel: torch.Tensor, mel: MelFormat, iterations: int = 64) -> torch.Tensor:
    """Estimate linear magnitudes `[channels, frames, n_fft / 2 + 1]` from a log-mel spectrogram.

    Non-negative least squares by multiplicative updates (Lee and Seung, NIPS 2000), started from
    the clipped pseudo-inverse; deterministic.
    """
    target = log_mel.clamp(max=LOG_CEILING).exp()
    bank = filters(mel, log_mel.device)
    tiny = torch.finfo(target.dtype).tiny
    estimate = (target @ _pseudo_inverse(mel, log_mel.device).T).clamp(min=FLOOR)
    numerator = target @ bank
    gram = bank.T @ bank
    for _ in range(iterations):
        estimate *= numerator / (estimate @ gram).clamp(min=tiny)
    return estimate


def stft(padded: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Return the complex STFT `[channels, frames, n_fft / 2 + 1]` of `[channels, samples]`.

    Frames start at multiples of the hop, without padding.
    """
    frames = padded.unfold(-1, mel.n_fft, mel.hop) * window(mel, padded.device)
    spectrum: torch.Tensor = torch.fft.rfft(frames)
    return spectrum


def inverse_stft(spectrum: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Return the least-squares signal `[channels, samples]` of a complex STFT (Griffin and Lim)."""
    shape = window(mel, spectrum.device)
    frames = torch.fft.irfft(spectrum, n=mel.n_fft) * shape
    weight = (shape * shape).expand(1, frames.shape[1], -1)
    return _overlap_add(frames, mel) / _overlap_add(weight, mel).clamp(min=1e-8)


@cache
def filters(mel: MelFormat, device: torch.device) -> torch.Tensor:
    """Return the mel filter bank `[bands, n_fft / 2 + 1]`."""
    bank = librosa.filters.mel(
        sr=mel.sample_rate_hz,
        n_fft=mel.n_fft,
        n_mels=mel.bands,
        fmin=mel.lowest_hz,
        fmax=mel.highest_hz,
    )
    return torch.from_numpy(bank).to(device)


@cache
def window(mel: MelFormat, device: torch.device) -> torch.Tensor:
    """Return the periodic Hann window `[n_fft]`."""
    return torch.hann_window(mel.n_fft, device=device)


@cache
def _pseudo_inverse(mel: MelFormat, device: torch.device) -> torch.Tensor:
    inverse: torch.Tensor = torch.linalg.pinv(filters(mel, device))
    return inverse


def _overlap_add(frames: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    length = (frames.shape[1] - 1) * mel.hop + mel.n_fft
    folded = torch.nn.functional.fold(
        frames.transpose(1, 2), (1, length), (1, mel.n_fft), stride=(1, mel.hop)
    )
    return folded[:, 0, 0]
