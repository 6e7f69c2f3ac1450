"""A small vocoder for AudioLDM2's mel: a pitch, a clock made from it, and one network for the rest.

The mel's pseudo-inverse says roughly how large each bin is. A pitch, read from the mel by a small
network and integrated to a clock, says where the periods of a voice are. What is left for the main
network, a ConvNeXt over frames, is smooth: a correction of each magnitude, and how far each bin's
phase is turned from that of a pulse train (voices), of noise (hiss), or of neither.

    log-mel -> pitch -> clock -> spectra of pulses and noise ---.
       |                                                        v
       '-> pseudo-inverse -> ConvNeXt -> magnitude, turned phase -> inverse STFT

References
----------
ConvNeXt vocoders with an inverse STFT: Vocos (arXiv 2306.00814). Pseudo-inverse prior: FreeV (arXiv
2406.08196). Source and filter: neural source-filter models (arXiv 1904.12088).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

from codecmark.audioldm2 import anchors as anchoring
from codecmark.audioldm2.excitation import clock_of, noise, pulses
from codecmark.audioldm2.mel import (
    MelFormat,
    filters,
    linear_spectrum,
    magnitude_from_mel,
    waveform_of,
)
from codecmark.audioldm2.mel_consistency import made_consistent
from codecmark.audioldm2.stft import Pair

LOWEST_HZ, HIGHEST_HZ = 50.0, 600.0
_ENVELOPE_SHARE = 0.1  # of the smooth envelope: where the pseudo-inverse is below, it is wrong
_SPREAD = 4.0  # about the standard deviation of the logarithms that go in
_LARGEST_STEP = 8.0  # nepers by which a magnitude may be corrected
_TINY = 1e-5


@dataclass(frozen=True)
class HarmonicConfig:
    """Sizes, and what it is given; they travel with the weights.

    Without `prior` the level of a bin is not expected to be the mel's pseudo-inverse, without
    `clock` there are no pulses; `anchored` networks take coded bins too.
    """

    bands: int = 64
    bins: int = 513
    width: int = 256
    hidden: int = 512
    layers: int = 6
    pitch_width: int = 96
    pitch_layers: int = 4
    pitches: int = 192
    prior: bool = True
    clock: bool = True
    rounds: int = 3
    anchored: bool = False


@dataclass(frozen=True)
class Made:
    """A spectrum in parts: what the network made, and the anchors, corrected, where it has some."""

    own: Pair
    coded: Pair | None = None

    @property
    def whole(self) -> Pair:
        """The sum."""
        if self.coded is None:
            return self.own
        return self.own[0] + self.coded[0], self.own[1] + self.coded[1]


class Block(nn.Module):
    """ConvNeXt over frames: `[batch, frames, width]` to the same."""

    def __init__(self, width: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), 1 / layers))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add what the block finds."""
        mixed = self.norm(self.mix(x.transpose(1, 2)).transpose(1, 2))
        found: torch.Tensor = self.narrow(nn.functional.gelu(self.widen(mixed)))
        return x + self.scale * found


class PitchNetwork(nn.Module):
    """`[batch, frames, bands]` to logits `[batch, frames, 1 + pitches]`: voiced, and each pitch."""

    def __init__(self, config: HarmonicConfig) -> None:
        super().__init__()
        width, layers = config.pitch_width, config.pitch_layers
        self.enter = nn.Linear(config.bands, width)
        self.blocks = nn.Sequential(*(Block(width, 3 * width, layers) for _ in range(layers)))
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1 + config.pitches))

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        """Return the logits of scaled log-mel values."""
        logits: torch.Tensor = self.leave(self.blocks(self.enter(levels)))
        return logits


