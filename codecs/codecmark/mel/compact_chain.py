"""AudioLDM2's chain with the compact autoencoder that this project trained."""

from __future__ import annotations

from codecmark.errors import InputError
from codecmark.mel.autoencoders.compact import CompactAutoencoder
from codecmark.mel.chain import split_stages, vocoder_named
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.harmonic.vocoder import JOINT
from codecmark.mel.latent_chain import LatentCodec
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.trained_sets import locate_trained, together
from codecmark.spec import Spec

COMPACT = "compact"  # its name in specs, and that of its set of trained weights


class CompactCodec(LatentCodec):
    """`audioldm2:compact/...`; the stage `joint` selects both networks of the joint training."""

    def __init__(self, spec: Spec, setup: Setup) -> None:
        _, stage, after = split_stages(spec, "vocoder, e.g. audioldm2:compact/harmonic")
        if stage == "hifigan":
            raise InputError(f"spec: {spec}: hifigan comes with a published checkpoint only")
        vocoder, vocoder_weights = vocoder_named(spec, stage, AUDIOLDM2, setup)
        vae = locate_trained(JOINT if stage.startswith(JOINT) else COMPACT, setup.weights)
        self.autoencoder: CompactAutoencoder = CompactAutoencoder.load(vae, setup)
        super().__init__(
            spec,
            vocoder,
            after,
            setup,
            parameters=runtime.parameter_count(self.autoencoder.network) + vocoder.parameters,
            weights=together(vae.weights, vocoder_weights),
            licence="MIT; Apache-2.0 (diffusers)",
            notes="the latent is sent: 2 mel values for each latent value",
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> CompactCodec:
        """Build from e.g. `audioldm2:compact/harmonic`."""
        return cls(spec, setup)
