"""A small vocoder for AudioLDM2's mel: pitch, excitation, and a network for the rest.

The mel's pseudo-inverse gives the approximate magnitude of each bin. The pitch, estimated from the
mel by a small network and integrated to a clock, gives the periods of a voice. What is left for the
main network, a ConvNeXt over frames, varies smoothly: a correction of each magnitude, and the phase
of each bin relative to that of a pulse train (voices), of noise (hiss), or of neither.

    log-mel -> pitch -> clock -> spectra of pulses and noise ---.
       |                                                        v
       '-> pseudo-inverse -> ConvNeXt -> magnitude, turned phase -> inverse STFT

References
----------
ConvNeXt vocoders with an inverse STFT: Vocos (arXiv 2306.00814). Pseudo-inverse prior: FreeV (arXiv
2406.08196). Source and filter: neural source-filter models (arXiv 1904.12088).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from codecmark.mel.front_end import MelFormat, linear_spectrum, waveform_of
from codecmark.mel.harmonic import coded_bins
from codecmark.mel.harmonic.convnext import Block
from codecmark.mel.harmonic.excitation import clock_of, noise, pulses
from codecmark.mel.harmonic.pitch_network import PitchNetwork
from codecmark.mel.harmonic.spectrum_parts import SpectrumParts
from codecmark.mel.log_levels import log_prior, scaled
from codecmark.mel.mel_consistency import made_consistent
from codecmark.mel.stft import Pair

_LARGEST_STEP = 8.0  # nepers: largest correction of a magnitude
_TINY = 1e-5
_BLOCK, _CONTEXT = 4_096, 32  # frames per block, and its overlap: more than the receptive field
_ROUNDS = 3  # of `made_consistent`: three more would add 0.03 PESQ and a tenth of the time


@dataclass(frozen=True)
class HarmonicConfig:
    """Sizes and inputs of the network, stored with its weights.

    Attributes
    ----------
    prior : bool
        Whether the mel's pseudo-inverse is used as prior of the levels.
    clock : bool
        Whether there are pulses.
    anchored : bool
        Whether the network takes coded bins, see `coded_bins`.
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
    anchored: bool = False


