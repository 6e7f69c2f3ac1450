"""The chain with an autoencoder between mel and mel: AudioLDM2's, at the published size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch

from codecmark.codec import NO_WEIGHTS, Weights
from codecmark.errors import InputError
from codecmark.mel.chain import ChainCodec, split_stages
from codecmark.mel.formats import AUDIOLDM2, AUDIOLDM_48K, USER
from codecmark.mel.front_end import MelFormat
from codecmark.mel.harmonic.vocoder import trained_vocoder
from codecmark.mel.vocoders.base import PhaseRetrieval, Vocoder
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
COMPACT = "compact"  # this project's own, small


class Autoencoder(Protocol):
    """Log-mel to latent and back, by a network on `device`."""

    device: torch.device

    def latent_shape(self, frames: int, bands: int) -> tuple[int, ...]:
        """Return the latent's shape without its first axis."""
        ...

    def encode(self, log_mel: torch.Tensor) -> torch.Tensor:
        """Return the latent of `[channels, frames, bands]`, of about unit variance."""
        ...

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        """Return the log-mel."""
        ...


class LatentCodec(ChainCodec):
    """The chain with an autoencoder: its latent is sent."""

    autoencoder: Autoencoder

    def analyse(self, values: torch.Tensor) -> torch.Tensor:
        """Return the latent."""
        return self.autoencoder.encode(values)

    def restore(self, coded: torch.Tensor) -> torch.Tensor:
        """Return the log-mel."""
        return self.autoencoder.decode(coded)

    def coded_shape(self, frames: int) -> tuple[int, ...]:
        """Return the latent's shape."""
        return self.autoencoder.latent_shape(frames, self.mel.bands)


def settings_of(
    spec: Spec, variant: str, own_vocoder: str, mel: MelFormat
) -> tuple[PhaseRetrieval | None, list[str]]:
    """Return vocoder and postfilters of a chain that has one variant; None for its own vocoder.

    Raises
    ------
    InputError
        If the variant is another or the stage no vocoder: before a network is built.
    """
    found, stage, filters = split_stages(spec, f"variant, {variant}")
    if found != variant:
        raise InputError(f"spec: {spec}: variant must be {variant}")
    return None if stage == own_vocoder else PhaseRetrieval.from_stage(stage, mel), filters


class AudioLDM2Codec(LatentCodec):
    """The whole chain at the published size."""

    @classmethod
    def from_spec(
        cls,
        spec: Spec,
        setup: Setup,
        vae_config: Mapping[str, Any] | None = None,
        hifigan_config: Mapping[str, Any] | None = None,
    ) -> AudioLDM2Codec:
        """Build from e.g. `audioldm2:music/hifigan`; the configurations are for tests."""
        return cls(spec, setup, vae_config, hifigan_config)

    def __init__(
        self,
        spec: Spec,
        setup: Setup,
        vae_config: Mapping[str, Any] | None = None,
        hifigan_config: Mapping[str, Any] | None = None,
    ) -> None:
        # transformers and diffusers, which the chain without a VAE does not need
        from codecmark.mel.autoencoders import audioldm2
        from codecmark.mel.vocoders import hifigan

        known = ", ".join((*CHECKPOINTS, COMPACT))
        checkpoint, stage, filters = split_stages(spec, f"checkpoint: {known}")
        if checkpoint not in CHECKPOINTS:
            raise InputError(f"spec: {spec}: checkpoint must be one of {known}")
        fullband = checkpoint == FULLBAND
        mel = {USER_CHAIN: USER, FULLBAND: AUDIOLDM_48K}.get(checkpoint, AUDIOLDM2)
        vae_config = vae_config or (audioldm2.FULLBAND if fullband else audioldm2.PUBLISHED)
        hifigan_config = hifigan_config or (hifigan.FULLBAND if fullband else hifigan.PUBLISHED)
        vocoder: Vocoder | None = None
        of_vocoder = NO_WEIGHTS  # HiFi-GAN's come with the checkpoint
        if (trained := trained_vocoder(spec, stage, mel, setup)) is not None:
            vocoder, of_vocoder = trained
        elif stage != "hifigan":  # a wrong stage is refused before a network is built
            vocoder = PhaseRetrieval.from_stage(stage, mel)
        source: Located | Weights = setup.weights.locate_or_random(CHECKPOINTS[checkpoint])
        if vocoder is None:
            vocoder = hifigan.HifiGan(source, mel, setup, hifigan_config)
        self.autoencoder: audioldm2.MelAutoencoder
        self.autoencoder = audioldm2.MelAutoencoder(source, setup, vae_config)
        self.stride = self.autoencoder.stride
        super().__init__(
            spec,
            vocoder,
            filters,
            setup,
            parameters=runtime.parameter_count(self.autoencoder.network) + vocoder.parameters,
            weights=together(runtime.weights_of(source), of_vocoder),
            licence="Apache-2.0 (diffusers, transformers); weights CC-BY-NC-SA-4.0",
            notes=f"the latent is sent: {4 if fullband else 2} mel values for each latent value"
            + ("" if fullband else ", the '2:1' of its users"),
        )
