"""Losses on waveforms and spectra, each a scalar per batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import librosa
import torch

from codecmark.mel.stft import Pair, window

RESOLUTIONS = ((256, 64, 20), (512, 128, 40), (1024, 256, 64), (2048, 512, 96))  # bands last
_COMPRESSION = 0.3
_FLOOR = 1e-2  # magnitude in an STFT of 1024 points, where full scale is 256


@dataclass(frozen=True)
class Spectral:
    """Distances of magnitudes, averaged over resolutions.

    Attributes
    ----------
    log : torch.Tensor
        Distance of log-magnitudes, with equal weight for every bin.
    bands : torch.Tensor
        The same in mel bands, which weigh frequencies as hearing does: half are below 1.2 kHz.
    convergence : torch.Tensor
        Spectral convergence, dominated by loud bins.
    """

    log: torch.Tensor
    bands: torch.Tensor
    convergence: torch.Tensor


def spectral(output: torch.Tensor, target: torch.Tensor) -> Spectral:
    """Compare waveforms `[batch, samples]` at 16 kHz."""
    logs, bands, convergences = [], [], []
    for n_fft, hop, count in RESOLUTIONS:
        a, b = (magnitude(x, n_fft, hop) for x in (output, target))
        floor = _FLOOR * n_fft / 1024
        logs.append(_log_distance(a, b, floor))
        bank = _bank(n_fft, count, a.device)
        bands.append(_log_distance(a @ bank, b @ bank, floor))
        norm = b.flatten(1).norm(dim=1).clamp(min=floor)
        convergences.append(((a - b).flatten(1).norm(dim=1) / norm).mean())
    return Spectral(*(torch.stack(values).mean() for values in (logs, bands, convergences)))


def _log_distance(a: torch.Tensor, b: torch.Tensor, floor: float) -> torch.Tensor:
    return (torch.log(a + floor) - torch.log(b + floor)).abs().mean()


@cache
def _bank(n_fft: int, bands: int, device: torch.device) -> torch.Tensor:
    """Return mel filters `[bins, bands]` whose weights add up to 1 in each band."""
    bank = librosa.filters.mel(sr=16_000, n_fft=n_fft, n_mels=bands, norm=1)
    return torch.from_numpy(bank.T.astype("float32")).to(device)


def raised_error(output: torch.Tensor, coded: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return by how much noise filling raises the error of coded waveforms `[batch, samples]`.

    It is the mean ratio of rms errors with and without filling, minus 1, weighted by the coded
    share of each signal: where nothing was coded, the waveform cannot be known.
    """
    norm, before, after = (
        x.square().sum(-1).clamp(min=_FLOOR**2).sqrt()
        for x in (target, coded - target, output - target)
    )
    weight = (1 - before / norm).clamp(min=0.0)
    mean: torch.Tensor = (weight * (after / before - 1)).mean()
    return mean


def complex_distance(output: Pair, target: Pair, mask: torch.Tensor) -> torch.Tensor:
    """Return the distance of complex spectra with compressed magnitudes.

    Parts and `mask` are `[batch, frames, bins]`; the mask weighs bins whose phase can be known.
    """
    (a_re, a_im), (b_re, b_im) = _compressed(output), _compressed(target)
    distance = ((a_re - b_re).abs() + (a_im - b_im).abs()) * mask
    return distance.sum() / ((b_re.abs() + b_im.abs()) * mask).sum().clamp(min=1.0)


def phase_differences(
    output: Pair, target: Pair, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the errors of group delay and instantaneous frequency: 1 - cos, weighted by level.

    Differences of phases are phases of products, which need no unwrapping.
    """
    level = (_power(target) + 1e-8).sqrt() * mask  # uncompressed, to emphasise harmonics
    real, imaginary = _product_with_conjugate(output, target)
    scale = (real * real + imaginary * imaginary + 1e-12).rsqrt()
    real, imaginary = real * scale, imaginary * scale  # unit phasor of the phase error
    over_bins = real[:, :, 1:] * real[:, :, :-1] + imaginary[:, :, 1:] * imaginary[:, :, :-1]
    over_frames = real[:, 1:] * real[:, :-1] + imaginary[:, 1:] * imaginary[:, :-1]
    return (
        _weighted(1 - over_bins, torch.minimum(level[:, :, 1:], level[:, :, :-1])),
        _weighted(1 - over_frames, torch.minimum(level[:, 1:], level[:, :-1])),
    )


def _weighted(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1.0)


def _power(spectrum: Pair) -> torch.Tensor:
    real, imaginary = spectrum
    return real * real + imaginary * imaginary


def _product_with_conjugate(a: Pair, b: Pair) -> Pair:
    return a[0] * b[0] + a[1] * b[1], a[1] * b[0] - a[0] * b[1]


def _compressed(spectrum: Pair) -> Pair:
    scale = _power(spectrum).clamp(min=1e-8).pow((_COMPRESSION - 1) / 2)
    return spectrum[0] * scale, spectrum[1] * scale


def magnitude(signal: torch.Tensor, n_fft: int, hop: int) -> torch.Tensor:
    """Return STFT magnitudes `[batch, frames, bins]`, with a finite gradient at zero."""
    frames = signal.unfold(-1, n_fft, hop) * window(n_fft, signal.device)
    spectrum = torch.fft.rfft(frames)
    return (_power((spectrum.real, spectrum.imag)) + 1e-10).sqrt()
