"""STFT bins that a waveform layer coded, as conditioning of the harmonic network.

Where the layer spent bits, magnitude and phase are known up to quantisation noise. There, the
spectrum is the coded one, slightly corrected, and the network adds what is missing of the level.
Elsewhere the network synthesises as it does without coded bins, but it is given the phases of the
coded harmonics relative to the pulses, and the clock is aligned with them.

Conventions: spectra are pairs of real and imaginary part, `[batch, frames, bins]`; a level is the
natural logarithm of a magnitude.
"""

from __future__ import annotations

import torch

from codecmark.mel.front_end import MelFormat
from codecmark.mel.stft import Pair

INPUTS, OUTPUTS = 3, 2  # additional ones of the network, per bin
_FURTHEST = 3.0  # nepers: limit of the difference from the expected level
_PLACES = 64  # shifts per period that are tried
_HIGHEST_HZ = 2_000.0  # above, a clock estimated from a mel is not accurate enough
_HARMONICS = 48
_SMOOTHED_FRAMES = 7
_TINY = 1e-9


def inputs(coded: Pair, level: torch.Tensor, turn: Pair) -> torch.Tensor:
    """Return the network's inputs for coded bins, `[batch, frames, 3 * bins]`.

    They are the difference of the coded from the expected level, and a phasor: its angle is the
    coded phase relative to the pulses' unit phasors `turn`, its length the coded share of the
    expected magnitude.
    """
    magnitude = _magnitude(coded)
    excess = (magnitude.log() - level).clamp(-_FURTHEST, _FURTHEST)
    share = excess.clamp(max=0.0).exp() / magnitude
    real, imaginary = _across(coded, turn)
    return torch.cat([excess, real * share, imaginary * share], dim=-1)


def share(coded: Pair, true: Pair) -> torch.Tensor:
    """Return the share of a true spectrum's magnitudes that was coded, 0 to 1."""
    return (_magnitude(coded) / _magnitude(true)).clamp(max=1.0)


def missing(coded: Pair, level: torch.Tensor) -> torch.Tensor:
    """Return the level that is missing for the power of the coded bins to add up to `level`."""
    coded_share = _magnitude(coded) * (-level).exp()
    return level + 0.5 * (1 - coded_share.square()).clamp(min=1e-2).log()


def corrected(coded: Pair, change: Pair) -> Pair:
    """Return the coded spectrum with each bin multiplied by 1 + `change`."""
    (a_re, a_im), (c_re, c_im) = coded, change
    return a_re + a_re * c_re - a_im * c_im, a_im + a_im * c_re + a_re * c_im


def set_clock(
    clock: torch.Tensor, rate: torch.Tensor, turn: Pair, coded: Pair, mel: MelFormat
) -> torch.Tensor:
    """Return the clock `[batch, samples]`, shifted to align its pulses with coded harmonics.

    Parameters
    ----------
    clock, rate : torch.Tensor, shape=(batch, samples)
        See `excitation`.
    turn : Pair
        Unit phasors of the pulses of `clock`.
    coded : Pair
        The coded spectrum; if it is all zero, nothing is shifted.
    """
    frames, bins = turn[0].shape[1], int(_HIGHEST_HZ / mel.sample_rate_hz * mel.n_fft)
    middle = rate[:, mel.hop // 2 :: mel.hop][:, :frames, None]
    frequency = torch.arange(bins, device=clock.device) / mel.n_fft
    harmonic = (frequency / middle.clamp(min=1e-3)).round().long().clamp(max=_HARMONICS)
    of_harmonic = (
        torch.nn.functional.one_hot(harmonic, _HARMONICS + 1).to(clock) * (middle > 0)[..., None]
    )
    across = _across((coded[0][..., :bins], coded[1][..., :bins]),
                     (turn[0][..., :bins], turn[1][..., :bins]))  # fmt: skip
    real, imaginary = (torch.einsum("btk,btkh->bth", part, of_harmonic) for part in across)
    places = torch.arange(_PLACES, device=clock.device) / _PLACES
    angles = 2 * torch.pi * places * torch.arange(_HARMONICS + 1, device=clock.device)[:, None]
    scores = real @ angles.cos() + imaginary @ angles.sin()
    smooth = torch.nn.functional.avg_pool1d(
        scores.transpose(1, 2), _SMOOTHED_FRAMES, 1, _SMOOTHED_FRAMES // 2
    )
    weight, place = smooth.max(dim=1)
    weight = weight.clamp(min=0.0)
    shift = 2 * torch.pi * places[place]
    # phasors interpolate along the shorter arc between frames
    phasors = torch.stack([weight * shift.cos(), weight * shift.sin()], dim=1)
    at_samples = torch.nn.functional.interpolate(phasors, clock.shape[1], mode="linear")
    return (clock + torch.atan2(at_samples[:, 1], at_samples[:, 0]) / (2 * torch.pi)) % 1.0


def _across(a: Pair, b: Pair) -> Pair:
    """Return a times the conjugate of b."""
    return a[0] * b[0] + a[1] * b[1], a[1] * b[0] - a[0] * b[1]


def _magnitude(spectrum: Pair) -> torch.Tensor:
    return (spectrum[0].square() + spectrum[1].square() + _TINY * _TINY).sqrt()
