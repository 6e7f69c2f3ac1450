"""What a codec is built with: how and where its network runs, and where weights are.

A `Setup` is the one argument through which any of this reaches a codec. It is made once at the
edge, `Setup.from_environment()`, and passed on: `catalog.create(spec, setup)`,
`Class.from_spec(spec, setup)`, `runtime.build(..., setup)`. Nothing below reads the environment.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Literal

from codecmark.errors import UnavailableError
from codecmark.networks.weights import WeightLocator
from codecmark.system.execution import EAGER, NETWORKS_ON_BACKENDS, Execution

Part = Literal["network", "device"]


@dataclass(frozen=True)
class Setup:
    """How networks run, on which device, and where their weights are.

    Attributes
    ----------
    weights : WeightLocator
        Finds sets of weights, and remembers which it was asked for.
    execution : Execution
        As the codec's spec says; the catalog sets it, see `running`.
    device : str or None
        Where the execution names none: any that torch knows. None takes a GPU if there is one.
    heeded : set of {"network", "device"}
        What of the execution the codec has applied: its backend and dtype, its device.
    """

    weights: WeightLocator = field(default_factory=WeightLocator)
    execution: Execution = EAGER
    device: str | None = None
    heeded: set[Part] = field(default_factory=set, compare=False, repr=False)

    @classmethod
    def from_environment(cls) -> Setup:
        """Return what `CODECMARK_DEVICE` and the variables of `WeightLocator` say."""
        return cls(
            WeightLocator.from_environment(), device=os.environ.get("CODECMARK_DEVICE") or None
        )

    def running(self, execution: Execution) -> Setup:
        """Return the same for one codec that runs this way; nothing of it is heeded yet."""
        return replace(self, execution=execution, heeded=set())

    def device_name(self) -> str | None:
        """Return the device to run on, for one that does; None leaves the choice to torch."""
        self.heeded.add("device")
        return self.execution.device or self.device

    def network_execution(self) -> Execution:
        """Return the backend and dtype to run in, for a network that can take others."""
        self.heeded.add("network")
        return self.execution

    def require_heeded(self, spec: str) -> None:
        """Raise `UnavailableError` if the codec that was built has not applied the execution."""
        chosen = self.execution
        if chosen.changes_the_network and "network" not in self.heeded:
            raise UnavailableError(
                f"{spec}: {chosen.backend} in {chosen.dtype} runs {NETWORKS_ON_BACKENDS}, and this "
                "codec decodes with none of these",
                "leave out --backend and --dtype",
            )
        if chosen.device is not None and "device" not in self.heeded:
            raise UnavailableError(
                f"{spec}: has no network to put on a device", "leave out --device"
            )
