"""The AudioLDM2 latent with a waveform layer, as a codec.

Specs: `audioldm2:compact+wave@snr10`, `audioldm2:base+wave+anchored@8k`; what comes first is a
checkpoint whose mel is AudioLDM2's at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codecmark import networks
from codecmark.audioldm2.autoencoder import PUBLISHED, MelAutoencoder
from codecmark.audioldm2.compact import CompactAutoencoder
from codecmark.audioldm2.latent_chain import CHECKPOINTS, COMPACT
from codecmark.audioldm2.waveform_layer import filling, targets
from codecmark.audioldm2.waveform_layer.codec import WaveformLayerCodec
from codecmark.audioldm2.waveform_layer.latent_base import LatentBase
from codecmark.spec import Spec
from codecmark.trained_weights import locate_trained
from codecmark.weights import Weights, locate_or_random

_CHECKPOINTS = ("base", "music", "large", COMPACT)  # those with AudioLDM2's mel at 16 kHz


def from_spec(spec: Spec, vae_config: Mapping[str, Any] | None = None) -> WaveformLayerCodec:
    """Build from e.g. `audioldm2:compact+wave@snr10`; the configuration is for tests."""
    name, anchored = filling.split(spec, _CHECKPOINTS)
    targets.of(spec)  # a wrong setting is refused before a network is built
    autoencoder: MelAutoencoder
    weights: Weights
    if name == COMPACT:
        of_vae = locate_trained(COMPACT)
        autoencoder, weights = CompactAutoencoder.load(of_vae), of_vae.weights
        licence = "MIT; Apache-2.0 (diffusers)"
    else:
        source = locate_or_random(CHECKPOINTS[name])
        autoencoder = MelAutoencoder(source, vae_config or PUBLISHED)
        weights = networks.weights_of(source)
        licence = "MIT; Apache-2.0 (diffusers); weights CC-BY-NC-SA-4.0"
    return WaveformLayerCodec(
        spec, LatentBase(autoencoder), filling.load(anchored=anchored), licence=licence,
        reference="arXiv 2308.05734; this project",
        parameters=networks.parameter_count(autoencoder.network), weights=weights,
        device=str(networks.device()), backend="eager", dtype="float32",
        notes="the latent and the strongest MDCT coefficients; models adapt over the clip",
    )  # fmt: skip
