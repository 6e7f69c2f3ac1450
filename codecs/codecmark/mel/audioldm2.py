"""AudioLDM2's chain at its published size: log-mel, VAE latent, log-mel, waveform.

Specs: `audioldm2:CHECKPOINT/VOCODER`, see `chain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codecmark.codec import NO_WEIGHTS, Codec, Weights
from codecmark.errors import InputError
from codecmark.mel.autoencoders import audioldm2
from codecmark.mel.chain import split_stages, vocoder_named
from codecmark.mel.compact_chain import COMPACT, CompactCodec
from codecmark.mel.formats import AUDIOLDM2, AUDIOLDM_48K, USER
from codecmark.mel.latent_chain import LatentCodec
from codecmark.mel.vocoders import hifigan
from codecmark.mel.vocoders.base import Vocoder
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.trained_sets import together
from codecmark.networks.weights import Located
from codecmark.spec import Spec

USER_CHAIN = "user-80-256"
FULLBAND = "48k"
CHECKPOINTS = {
    "base": "cvssp/audioldm2",
    "music": "cvssp/audioldm2-music",
    "large": "cvssp/audioldm2-large",
    USER_CHAIN: "cvssp/audioldm2-music",
    FULLBAND: "haoheliu/audioldm_48k",
}


class AudioLDM2Codec(LatentCodec):
    """AudioLDM2's whole chain."""

    @classmethod
    def from_spec(
        cls,
        spec: Spec,
        setup: Setup,
        vae_config: Mapping[str, Any] | None = None,
        hifigan_config: Mapping[str, Any] | None = None,
    ) -> Codec:
        """Build from e.g. `audioldm2:music/hifigan`; tests pass small configurations."""
        if spec.stages[:1] == (COMPACT,):
            return CompactCodec(spec, setup)
        return cls(spec, setup, vae_config, hifigan_config)

    def __init__(
        self,
        spec: Spec,
        setup: Setup,
        vae_config: Mapping[str, Any] | None = None,
        hifigan_config: Mapping[str, Any] | None = None,
    ) -> None:
        known = ", ".join((*CHECKPOINTS, COMPACT))
        checkpoint, stage, after = split_stages(spec, f"checkpoint: {known}")
        if checkpoint not in CHECKPOINTS:
            raise InputError(f"spec: {spec}: checkpoint must be one of {known}")
        fullband = checkpoint == FULLBAND
        mel = {USER_CHAIN: USER, FULLBAND: AUDIOLDM_48K}.get(checkpoint, AUDIOLDM2)
        vae_config = vae_config or (audioldm2.FULLBAND if fullband else audioldm2.PUBLISHED)
        hifigan_config = hifigan_config or (hifigan.FULLBAND if fullband else hifigan.PUBLISHED)
        vocoder: Vocoder | None = None
        vocoder_weights = NO_WEIGHTS  # those of HiFi-GAN are part of the checkpoint
        if stage != "hifigan":  # a wrong stage is refused before a network is built
            vocoder, vocoder_weights = vocoder_named(spec, stage, mel, setup)
        source: Located | Weights = setup.weights.locate_or_random(CHECKPOINTS[checkpoint])
        vocoder = vocoder or hifigan.HifiGan(source, mel, setup, hifigan_config)
        self.autoencoder: audioldm2.MelAutoencoder
        self.autoencoder = audioldm2.MelAutoencoder(source, setup, vae_config)
        self.stride = self.autoencoder.stride
        super().__init__(
            spec,
            vocoder,
            after,
            setup,
            parameters=runtime.parameter_count(self.autoencoder.network) + vocoder.parameters,
            weights=together(runtime.weights_of(source), vocoder_weights),
            licence="Apache-2.0 (diffusers, transformers); weights CC-BY-NC-SA-4.0",
            notes=f"the latent is sent: {4 if fullband else 2} mel values for each latent value"
            + ("" if fullband else ", the '2:1' of its users"),
        )
