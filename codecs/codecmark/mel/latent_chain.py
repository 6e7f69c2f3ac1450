"""Base of mel chains with an autoencoder."""

from __future__ import annotations

import torch

from codecmark.errors import InputError
from codecmark.mel.autoencoders.base import Autoencoder
from codecmark.mel.chain import ChainCodec, split_stages
from codecmark.mel.front_end import MelFormat
from codecmark.mel.vocoders.base import PhaseRetrieval
from codecmark.spec import Spec


class LatentCodec(ChainCodec):
    """A chain that codes the latent of an autoencoder."""

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
    """Return the phase retrieval of a chain with one variant, and the stages after the vocoder.

    The first is None for the chain's own vocoder.

    Raises
    ------
    InputError
        If the spec has another variant, or names no vocoder; raised before a network is built.
    """
    named, stage, after = split_stages(spec, f"variant, {variant}")
    if named != variant:
        raise InputError(f"spec: {spec}: variant must be {variant}")
    return None if stage == own_vocoder else PhaseRetrieval.from_stage(stage, mel), after
