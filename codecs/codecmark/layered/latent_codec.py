"""The AudioLDM2 latent with waveform layers, as a codec.

Specs: `audioldm2:compact+wave@snr10`, `audioldm2:base+wave+anchored@8k`, with any checkpoint whose
mel is AudioLDM2's at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codecmark.codec import Weights
from codecmark.layered import fill_spec, targets
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.layered.latent_base import LatentBase
from codecmark.mel.audioldm2 import CHECKPOINTS
from codecmark.mel.autoencoders.audioldm2 import PUBLISHED, MelAutoencoder
from codecmark.mel.autoencoders.compact import CompactAutoencoder
from codecmark.mel.compact_chain import COMPACT
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.trained_sets import locate_trained
from codecmark.spec import Spec

_CHECKPOINTS = ("base", "music", "large", COMPACT)  # those with AudioLDM2's mel at 16 kHz


class LatentWaveformCodec(WaveformLayerCodec):
    """Waveform layers on the latent of an autoencoder."""

    @classmethod
    def from_spec(
        cls, spec: Spec, setup: Setup, vae_config: Mapping[str, Any] | None = None
    ) -> LatentWaveformCodec:
        """Build from e.g. `audioldm2:compact+wave@snr10`; tests pass a small `vae_config`."""
        name, anchored = fill_spec.split(spec, _CHECKPOINTS)
        targets.of(spec)  # a wrong setting is refused before a network is built
        autoencoder: MelAutoencoder
        weights: Weights
        if name == COMPACT:
            located = locate_trained(COMPACT, setup.weights)
            autoencoder, weights = CompactAutoencoder.load(located, setup), located.weights
            licence = "MIT; Apache-2.0 (diffusers)"
        else:
            source = setup.weights.locate_or_random(CHECKPOINTS[name])
            autoencoder = MelAutoencoder(source, setup, vae_config or PUBLISHED)
            weights = runtime.weights_of(source)
            licence = "MIT; Apache-2.0 (diffusers); weights CC-BY-NC-SA-4.0"
        return cls(
            spec, LatentBase(autoencoder), fill_spec.load(setup, anchored=anchored), setup,
            licence=licence, reference="arXiv 2308.05734; this project",
            parameters=runtime.parameter_count(autoencoder.network), weights=weights,
            notes="the latent and the strongest MDCT coefficients; models adapt over the clip",
        )  # fmt: skip
