"""The base and the noise filling that a spec names: `16k-64+wave`, `16k-64+wave+anchored`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codecmark.codec import NO_WEIGHTS, Weights
from codecmark.errors import InputError
from codecmark.layered.fill_griffinlim import PhaseRetrieval
from codecmark.layered.noise_filling import Filler
from codecmark.networks.setup import Setup
from codecmark.networks.trained_sets import locate_trained
from codecmark.spec import Spec

WAVE, SHAPED = "wave", "shaped"
ANCHORED = "anchored"  # also names the set of trained weights


@dataclass(frozen=True)
class Filling:
    """A noise filling, with the size and weights of its network, if any."""

    fill: Filler
    parameters: int = 0
    weights: Weights = NO_WEIGHTS


def split(spec: Spec, bases: Sequence[str]) -> tuple[str, bool]:
    """Return the name of the base before `+wave`, and whether a network does the noise filling.

    Raises
    ------
    InputError
        If the base is not in `bases`, or the filling is unknown.
    """
    base, *rest = (spec.variant or "").split("+")
    if base not in bases or rest not in ([WAVE], [WAVE, ANCHORED]):
        raise InputError(
            f"spec: {spec}: a waveform layer needs a base among {', '.join(bases)}: write "
            f"{spec.family}:{bases[0]}+{WAVE}, or ...+{WAVE}+{ANCHORED} for the trained fill"
        )
    return base, rest[-1] == ANCHORED


def load(setup: Setup, *, anchored: bool) -> Filling:
    """Return the noise filling.

    Raises
    ------
    UnavailableError
        If the weights of its network are missing.
    """
    if not anchored:
        return Filling(PhaseRetrieval())
    from codecmark.layered.fill_network import NetworkFill
    from codecmark.mel.harmonic.vocoder import HarmonicVocoder

    located = locate_trained(ANCHORED, setup.weights)
    vocoder = HarmonicVocoder.load(located, setup, anchored=True)
    return Filling(NetworkFill(vocoder), vocoder.parameters, located.weights)
