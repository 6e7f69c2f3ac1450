"""Bins that a waveform layer coded, which the harmonic network's levels and phases lean on.

Where the layer spent bits, magnitude and phase are known, with the quantiser's noise. There the
spectrum is what was coded, hardly corrected, and the network adds what is missing of the level.
Elsewhere it invents, as without them, but it is given where in their periods the coded harmonics
stand, and the clock is set by them.

Conventions: spectra are pairs of real and imaginary part, `[batch, frames, bins]`; a level is the
logarithm of a magnitude.
"""

from __future__ import annotations

import torch

from codecmark.mel.front_end import MelFormat
from codecmark.mel.stft import Pair

INPUTS, OUTPUTS = 3, 2  # of the network, for each bin
_FURTHEST = 3.0  # nepers from the expected level that make a difference
_PLACES = 64  # in a period, that are tried
_HIGHEST_HZ = 2_000.0  # above, a clock made from a mel is not that exact
_HARMONICS = 48
_SMOOTHED_FRAMES = 7
_TINY = 1e-9


def inputs(coded: Pair, level: torch.Tensor, turn: Pair) -> torch.Tensor:
    """Return what the network is given of them, `[batch, frames, 3 * bins]`.

    How the coded level compares with the expected one, and the phase against that of the pulses'
    unit phasors `turn`, as a phasor that is as long as the share of the level that was coded.
    """
    magnitude = _magnitude(coded)
    excess = (magnitude.log() - level).clamp(-_FURTHEST, _FURTHEST)
    share = excess.clamp(max=0.0).exp() / magnitude
    real, imaginary = _across(coded, turn)
    return torch.cat([excess, real * share, imaginary * share], dim=-1)


def share(coded: Pair, wanted: Pair) -> torch.Tensor:
    """Return how much of a true spectrum's magnitudes was coded, 0 to 1."""
    return (_magnitude(coded) / _magnitude(wanted)).clamp(max=1.0)


def missing(coded: Pair, level: torch.Tensor) -> torch.Tensor:
    """Return the level of what adds up, in power, with the coded bins to `level`."""
    coded_share = _magnitude(coded) * (-level).exp()
    return level + 0.5 * (1 - coded_share.square()).clamp(min=1e-2).log()


def corrected(coded: Pair, change: Pair) -> Pair:
    """Return the coded spectrum, each bin times 1 + `change`."""
    (a_re, a_im), (c_re, c_im) = coded, change
    return a_re + a_re * c_re - a_im * c_im, a_im + a_im * c_re + a_re * c_im


def set_clock(
    clock: torch.Tensor, rate: torch.Tensor, turn: Pair, coded: Pair, mel: MelFormat
) -> torch.Tensor:
    """Return the clock `[batch, samples]`, shifted until its pulses meet the coded harmonics.

    Parameters
    ----------
    clock, rate : torch.Tensor, shape=(batch, samples)
        See `excitation`.
    turn : Pair
        Unit phasors of the pulses that `clock` gives.
    coded : Pair
        Where all are zero, nothing is shifted.
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
    # between frames the way round is the short one
    phasors = torch.stack([weight * shift.cos(), weight * shift.sin()], dim=1)
    at_samples = torch.nn.functional.interpolate(phasors, clock.shape[1], mode="linear")
    return (clock + torch.atan2(at_samples[:, 1], at_samples[:, 0]) / (2 * torch.pi)) % 1.0


def _across(a: Pair, b: Pair) -> Pair:
    """Return a times the conjugate of b."""
    return a[0] * b[0] + a[1] * b[1], a[1] * b[0] - a[0] * b[1]


def _magnitude(spectrum: Pair) -> torch.Tensor:
    return (spectrum[0].square() + spectrum[1].square() + _TINY * _TINY).sqrt()
