"""Base of chains whose autoencoder and vocoder are in one checkpoint of diffusers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from codecmark.codec import Weights
from codecmark.errors import InputError
from codecmark.mel.autoencoders.base import Autoencoder
from codecmark.mel.chain import split_stages
from codecmark.mel.front_end import MelFormat
from codecmark.mel.latent_chain import LatentCodec
from codecmark.mel.vocoders.base import PhaseRetrieval, Vocoder
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Located
from codecmark.spec import Spec


class NetworkAutoencoder(Autoencoder, Protocol):
    """An autoencoder whose parameters are those of one network."""

    network: Any


Source = Located | Weights  # a checkpoint, or why its networks get random weights
Config = Mapping[str, Any]  # what a network's class takes where there is no checkpoint


@dataclass(frozen=True)
class Checkpoint:
    """A published checkpoint that holds an autoencoder and the vocoder made for it.

    Attributes
    ----------
    weight_set : str
    variant, vocoder_name : str
        Its name, and its vocoder's, in specs: `ltx2:VARIANT/VOCODER`.
    mel : MelFormat
    autoencoder, vocoder : callable
        Builds the part.
    autoencoder_config, vocoder_config : mapping
        The published sizes.
    licence : str
        Of the implementation and of the weights.
    notes : str
        See `CodecInfo.notes`.
    """

    weight_set: str
    variant: str
    vocoder_name: str
    mel: MelFormat
    autoencoder: Callable[[Source, Setup, Config], NetworkAutoencoder]
    autoencoder_config: Config
    vocoder: Callable[[Source, Setup, Config], Vocoder]
    vocoder_config: Config
    licence: str
    notes: str


class CheckpointCodec(LatentCodec):
    """A chain of the autoencoder of a checkpoint, and of its vocoder or a phase retrieval.

    Parameters
    ----------
    spec : Spec
    setup : Setup
    autoencoder_config, vocoder_config : mapping, optional
        Other sizes than the published ones.

    Raises
    ------
    InputError
        If the spec has another variant, or names no vocoder; raised before a network is built.
    """

    checkpoint: ClassVar[Checkpoint]

    def __init__(
        self,
        spec: Spec,
        setup: Setup,
        autoencoder_config: Config | None = None,
        vocoder_config: Config | None = None,
    ) -> None:
        checkpoint = self.checkpoint
        variant, stage, after = split_stages(spec, f"variant, {checkpoint.variant}")
        if variant != checkpoint.variant:
            raise InputError(f"spec: {spec}: variant must be {checkpoint.variant}")
        vocoder: Vocoder | None = None
        if stage != checkpoint.vocoder_name:
            vocoder = PhaseRetrieval.from_stage(stage, checkpoint.mel)
        source = setup.weights.locate_or_random(checkpoint.weight_set)
        if vocoder is None:
            config = vocoder_config or checkpoint.vocoder_config
            vocoder = checkpoint.vocoder(source, setup, config)
        config = autoencoder_config or checkpoint.autoencoder_config
        autoencoder = checkpoint.autoencoder(source, setup, config)
        self.autoencoder = autoencoder
        super().__init__(
            spec,
            vocoder,
            after,
            setup,
            parameters=runtime.parameter_count(autoencoder.network) + vocoder.parameters,
            weights=runtime.weights_of(source),
            licence=checkpoint.licence,
            notes=checkpoint.notes,
        )

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> Self:
        """Build from e.g. `ltx2:2.0/hifigan`."""
        return cls(spec, setup)


def build_part(source: Source, kind: Any, part: str, config: Config, setup: Setup) -> Any:
    """Return one network of a checkpoint in float32, or with seeded random weights.

    Parameters
    ----------
    source : Located or Weights
    kind : type
        The network's class in diffusers, whose constructors are not typed.
    part : str
        The network's subfolder.
    config : mapping
        What the class takes where there is no checkpoint.
    setup : Setup
    """
    return runtime.build(
        source,
        lambda folder: runtime.load_pretrained(kind, folder, subfolder=part).float(),
        lambda: kind(**config),
        setup,
    )
