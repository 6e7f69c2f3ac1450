"""Training of the harmonic vocoder, on true mels or on mels decoded by a VAE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import linear_spectrum, log_mel, log_of, waveform_of
from codecmark.mel.harmonic import coded_bins
from codecmark.mel.harmonic.network import HarmonicConfig, HarmonicNetwork
from codecmark.mel.harmonic.pitch_network import index_of
from codecmark.mel.harmonic.spectrum_parts import SpectrumParts
from codecmark.mel.log_levels import scaled
from codecmark.mel.stft import Pair
from codecmark.training import losses
from codecmark.training.adversary import Adversary
from codecmark.training.dataset import Dataset
from codecmark.training.precision import multiplies_bfloat16
from codecmark.training.runs import Start
from codecmark.training.task import Task
from codecmark.training.validation import Validation

_ROUNDS = 1  # of mel consistency, to save time; codecs may use more
_PHASE_BINS = 256  # phases are compared up to 4 kHz; above, the clock is not accurate enough
_OF_PHASE = ("complex", "delay", "frequency")
_WEIGHTS = {
    "log": 0.5, "bands": 1.0, "convergence": 0.5, "mel": 1.0, "complex": 0.5, "delay": 0.5,
    "frequency": 0.5, "pitch": 0.2, "voiced": 0.2, "heard": 0.5, "waveform": 0.5,
    "adversary": 0.1, "features": 0.5,
}  # fmt: skip


class VocoderTask(Task):
    """Trains a `HarmonicNetwork` on crops of recordings.

    Parameters
    ----------
    start : Start or None
        Weights to start from instead of random ones; their configuration replaces `config`.
    adversary_from : int or None
        Step at which the discriminator joins; may change while a run is continued.
    without : tuple of str
        Parts to leave out, from `training.ABLATIONS`: the network's prior or clock, or the phase
        losses.
    """

    name = "vocoder"

    def __init__(
        self,
        dataset: Dataset,
        device: torch.device,
        *,
        seed: int = 0,
        batch: int = 8,
        seconds: float = 1.0,
        adversary_from: int | None = None,
        without: Sequence[str] = (),
        config: HarmonicConfig | None = None,
        start: Start | None = None,
        validation_items: int = 40,
    ) -> None:
        if start is not None:
            config = HarmonicConfig(**start.config)
        config = config or HarmonicConfig()
        config = replace(config, **{name: False for name in without if name != "phase"})
        self.options: dict[str, Any] = {
            "seed": seed, "batch": batch, "seconds": seconds, "network": asdict(config),
        }  # fmt: skip
        if start is not None:
            self.options["started_from"] = start.described
        if without:
            self.options["without"] = sorted(without)
        self._weights = {
            k: v for k, v in _WEIGHTS.items() if not ("phase" in without and k in _OF_PHASE)
        }
        self._dataset = dataset
        self._device = device
        self._samples = AUDIOLDM2.samples(AUDIOLDM2.frames(round(seconds * 16_000), 4))
        self._adversary_from = adversary_from
        self._validation = Validation(dataset.validation(validation_items), device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.vocoder = HarmonicNetwork(AUDIOLDM2, config).to(device)
            self.adversary: Adversary = Adversary().to(device)
        if start is not None:
            self.vocoder.load_state_dict(start.state)
        self.vocoder.mixed_precision = multiplies_bfloat16(device)
        self.adversary.mixed_precision = multiplies_bfloat16(device)
        self.generator: torch.nn.Module = self.vocoder
        self._generated: tuple[torch.Tensor, torch.Tensor] | None = None

    def losses(self, step: int) -> dict[str, torch.Tensor]:
        """Return the losses on the step's crops."""
        options = self.options
        batch = self._dataset.batch(options["seed"], step, options["batch"], self._samples)
        waveform, clock, rate = (
            torch.from_numpy(x).to(self._device) for x in (batch.waveform, batch.clock, batch.rate)
        )
        truth = linear_spectrum(waveform, AUDIOLDM2)
        target: Pair = truth.real.contiguous(), truth.imag.contiguous()
        mel = log_of(truth.abs(), AUDIOLDM2)
        heard, coded = self.given(step, waveform, mel)
        if coded is not None:
            clock = self.vocoder.clock_on(coded, clock, rate)
        parts: SpectrumParts = self.vocoder(heard, clock, rate, self._hiss(step, waveform), coded)
        output = parts.whole
        consistent = self.vocoder.consistent(parts, heard, _ROUNDS)
        generated = waveform_of(consistent.whole, AUDIOLDM2)
        spectra = losses.spectral(generated, waveform)
        voiced = _voiced(rate)
        mask = voiced[..., None] * (torch.arange(truth.shape[-1], device=mel.device) < _PHASE_BINS)
        known = mask if coded is None else torch.maximum(mask, coded_bins.share(coded, target))
        delay, frequency = losses.phase_differences(output, target, mask)
        pitch, is_voiced = _pitch_losses(self.vocoder, heard, rate)
        values = {
            "log": spectra.log,
            "bands": spectra.bands,
            "convergence": spectra.convergence,
            "mel": (log_mel(generated, AUDIOLDM2) - mel).abs().mean(),
            "complex": losses.complex_distance(output, target, known),
            "delay": delay,
            "frequency": frequency,
            "pitch": pitch,
            "voiced": is_voiced,
            **self.more_losses(heard, mel),
        }
        if coded is not None:
            coded_waveform = waveform_of(coded, AUDIOLDM2)
            values["waveform"] = losses.raised_error(generated, coded_waveform, waveform)
        if self._adversary_at(step):
            values |= self.adversary.generator_losses(generated, waveform)
            self._generated = generated.detach(), waveform
        return {
            name: self._weights[name] * value
            for name, value in values.items()
            if name in self._weights
        }

    def given(
        self, step: int, waveform: torch.Tensor, mel: torch.Tensor
    ) -> tuple[torch.Tensor, Pair | None]:
        """Return the log-mel for the vocoder, and coded bins if it takes them."""
        del step, waveform
        return self.heard(mel), None

    def heard(self, mel: torch.Tensor) -> torch.Tensor:
        """Return the log-mel for the vocoder, here the true one."""
        return mel

    def more_losses(self, heard: torch.Tensor, mel: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return losses of the stages before the vocoder."""
        del heard, mel
        return {}

    def adversary_losses(self, step: int) -> dict[str, torch.Tensor]:
        """Return the discriminator's loss."""
        if not self._adversary_at(step) or self._generated is None:
            return {}
        return {"d_loss": self.adversary.own_loss(*self._generated)}

    def validate(self, figure: Path) -> dict[str, float]:
        """Score waveforms from mels, in the precision that codecs use."""
        with self.in_full_precision():
            return self._validation.scores(
                lambda waveform: self.vocoder.synthesize(self.heard(log_mel(waveform, AUDIOLDM2))),
                figure,
            )

    @contextmanager
    def in_full_precision(self) -> Iterator[None]:
        """Run the network in the precision that codecs use."""
        trained_in_mixed = self.vocoder.mixed_precision
        self.vocoder.mixed_precision = False
        try:
            yield
        finally:
            self.vocoder.mixed_precision = trained_in_mixed

    def quality(self, scores: Mapping[str, float]) -> float:
        """Return PESQ plus ViSQOL; without held-out speech, the negative mel distance."""
        if "pesq_wb" in scores:
            return scores["pesq_wb"] + scores["visqol"]
        return -scores["mel_other"]

    def _adversary_at(self, step: int) -> bool:
        return self._adversary_from is not None and step >= self._adversary_from

    def _hiss(self, step: int, like: torch.Tensor) -> torch.Tensor:
        generator = torch.Generator().manual_seed((self.options["seed"] << 32) + step)
        return torch.randn(1, like.shape[1], generator=generator).to(like)


def _voiced(rate: torch.Tensor) -> torch.Tensor:
    """Return 1 for frames `[batch, frames]` that are at least 90 % voiced, else 0."""
    reflected = torch.nn.functional.pad(
        (rate > 0).float()[:, None], (AUDIOLDM2.reflected, AUDIOLDM2.reflected), "reflect"
    )
    share = torch.nn.functional.avg_pool1d(reflected, AUDIOLDM2.n_fft, AUDIOLDM2.hop)[:, 0]
    return (share > 0.9).float()


def _pitch_losses(
    network: HarmonicNetwork, mel: torch.Tensor, rate: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the losses of pitch and voicing, at the middle of each frame."""
    middle = rate[:, AUDIOLDM2.hop // 2 :: AUDIOLDM2.hop][:, : mel.shape[1]]
    voiced = (middle > 0).float()
    logits = network.pitch(scaled(mel))
    pitches = network.config.pitches
    index = index_of(middle * AUDIOLDM2.sample_rate_hz, pitches)
    distance = torch.arange(pitches, device=mel.device) - index[..., None]
    target = torch.softmax(-0.5 * distance.square(), dim=-1)
    entropy = -(target * torch.log_softmax(logits[..., 1:], dim=-1)).sum(-1)
    pitch = (entropy * voiced).sum() / voiced.sum().clamp(min=1.0)
    is_voiced = torch.nn.functional.binary_cross_entropy_with_logits(logits[..., 0], voiced)
    return pitch, is_voiced
