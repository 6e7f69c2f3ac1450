"""One family of the catalog: its class, its specs, and what an execution may change of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codecmark.spec import Spec

_WAVEFORM_LAYER_MARK = "wave"
_REDUNDANCY_MARK = "-fec"


@dataclass(frozen=True)
class Family:
    """One line of the catalog.

    Attributes
    ----------
    target : str
        The class that builds its codecs, `module:Class`.
    summary : str
    default, more : tuple of str
        Specs of the default run, and further ones that run with `--all` only.
    implementations : tuple of str
        Other implementations of the same codec, chosen by `#` at the end of a spec; they run in
        eager PyTorch only.
    takes : {"nothing", "device", "backend"}
        Which part of an execution the codecs support, see `system.execution`. `backend`: the
        decoder runs on any backend, in any dtype and on any device; `device`: the network can be
        placed on a device only. A test builds all codecs and compares.
    backend_vocoder : str or None
        If given, only codecs that end in this vocoder support a backend.
    layered_target : str or None
        The class of the codecs with a waveform layer, `...+wave...`.
    redundant_target : str or None
        The class of the codecs with copies of packets in others, `...-fec10`.
    sentinel : bool
        Whether the family only checks scales and metrics; curves, ranks and Pareto fronts leave it
        out.
    """

    target: str
    summary: str
    default: tuple[str, ...]
    more: tuple[str, ...] = ()
    implementations: tuple[str, ...] = ()
    takes: Literal["nothing", "device", "backend"] = "nothing"
    backend_vocoder: str | None = None
    layered_target: str | None = None
    redundant_target: str | None = None
    sentinel: bool = False

    def target_of(self, spec: Spec) -> str:
        """Return the class of a spec, `module:Class`."""
        if self.layered_target is not None and _WAVEFORM_LAYER_MARK in _first_words(spec)[1:]:
            return self.layered_target
        if self.redundant_target is not None and _REDUNDANCY_MARK in (spec.setting or ""):
            return self.redundant_target
        return self.target

    def takes_backend(self, spec: Spec) -> bool:
        """Return whether the decoder of a spec supports other backends and dtypes."""
        if self.takes != "backend" or spec.implementation is not None:
            return False
        if self.backend_vocoder is None:
            return True
        vocoders = [stage.partition("+")[0] for stage in spec.stages[1:]]
        return vocoders == [self.backend_vocoder] and spec.stages[0] != "compact"

    def takes_device(self, spec: Spec) -> bool:
        """Return whether a spec has a network to place on a device.

        The log-mel with a waveform layer has one only if a network does the noise filling.
        """
        without_network = spec.family == "mel" and _first_words(spec)[-1] == _WAVEFORM_LAYER_MARK
        return self.takes != "nothing" and not without_network


def _first_words(spec: Spec) -> list[str]:
    """Return the parts of a variant's first stage: `16k-64`, `wave` for `mel:16k-64+wave@8k`."""
    return (spec.stages or ("",))[0].split("+")
