"""Excitation signals for the harmonic network: pulses that follow a pitch, and noise.

A mel spectrogram tells the pitch of a voice, but hardly where its periods begin. A convolutional
network has no state to count periods: for a steady tone it returns the same phases in every frame,
which is not a tone. So a clock is computed outside the network, by integrating the pitch, and
passed in as the spectrum of a pulse train.

Conventions: pitch is in Hz per frame of a mel format, 0 if unvoiced; a clock is in cycles (1 is one
period), `[channels, samples]`.
"""

from __future__ import annotations

import torch

from codecmark.mel.front_end import MelFormat

_NOISE_SEED = 0
_RAMP_SAMPLES = 80  # over which pulses fade in and out


def clock_of(pitch_hz: torch.Tensor, mel: MelFormat) -> tuple[torch.Tensor, torch.Tensor]:
    """Integrate a pitch `[channels, frames]`.

    Returns
    -------
    tuple of torch.Tensor, each `[channels, samples]`
        The clock, and its rate in cycles per sample (0 if unvoiced).
    """
    rate = _at_samples(pitch_hz, mel) / mel.sample_rate_hz
    # in double precision: in single, no phase is left after a minute of 300 Hz
    clock = torch.cumsum(rate.double(), dim=1) % 1.0
    return clock.float(), rate


def _at_samples(pitch_hz: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Interpolate between frames within voiced sections, but not across their ends."""
    frames = pitch_hz.shape[1]
    samples = torch.arange(mel.samples(frames), device=pitch_hz.device)
    middle = mel.hop / 2 if mel.padding == "training" else 0.0
    position = ((samples + 0.5 - middle) / mel.hop).clamp(0, frames - 1)
    left = position.floor().long()
    right = (left + 1).clamp(max=frames - 1)
    a, b = pitch_hz[:, left], pitch_hz[:, right]
    weight = position - left
    both = (a > 0) & (b > 0)
    return torch.where(both, a + (b - a) * weight, torch.where(weight < 0.5, a, b))


def pulses(clock: torch.Tensor, rate: torch.Tensor) -> torch.Tensor:
    """Return all harmonics below half the sample rate, in phase: one pulse per cycle.

    The sum of cosines in closed form (Dirichlet's kernel), scaled to unit power.
    """
    voiced = rate > 0
    harmonics = torch.where(voiced, (0.5 / rate.clamp(min=1e-4)).floor(), 1.0)
    half = torch.pi * clock
    sine = torch.sin(half)
    near_zero = sine.abs() < 1e-4
    ratio = torch.sin((2 * harmonics + 1) * half) / torch.where(near_zero, 1.0, sine)
    total = 0.5 * (torch.where(near_zero, 2 * harmonics + 1, ratio) - 1)
    level = torch.nn.functional.avg_pool1d(
        voiced[:, None].float(), 2 * _RAMP_SAMPLES + 1, 1, _RAMP_SAMPLES
    )[:, 0]
    return total / (harmonics / 2).sqrt() * level * voiced


def noise(channels: int, samples: int, device: torch.device) -> torch.Tensor:
    """Return unit Gaussian noise, identical for every call, device and channel count."""
    generator = torch.Generator().manual_seed(_NOISE_SEED)
    drawn = torch.randn(1, samples, generator=generator)
    return drawn.to(device).expand(channels, -1)
