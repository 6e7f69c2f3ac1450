"""The harmonic vocoder as a stage of the chain, with weights that this project trained.

`harmonic` alone, or `harmonic+griffinlim-8`: Griffin-Lim iterations that start from the network's
magnitudes and phases.
"""

from __future__ import annotations

import re

import torch

from codecmark.codec import Weights
from codecmark.errors import DamagedWeightsError, InputError
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import MelFormat
from codecmark.mel.harmonic.network import HarmonicConfig, HarmonicNetwork
from codecmark.mel.phase import retrieve
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.networks import runtime, trained_sets
from codecmark.networks.setup import Setup
from codecmark.networks.trained_sets import locate_trained
from codecmark.networks.weights import Located
from codecmark.spec import Spec

_STAGE = re.compile(r"(harmonic|joint)(?:\+griffinlim-(\d{1,4}))?")
JOINT = "joint"  # trained together with the compact autoencoder
FILE, KIND = "vocoder.safetensors", "harmonic"


class HarmonicVocoder:
    """The harmonic network for AudioLDM2's mel, optionally followed by Griffin-Lim."""

    mel = AUDIOLDM2

    def __init__(self, network: HarmonicNetwork, iterations: int = 0) -> None:
        self.network = network
        self.device = runtime.device_of(network)
        self.parameters = runtime.parameter_count(network)
        self._iterations = iterations

    @classmethod
    def load(
        cls, located: Located, setup: Setup, iterations: int = 0, *, anchored: bool = False
    ) -> HarmonicVocoder:
        """Build from a located set.

        Parameters
        ----------
        anchored : bool
            Whether the network must take coded bins.

        Raises
        ------
        DamagedWeightsError
            If its file is not a complete network of that kind.
        """
        path = located.folder / FILE
        network = trained_sets.build(
            path, KIND, lambda config: HarmonicNetwork(AUDIOLDM2, HarmonicConfig(**config))
        )
        if network.config.anchored != anchored:
            kind = "anchored" if anchored else "plain"
            raise DamagedWeightsError(f"{path} is not the {kind} kind of vocoder", "replace it")
        return cls(runtime.ready(network, setup), iterations)

    def synthesize(self, spectrogram: MelSpectrogram) -> torch.Tensor:
        """Turn `[channels, frames, bands]` into `[channels, frames * hop]`."""
        values = spectrogram.require(self.mel, "the harmonic vocoder")
        if not self._iterations:
            return self.network.synthesize(values)
        real, imaginary = self.network.spectrum(values).whole
        padded = retrieve(
            torch.hypot(real, imaginary), self.mel.framing, self._iterations,
            start=torch.atan2(imaginary, real),
        )  # fmt: skip
        first = self.mel.reflected
        return padded[:, first : first + self.mel.samples(values.shape[1])]


def trained_vocoder(
    spec: Spec, stage: str, mel: MelFormat, setup: Setup
) -> tuple[HarmonicVocoder, Weights] | None:
    """Return the trained vocoder that a stage names and its weights; None for other stages.

    Raises
    ------
    InputError
        If the stage is malformed, or the mel is not AudioLDM2's.
    UnavailableError
        If its weights are missing.
    """
    match = _STAGE.fullmatch(stage)
    if match is None:
        if stage.startswith(("harmonic", JOINT)):
            raise InputError(
                f"spec: stage {stage!r} is not a vocoder: use harmonic, or harmonic+griffinlim-N"
            )
        return None
    if mel != AUDIOLDM2:
        raise InputError(
            f"spec: {spec}: the harmonic vocoder takes {AUDIOLDM2.describe()}; write "
            "mel:16k-64/harmonic, or name a checkpoint of that format"
        )
    located = locate_trained(match.group(1), setup.weights)
    return HarmonicVocoder.load(located, setup, int(match.group(2) or 0)), located.weights