class HarmonicNetwork(nn.Module):
    """The pitch network, the main network and the synthesis between, for one mel format.

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
        self.pitch = PitchNetwork(
            config.bands, config.pitch_width, config.pitch_layers, config.pitches
        )
        more_inputs, more_outputs = (
            (coded_bins.INPUTS, coded_bins.OUTPUTS) if config.anchored else (0, 0)
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
        coded: Pair | None = None,
    ) -> SpectrumParts:
        """Return the spectrum.

        Parameters
        ----------
        log_mel : torch.Tensor, shape=(batch, frames, bands)
        clock, rate : torch.Tensor, shape=(batch, samples)
            See `excitation`.
        hiss : torch.Tensor, shape=(1 or batch, samples)
            Unit noise.
        coded : pair of torch.Tensor, optional
            The spectrum that a waveform layer coded; for a network that takes one.
        """
        with torch.no_grad():
            prior = log_prior(log_mel, self.mel)
            if not self.config.prior:
                prior = prior.mean(-1, keepdim=True).expand_as(prior)
            comb, turn, voiced = _direction(pulses(clock, rate * self.config.clock), self.mel)
            _, (hiss_re, hiss_im), _ = _direction(hiss, self.mel)
            known = [scaled(log_mel), scaled(prior), comb]
            if coded is not None:
                known.append(coded_bins.inputs(coded, prior, turn))
                prior = coded_bins.missing(coded, prior)
        outputs = self._outputs(torch.cat(known, dim=-1))
        step, gate, pulse_re, pulse_im, rough, free_re, free_im, *change = outputs
        level = prior + _LARGEST_STEP * torch.tanh((step + gate * comb) / _LARGEST_STEP)
        turn_re, turn_im = turn
        a, b = (1 + pulse_re) * voiced, pulse_im * voiced
        roughness = nn.functional.softplus(rough)
        real = a * turn_re - b * turn_im + roughness * hiss_re + free_re
        imaginary = a * turn_im + b * turn_re + roughness * hiss_im + free_im
        gain = level.exp() * (real * real + imaginary * imaginary + _TINY).rsqrt()
        own = gain * real, gain * imaginary
        if coded is None:
            return SpectrumParts(own)
        return SpectrumParts(own, coded_bins.corrected(coded, (change[0], change[1])))

    def _outputs(self, known: torch.Tensor) -> tuple[torch.Tensor, ...]:
        with torch.autocast(known.device.type, torch.bfloat16, enabled=self.mixed_precision):
            outputs = self.leave(self.leave_norm(self.blocks(self.enter_norm(self.enter(known)))))
        per_bin: tuple[torch.Tensor, ...] = outputs.float().split(self.config.bins, dim=-1)
        return per_bin

    def spectrum(self, log_mel: torch.Tensor, coded: Pair | None = None) -> SpectrumParts:
        """Return the spectrum of a log-mel `[batch, frames, bands]`, with the clock of its pitch.

        Long log-mels are processed in overlapping blocks, to bound the memory.
        """
        clock, rate = clock_of(self.pitch.hz(scaled(log_mel)), self.mel)
        hiss = noise(1, clock.shape[1], clock.device)
        frames, hop = log_mel.shape[1], self.mel.hop
        blocks: list[SpectrumParts] = []
        for start in range(0, frames, _BLOCK):
            first, last = max(start - _CONTEXT, 0), min(start + _BLOCK + _CONTEXT, frames)
            around, at = slice(first, last), slice(first * hop, last * hop)
            coded_block = coded and (coded[0][:, around], coded[1][:, around])
            block_clock = clock[:, at]
            if coded_block is not None:
                block_clock = self.clock_on(coded_block, block_clock, rate[:, at])
            parts: SpectrumParts = self(
                log_mel[:, around], block_clock, rate[:, at], hiss[:, at], coded_block
            )
            blocks.append(parts.cut(slice(start - first, start - first + _BLOCK)))
        return SpectrumParts.joined(blocks)

    def consistent(self, parts: SpectrumParts, log_mel: torch.Tensor, rounds: int) -> SpectrumParts:
        """Return the spectrum after `made_consistent`, which leaves coded bins unchanged."""
        whole = made_consistent(parts.whole, log_mel, self.mel, rounds, parts.coded)
        if parts.coded is None:
            return SpectrumParts(whole)
        return SpectrumParts((whole[0] - parts.coded[0], whole[1] - parts.coded[1]), parts.coded)

    def clock_on(self, coded: Pair, clock: torch.Tensor, rate: torch.Tensor) -> torch.Tensor:
        """Return the clock aligned with coded bins."""
        _, turn, _ = _direction(pulses(clock, rate), self.mel)
        return coded_bins.set_clock(clock, rate, turn, coded, self.mel)

    def synthesize(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the waveform `[batch, samples]` of a log-mel `[batch, frames, bands]`."""
        parts = self.consistent(self.spectrum(log_mel), log_mel, _ROUNDS)
        return waveform_of(parts.whole, self.mel)


def _direction(signal: torch.Tensor, mel: MelFormat) -> tuple[torch.Tensor, Pair, torch.Tensor]:
    """Return levels relative to their mean, unit phasors, and a mask of frames with signal."""
    spectrum = linear_spectrum(signal, mel)
    magnitude = spectrum.abs()
    present = (magnitude.mean(-1, keepdim=True) > 1e-2).float()
    log = magnitude.clamp(min=1e-3).log()
    level = (log - log.mean(-1, keepdim=True)) * present
    inverse = 1 / magnitude.clamp(min=1e-9)
    return level, (spectrum.real * inverse, spectrum.imag * inverse), present
