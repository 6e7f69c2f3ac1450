"""Base of chains whose autoencoder and vocoder are in one checkpoint of diffusers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

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


@dataclass(frozen=True)
class Checkpoint:
    """A published checkpoint that holds an autoencoder and the vocoder made for it.

    Attributes
    ----------
    weight_set : str
    variant, vocoder : str
        Its name, and its vocoder's, in specs: `ltx2:VARIANT/VOCODER`.
    mel : MelFormat
    licence : str
        Of the implementation and of the weights.
    notes : str
        See `CodecInfo.notes`.
    """

    weight_set: str
    variant: str
    vocoder: str
    mel: MelFormat
    licence: str
    notes: str


class NetworkAutoencoder(Autoencoder, Protocol):
    """An autoencoder whose parameters are those of one network."""

    network: Any


class CheckpointCodec(LatentCodec):
    """A chain of the autoencoder of a checkpoint, and of its vocoder or a phase retrieval.

    Parameters
    ----------
    build_autoencoder, build_vocoder : callable
        Build the part from the checkpoint, or with random weights from `Weights` that say why.

    Raises
    ------
    InputError
        If the spec has another variant, or names no vocoder; raised before a network is built.
    """

    def __init__(
        self,
        spec: Spec,
        setup: Setup,
        checkpoint: Checkpoint,
        build_autoencoder: Callable[[Located | Weights], NetworkAutoencoder],
        build_vocoder: Callable[[Located | Weights], Vocoder],
    ) -> None:
        variant, stage, after = split_stages(spec, f"variant, {checkpoint.variant}")
        if variant != checkpoint.variant:
            raise InputError(f"spec: {spec}: variant must be {checkpoint.variant}")
        retrieval = None
        if stage != checkpoint.vocoder:
            retrieval = PhaseRetrieval.from_stage(stage, checkpoint.mel)
        source = setup.weights.locate_or_random(checkpoint.weight_set)
        vocoder = retrieval or build_vocoder(source)
        autoencoder = build_autoencoder(source)
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


def build_part(
    source: Located | Weights, kind: Any, part: str, config: Mapping[str, Any], setup: Setup
) -> Any:
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