class HarmonicNetwork(nn.Module):
    """Both networks and what joins them; made for one mel format.

    Attributes
    ----------
    mixed_precision : bool
        Whether the main network multiplies in bfloat16; spectra stay in single precision.
    """

    def __init__(self, mel: MelFormat, config: HarmonicConfig) -> None:
        super().__init__()
        self.mixed_precision = False
        self.mel = mel
        self.config = config
        width, bins = config.width, config.bins
        self.pitch = PitchNetwork(config)
        more_inputs, more_outputs = (
            (anchoring.INPUTS, anchoring.OUTPUTS) if config.anchored else (0, 0)
        )
        self.enter = nn.Linear(config.bands + (2 + more_inputs) * bins, width)
        self.enter_norm = nn.LayerNorm(width)
        self.blocks = nn.Sequential(
            *(Block(width, config.hidden, config.layers) for _ in range(config.layers))
        )
        self.leave_norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, (7 + more_outputs) * bins)
        nn.init.normal_(self.leave.weight, std=0.01)
        nn.init.zeros_(self.leave.bias)

    def forward(
        self,
        log_mel: torch.Tensor,
        clock: torch.Tensor,
        rate: torch.Tensor,
        hiss: torch.Tensor,
        anchors: Pair | None = None,
    ) -> Made:
        """Return the spectrum.

        Parameters
        ----------
        log_mel : torch.Tensor, shape=(batch, frames, bands)
        clock, rate : torch.Tensor, shape=(batch, samples)
            See `excitation`.
        hiss : torch.Tensor, shape=(1 or batch, samples)
            Unit noise.
        anchors : pair of torch.Tensor, optional
            What a waveform layer coded; for a network that takes anchors.
        """
        with torch.no_grad():
            prior = log_prior(log_mel, self.mel)
            if not self.config.prior:
                prior = prior.mean(-1, keepdim=True).expand_as(prior)
            comb, turn, voiced = _direction(pulses(clock, rate * self.config.clock), self.mel)
            _, (hiss_re, hiss_im), _ = _direction(hiss, self.mel)
            known = [scaled(log_mel), scaled(prior), comb]
            if anchors is not None:
                known.append(anchoring.inputs(anchors, prior, turn))
                prior = anchoring.missing(anchors, prior)
        found = self._found(torch.cat(known, dim=-1))
        step, gate, pulse_re, pulse_im, rough, free_re, free_im, *change = found
        level = prior + _LARGEST_STEP * torch.tanh((step + gate * comb) / _LARGEST_STEP)
        turn_re, turn_im = turn
        a, b = (1 + pulse_re) * voiced, pulse_im * voiced
        roughness = nn.functional.softplus(rough)
        real = a * turn_re - b * turn_im + roughness * hiss_re + free_re
        imaginary = a * turn_im + b * turn_re + roughness * hiss_im + free_im
        gain = level.exp() * (real * real + imaginary * imaginary + _TINY).rsqrt()
        own = gain * real, gain * imaginary
        if anchors is None:
            return Made(own)
        return Made(own, anchoring.corrected(anchors, (change[0], change[1])))

    def _found(self, known: torch.Tensor) -> tuple[torch.Tensor, ...]:
        with torch.autocast(known.device.type, torch.bfloat16, enabled=self.mixed_precision):
            found = self.leave(self.leave_norm(self.blocks(self.enter_norm(self.enter(known)))))
        each: tuple[torch.Tensor, ...] = found.float().split(self.config.bins, dim=-1)
        return each

    def pitch_hz(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the pitch `[batch, frames]` in Hz, 0 where there is none."""
        logits = self.pitch(scaled(log_mel))
        likely = torch.softmax(logits[..., 1:], dim=-1)
        best = likely.argmax(-1, keepdim=True)
        index = torch.arange(likely.shape[-1], device=likely.device)
        near = likely * ((index - best).abs() <= 3)
        mean = (near * index).sum(-1) / near.sum(-1)
        pitch: torch.Tensor = pitch_at(mean, self.config.pitches) * (logits[..., 0] > 0)
        return pitch

    def spectrum(self, log_mel: torch.Tensor, anchors: Pair | None = None) -> Made:
        """Return the spectrum of a log-mel `[batch, frames, bands]`, with a clock of its own."""
        clock, rate = clock_of(self.pitch_hz(log_mel), self.mel)
        if anchors is not None:
            clock = self.clock_on(anchors, clock, rate)
        hiss = noise(1, clock.shape[1], clock.device)
        found: Made = self(log_mel, clock, rate, hiss, anchors)
        return found

    def consistent(self, made: Made, log_mel: torch.Tensor, rounds: int | None = None) -> Made:
        """Return the spectrum after `made_consistent`: what the network made is scaled."""
        whole = made_consistent(
            made.whole, log_mel, self.mel, self.config.rounds if rounds is None else rounds,
            made.coded,
        )  # fmt: skip
        if made.coded is None:
            return Made(whole)
        return Made((whole[0] - made.coded[0], whole[1] - made.coded[1]), made.coded)

    def clock_on(self, anchors: Pair, clock: torch.Tensor, rate: torch.Tensor) -> torch.Tensor:
        """Return a clock that agrees with anchors."""
        _, turn, _ = _direction(pulses(clock, rate), self.mel)
        return anchoring.set_clock(clock, rate, turn, anchors, self.mel)

    def synthesize(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the waveform `[batch, samples]` of a log-mel `[batch, frames, bands]`."""
        made = self.consistent(self.spectrum(log_mel), log_mel)
        return waveform_of(made.whole, self.mel)


def scaled(logs: torch.Tensor) -> torch.Tensor:
    """Return logarithms of magnitudes at a scale that networks like."""
    return (logs + _SPREAD) / _SPREAD


def unscaled(values: torch.Tensor) -> torch.Tensor:
    """Return logarithms of what `scaled` made of them."""
    return values * _SPREAD - _SPREAD


def pitch_at(index: torch.Tensor, pitches: int) -> torch.Tensor:
    """Return the pitch in Hz of a place in the list of pitches, which is even in octaves."""
    octaves = math.log2(HIGHEST_HZ / LOWEST_HZ)
    return LOWEST_HZ * torch.exp2(index * (octaves / (pitches - 1)))


def index_of(pitch_hz: torch.Tensor, pitches: int) -> torch.Tensor:
    """Return the place of a pitch in the list; the inverse of `pitch_at`."""
    octaves = math.log2(HIGHEST_HZ / LOWEST_HZ)
    return torch.log2(pitch_hz.clamp(min=1.0) / LOWEST_HZ) * ((pitches - 1) / octaves)


def log_prior(log_mel: torch.Tensor, mel: MelFormat) -> torch.Tensor:
    """Return log-magnitudes `[batch, frames, bins]`: the pseudo-inverse, held above an envelope."""
    inverse = magnitude_from_mel(log_mel, mel, iterations=0)
    linear = (log_mel * math.log(mel.log_base)).exp()
    envelope = linear @ _spreading(mel, log_mel.device)
    return torch.maximum(inverse, _ENVELOPE_SHARE * envelope).clamp(min=mel.floor).log()


@cache
@torch.inference_mode(mode=False)
def _spreading(mel: MelFormat, device: torch.device) -> torch.Tensor:
    """Matrix `[bands, bins]` that spreads each band's mean magnitude over its bins."""
    bank = filters(mel, device)
    means = bank / bank.sum(dim=1, keepdim=True) ** 2
    shares = (bank / bank.sum(dim=1, keepdim=True)).sum(dim=0).clamp(min=1e-6)
    return means / shares


def _direction(signal: torch.Tensor, mel: MelFormat) -> tuple[torch.Tensor, Pair, torch.Tensor]:
    """Return levels around their mean, unit phasors, and where there is a signal."""
    spectrum = linear_spectrum(signal, mel)
    magnitude = spectrum.abs()
    present = (magnitude.mean(-1, keepdim=True) > 1e-2).float()
    log = magnitude.clamp(min=1e-3).log()
    level = (log - log.mean(-1, keepdim=True)) * present
    inverse = 1 / magnitude.clamp(min=1e-9)
    return level, (spectrum.real * inverse, spectrum.imag * inverse), present
