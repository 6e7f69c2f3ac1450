"""Which fill a spec names, and on which base: `16k-64+wave`, `16k-64/anchored+wave`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from codecmark.audioldm2.waveform_layer.fill import Filler
from codecmark.audioldm2.waveform_layer.phase_retrieval import PhaseRetrieval
from codecmark.errors import InputError
from codecmark.spec import Spec
from codecmark.trained_weights import locate_trained
from codecmark.weights import NO_WEIGHTS, Weights

SUFFIX = "+wave"
ANCHORED = "anchored"  # the set of trained weights has that name too


@dataclass(frozen=True)
class Filling:
    """A fill, and the network that it needs, if any."""

    fill: Filler
    parameters: int = 0
    weights: Weights = NO_WEIGHTS


def split(spec: Spec, bases: Collection[str]) -> tuple[str, bool]:
    """Return the name of the base before `+wave`, and whether the fill is anchored.

    Raises
    ------
    InputError
        If the base is none of `bases`, or another fill is named.
    """
    base, *fill = _stages(spec)
    if base not in bases or fill not in ([], [ANCHORED]):
        known = ", ".join(f"{name}{SUFFIX} and {name}/{ANCHORED}{SUFFIX}" for name in bases)
        raise InputError(f"spec: {spec}: the waveform layer stands on one of {known}")
    return base, bool(fill)


def load(*, anchored: bool) -> Filling:
    """Return the fill.

    Raises
    ------
    UnavailableError
        If its weights are not here.
    """
    if not anchored:
        return Filling(PhaseRetrieval())
    from codecmark.audioldm2.harmonic_vocoder import HarmonicVocoder
    from codecmark.audioldm2.waveform_layer.anchored_fill import AnchoredFill

    located = locate_trained(ANCHORED)
    vocoder = HarmonicVocoder.load(located, anchored=True)
    return Filling(AnchoredFill(vocoder), vocoder.parameters, located.weights)


def _stages(spec: Spec) -> Sequence[str]:
    return (spec.variant or "").removesuffix(SUFFIX).split("/")
