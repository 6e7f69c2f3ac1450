"""The chain with the compact autoencoder that this project trained, in the published geometry."""

from __future__ import annotations

from codecmark import networks
from codecmark.audioldm2.chain import split_stages
from codecmark.audioldm2.compact import CompactAutoencoder
from codecmark.audioldm2.formats import AUDIOLDM2
from codecmark.audioldm2.harmonic_vocoder import JOINT, trained_vocoder
from codecmark.audioldm2.latent_chain import COMPACT, LatentCodec
from codecmark.audioldm2.vocoder import PhaseRetrieval, Vocoder
from codecmark.errors import InputError
from codecmark.spec import Spec
from codecmark.trained_weights import locate_trained, together
from codecmark.weights import NO_WEIGHTS


class CompactCodec(LatentCodec):
    """`audioldm2:compact/...`; with the stage `joint`, both networks of the joint training."""

    def __init__(self, spec: Spec) -> None:
        _, stage, filters = split_stages(spec, "vocoder, e.g. audioldm2:compact/harmonic")
        if stage == "hifigan":
            raise InputError(f"spec: {spec}: hifigan comes with a published checkpoint only")
        vocoder: Vocoder
        of_vocoder = NO_WEIGHTS
        if (trained := trained_vocoder(spec, stage, AUDIOLDM2)) is not None:
            vocoder, of_vocoder = trained
        else:
            vocoder = PhaseRetrieval.from_stage(stage, AUDIOLDM2)
        of_vae = locate_trained(JOINT if stage.startswith(JOINT) else COMPACT)
        self.autoencoder: CompactAutoencoder = CompactAutoencoder.load(of_vae)
        super().__init__(
            spec,
            vocoder,
            filters,
            parameters=networks.parameter_count(self.autoencoder.network) + vocoder.parameters,
            weights=together(of_vae.weights, of_vocoder),
            licence="MIT; Apache-2.0 (diffusers)",
            notes="the latent is sent: 2 mel values for each latent value",
        )
