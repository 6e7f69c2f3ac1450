"""Training of the noise-filling network (`anchored`), from a coarse mel and coded bins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from codecmark.layered.fill_network import ROUNDS
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import linear_spectrum, waveform_of
from codecmark.mel.harmonic import coded_bins
from codecmark.mel.stft import Pair
from codecmark.networks import runtime
from codecmark.training.anchoring import Received, received
from codecmark.training.dataset import Dataset
from codecmark.training.runs import Start
from codecmark.training.vocoder import VocoderTask

_SNR_DB = (-2.0, 16.0)  # below zero nothing is coded but the base
_MEL_STEPS = (8, 48)
_VALIDATED_AT = 9.0, 28  # SNR in dB, and step index of the mel


class AnchoredTask(VocoderTask):
    """Trains a vocoder with coded bins as inputs, starting from one with or without them."""

    name = "anchored"

    def __init__(
        self, dataset: Dataset, device: torch.device, start: Start, **options: Any
    ) -> None:
        super().__init__(dataset, device, start=anchored(start), **options)

    def given(
        self, step: int, waveform: torch.Tensor, mel: torch.Tensor
    ) -> tuple[torch.Tensor, Pair | None]:
        """Return the coarse log-mel and the coded spectrum."""
        del mel
        rng = np.random.default_rng([self.options["seed"], step])
        signals = [
            received(signal, float(rng.uniform(*_SNR_DB)), int(rng.integers(*_MEL_STEPS)))
            for signal in runtime.to_array(waveform)
        ]
        return self._tensors(signals)

    def validate(self, figure: Path) -> dict[str, float]:
        """Score signals coded at one SNR, and return their SNR after noise filling too."""
        snrs_db: list[float] = []

        def rebuild(waveform: torch.Tensor) -> torch.Tensor:
            heard, known = self._tensors([received(runtime.to_array(waveform)[0], *_VALIDATED_AT)])
            spectrum = self.vocoder.consistent(self.vocoder.spectrum(heard, known), heard, ROUNDS)
            rebuilt = waveform_of(spectrum.whole, AUDIOLDM2)
            energy, error = (float(x.square().sum()) for x in (waveform, rebuilt - waveform))
            if energy and error:
                snrs_db.append(10 * np.log10(energy / error))
            return rebuilt

        with self.in_full_precision():
            scores = self._validation.scores(rebuild, figure)
        return {**scores, "snr_db": float(np.mean(snrs_db))} if snrs_db else scores

    def _tensors(self, signals: list[Received]) -> tuple[torch.Tensor, Pair]:
        log_mel = torch.from_numpy(np.stack([signal.log_mel for signal in signals]))
        log_mel = log_mel.to(self._device)
        coded = torch.from_numpy(np.stack([signal.coded for signal in signals])).to(self._device)
        spectrum = linear_spectrum(coded, AUDIOLDM2)
        return log_mel, (spectrum.real.contiguous(), spectrum.imag.contiguous())


def anchored(start: Start) -> Start:
    """Return the weights for a network with coded bins, with zeros for the new parameters."""
    if start.config.get("anchored"):
        return start
    state = dict(start.state)
    bins = start.config.get("bins", 513)
    enter, leave, bias = (state[name] for name in ("enter.weight", "leave.weight", "leave.bias"))
    state["enter.weight"] = torch.cat(
        [enter, enter.new_zeros(enter.shape[0], coded_bins.INPUTS * bins)], dim=1
    )
    rows = coded_bins.OUTPUTS * bins
    state["leave.weight"] = torch.cat([leave, leave.new_zeros(rows, leave.shape[1])])
    state["leave.bias"] = torch.cat([bias, bias.new_zeros(rows)])
    return replace(start, config={**start.config, "anchored": True}, state=state)
