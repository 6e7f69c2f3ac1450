"""An excitation that knows where it is in each period: pulses that follow a pitch, and noise.

A mel spectrogram says how high a voice is, hardly where its periods begin. A convolutional network
that has to invent phases from it alone has no clock to count periods with: fed a steady tone it
returns the same phases in every frame, which is no tone. So the clock is made outside of the
network, by integrating the pitch, and handed in as the spectrum of a pulse train.

Conventions: pitch is in Hz at the frames of a mel format, 0 where there is none; a clock is in
cycles (1 is one period), `[channels, samples]`.
"""

from __future__ import annotations

import torch

from codecmark.mel.front_end import MelFormat

_NOISE_SEED = 0
_RAMP_SAMPLES = 80  # over which pulses come and go


def clock_of(pitch_hz: torch.Tensor, mel: MelFormat) -> tuple[torch.Tensor, torch.Tensor]:
    """Integrate a pitch `[channels, frames]`.

    Returns
    -------
    tuple of torch.Tensor, each `[channels, samples]`
        The clock, and its rate in cycles a sample (0 where there is no pitch).
    """
    rate = _at_samples(pitch_hz, mel) / mel.sample_rate_hz
    # in double: after a minute of 300 Hz single precision has no phase left
    clock = torch.cumsum(rate.double(), dim=1) % 1.0
    return clock.float(), rate


def _at_samples(pitch_hz: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Interpolate between the frames of a voiced stretch, never across its ends."""
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
    """Return all harmonics below half the sample rate, in phase, as one pulse a cycle.

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
    """Return unit Gaussian noise, the same for every call, device and channel count."""
    generator = torch.Generator().manual_seed(_NOISE_SEED)
    drawn = torch.randn(1, samples, generator=generator)
    return drawn.to(device).expand(channels, -1)
