"""The table of trained vocoders for chains without a VAE: mel format, class and weights."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codecmark.codec import Weights
from codecmark.mel.vocoders.base import Vocoder
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located


@dataclass(frozen=True)
class MelVocoder:
    """One vocoder.

    Attributes
    ----------
    stage : str
        Its name in specs.
    mel : str
        Name of the mel format that it was trained on, the only one it takes.
    target : str
        "module:Class", called with the source of its weights and a setup, in tests also with a
        configuration.
    weight_set : str
        Name of the published set.
    licence : str
    needs_weights : bool
        Whether it is unavailable without its weights; others run with seeded random ones.
    """

    stage: str
    mel: str
    target: str
    weight_set: str
    licence: str
    needs_weights: bool = False

    def locate(self, setup: Setup) -> Located | Weights:
        """Return the located weights, or `Weights` of evidence `random`.

        Raises
        ------
        UnavailableError
            If required weights are missing.
        """
        if self.needs_weights:
            return setup.weights.locate(self.weight_set)
        return setup.weights.locate_or_random(self.weight_set)

    def build(
        self, source: Located | Weights, setup: Setup, config: Mapping[str, Any] | None
    ) -> Vocoder:
        """Return the vocoder."""
        module, _, name = self.target.partition(":")
        vocoder = getattr(importlib.import_module(module), name)
        arguments = () if config is None else (config,)
        built: Vocoder = vocoder(source, setup, *arguments)
        return built


NETWORKS = {
    vocoder.stage: vocoder
    for vocoder in (
        MelVocoder(
            "hifigan-22k", "22k-80", "codecmark.mel.vocoders.hifigan:SmallHifiGan",
            "hifigan-22khz-80mel", "MIT; weights from a GPL-3.0 repository", needs_weights=True,
        ),
        MelVocoder(
            "hifigan-v1", "22k-80", "codecmark.mel.vocoders.hifigan_v1:HifiGanV1",
            "hifigan-v1-universal", "Apache-2.0 (transformers); weights MIT",
        ),
        MelVocoder(
            "hifigan-v1-lj", "22k-80", "codecmark.mel.vocoders.hifigan_v1:HifiGanV1",
            "hifigan-v1-ljspeech", "Apache-2.0 (transformers); weights MIT",
        ),
        MelVocoder(
            "univnet", "24k-100", "codecmark.mel.vocoders.univnet:UnivNet", "dg845/univnet-dev",
            "Apache-2.0 (transformers); licence of the weights: see their source",
        ),
        MelVocoder(
            "vocos", "24k-100-htk", "codecmark.mel.vocoders.vocos:Vocos",
            "charactr/vocos-mel-24khz", "MIT",
        ),
    )
}  # fmt: skip
