"""Mel front ends: waveform to log-mel spectrogram, in an explicit format.

Conventions
-----------
A log-mel spectrogram is `[channels, frames, bands]`: time before frequency, as in diffusers'
AudioLDM2 VAE and transformers' vocoder. Values are logarithms of mel *magnitudes* (not power) above
a floor. `MelFormat` states everything that two stages must agree on.

Paddings
--------
`training`: reflection by (n_fft - hop) / 2 on both sides, so n samples give n / hop frames, and
frame t is centred on sample hop * t + hop / 2, as in AudioLDM2's and HiFi-GAN's training code.
`centred`: reflection by n_fft / 2, which gives n / hop + 1 frames, frame t centred on hop * t, as
in AudioLDM2's inference code, and by default in librosa.

References
----------
AudioLDM2 (arXiv 2308.05734), its repositories haoheliu/AudioLDM2 and AudioLDM-training-finetuning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import librosa
import torch

from codecmark.mel.stft import Framing, Pair, inverse_stft, stft

LOG_CEILING = 7.0  # above the log-mel of full scale; keeps exp() of decoder output finite


@dataclass(frozen=True)
class MelFormat:
    """Everything that two stages must agree on before one may feed the other.

    Attributes
    ----------
    lowest_hz, highest_hz : float
        Band edges of the filter bank.
    padding : {"training", "centred"}
        See the module.
    floor : float
        Smaller magnitudes are raised to it.
    log_base : float
        e for natural logarithms.
    htk : bool
        Whether to use the HTK mel scale instead of Slaney's.
    equal_area : bool
        Whether filters have equal area (Slaney's normalisation) instead of a peak of 1.
    """

    sample_rate_hz: int
    bands: int
    n_fft: int
    hop: int
    lowest_hz: float
    highest_hz: float
    padding: Literal["training", "centred"] = "training"
    floor: float = 1e-5
    log_base: float = math.e
    htk: bool = False
    equal_area: bool = True

    @property
    def framing(self) -> Framing:
        """Length and hop of the frames."""
        return Framing(self.n_fft, self.hop)

    @property
    def reflected(self) -> int:
        """Number of samples reflected on each side."""
        return (self.n_fft - self.hop) // 2 if self.padding == "training" else self.n_fft // 2

    def frames(self, samples: int, multiple: int = 1) -> int:
        """Return the number of frames that hold `samples`, rounded up to a multiple."""
        needed = -(-samples // self.hop) + (self.padding == "centred")
        # a signal shorter than its reflection cannot be padded
        needed = max(needed, -(-(self.reflected + 1) // self.hop) + 1)
        return -(-needed // multiple) * multiple

    def samples(self, frames: int) -> int:
        """Return the signal length in samples that gives exactly `frames`."""
        return self.hop * (frames - (self.padding == "centred"))

    def describe(self) -> str:
        """Return the format in words, for messages."""
        base = "natural log" if self.log_base == math.e else f"log base {self.log_base:g}"
        return (
            f"{self.bands} mel bands at {self.sample_rate_hz} Hz, n_fft {self.n_fft}, hop "
            f"{self.hop}, {self.lowest_hz:g} to {self.highest_hz:g} Hz, {base}, "
            f"floor {self.floor:g}, {'HTK' if self.htk else 'Slaney'} scale, filters of equal "
            f"{'area' if self.equal_area else 'height'}, {self.padding} padding"
        )


def log_mel(waveform: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Return the log-mel spectrogram.

    Parameters
    ----------
    waveform : torch.Tensor, shape=(channels, samples)
        At `mel.sample_rate_hz`, of a length that `mel.samples` gives.

    Returns
    -------
    torch.Tensor, shape=(channels, frames, bands)
    """
    return log_of(linear_spectrum(waveform, mel).abs(), mel)


def linear_spectrum(waveform: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Return the complex STFT of the mel's frames, `[channels, frames, n_fft / 2 + 1]`."""
    padded = torch.nn.functional.pad(waveform[:, None], (mel.reflected, mel.reflected), "reflect")
    return stft(padded[:, 0], mel.framing)


def log_of(magnitude: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Return the log-mel of STFT magnitudes."""
    bands = magnitude @ filters(mel, magnitude.device).T
    return bands.clamp(min=mel.floor).log() / math.log(mel.log_base)


def waveform_of(spectrum: Pair, mel: MelFormat) -> torch.Tensor:
    """Return the signal `[channels, samples]` whose `linear_spectrum` is nearest to `spectrum`."""
    padded = inverse_stft(torch.complex(*spectrum), mel.framing)
    first = mel.reflected
    return padded[:, first : first + mel.samples(spectrum[0].shape[1])]


def magnitude_from_mel(log_mel: torch.Tensor, mel: MelFormat, iterations: int = 32) -> torch.Tensor:
    """Estimate linear magnitudes `[channels, frames, n_fft / 2 + 1]` from a log-mel spectrogram.

    Non-negative least squares by multiplicative updates (Lee and Seung, NIPS 2000), starting from
    the clipped pseudo-inverse, which 0 iterations return. Each update is extrapolated to
    factor ** 1.5: exponents below 2 are stable near a solution, and 43 such updates come as close
    to the mel as 64 plain ones. Deterministic.
    """
    target = (log_mel * math.log(mel.log_base)).clamp(max=LOG_CEILING).exp()
    bank = filters(mel, log_mel.device)
    tiny = torch.finfo(target.dtype).tiny
    estimate = (target @ _pseudo_inverse(mel, log_mel.device).T).clamp(min=mel.floor)
    numerator = target @ bank
    for _ in range(iterations):
        modelled = ((estimate @ bank.T) @ bank).clamp_(min=tiny)
        factor = torch.div(numerator, modelled, out=modelled)
        estimate *= factor
        estimate *= factor.sqrt_()
    return estimate


@cache
@torch.inference_mode(mode=False)
def filters(mel: MelFormat, device: torch.device) -> torch.Tensor:
    """Return the mel filter bank `[bands, n_fft / 2 + 1]`."""
    bank = librosa.filters.mel(
        sr=mel.sample_rate_hz,
        n_fft=mel.n_fft,
        n_mels=mel.bands,
        fmin=mel.lowest_hz,
        fmax=mel.highest_hz,
        htk=mel.htk,
        norm="slaney" if mel.equal_area else None,
    )
    return torch.from_numpy(bank).to(device)


@cache
@torch.inference_mode(mode=False)
def _pseudo_inverse(mel: MelFormat, device: torch.device) -> torch.Tensor:
    inverse: torch.Tensor = torch.linalg.pinv(filters(mel, device))
    return inverse
