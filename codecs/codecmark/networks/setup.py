"""How and where a codec's network runs, and where its weights and other files are.

A `Setup` is created once, by `Setup.from_environment()`, and passed on explicitly:
`catalog.create(spec, setup)`, `Class.from_spec(spec, setup)`, `runtime.build(..., setup)`. No codec
or metric reads the environment itself.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from codecmark.errors import UnavailableError
from codecmark.networks.weights import WeightLocator
from codecmark.system import environment
from codecmark.system.environment import COMMANDS, PUBLISHED_AUDIO
from codecmark.system.execution import EAGER, NETWORKS_ON_BACKENDS, Execution

Part = Literal["network", "device"]


@dataclass(frozen=True)
class Setup:
    """How networks run, on which device, and where what codecs need is.

    Attributes
    ----------
    weights : WeightLocator
        Finds sets of weights, and records which were requested.
    execution : Execution
        The one in the codec's spec; the catalog sets it, see `running`.
    device : str or None
        torch's name of the device to use if the execution names none. None uses a GPU if there is
        one.
    command_folder : Path or None
        Holds the TOML files of `command:NAME`.
    published_audio : tuple of Path
        Folders of published audio for `replay:CODEC`, searched in order and before the cache.
    heeded : set of {"network", "device"}
        The parts of the execution that the codec has applied: backend and dtype, and device.
    """

    weights: WeightLocator = field(default_factory=WeightLocator)
    execution: Execution = EAGER
    device: str | None = None
    command_folder: Path | None = None
    published_audio: tuple[Path, ...] = ()
    heeded: set[Part] = field(default_factory=set, compare=False, repr=False)

    @classmethod
    def from_environment(cls) -> Setup:
        """Return the setup that the environment variables describe, see `variables`."""
        return cls(
            WeightLocator.from_environment(),
            device=os.environ.get("CODECMARK_DEVICE") or None,
            command_folder=environment.folder(COMMANDS),
            published_audio=environment.folders(PUBLISHED_AUDIO),
        )

    def variables(self) -> dict[str, str]:
        """Return the environment variables that give another process this setup."""
        return {
            "CODECMARK_DEVICE": self.device or "",
            COMMANDS: str(self.command_folder or ""),
            PUBLISHED_AUDIO: os.pathsep.join(map(str, self.published_audio)),
            **self.weights.variables(),
        }

    def recording_afresh(self) -> Setup:
        """Return a copy for one codec, with no weights requested and nothing applied yet."""
        return replace(self, weights=replace(self.weights, asked=[]), heeded=set())

    def running(self, execution: Execution) -> Setup:
        """Return a copy for one codec with this execution, of which nothing is applied yet."""
        return replace(self, execution=execution, heeded=set())

    def device_name(self) -> str | None:
        """Return the device to run on, and record that it is applied; None leaves it to torch."""
        self.heeded.add("device")
        return self.execution.device or self.device

    def network_execution(self) -> Execution:
        """Return the backend and dtype to run in, and record that they are applied."""
        self.heeded.add("network")
        return self.execution

    def require_heeded(self, spec: str) -> None:
        """Raise `UnavailableError` if the codec, once built, has not applied the execution."""
        chosen = self.execution
        if chosen.changes_the_network and "network" not in self.heeded:
            raise UnavailableError(
                f"{spec}: {chosen.backend} in {chosen.dtype} runs {NETWORKS_ON_BACKENDS}, and this "
                "codec's decoder has none of them",
                "leave out --backend and --dtype",
            )
        if chosen.device is not None and "device" not in self.heeded:
            raise UnavailableError(
                f"{spec}: has no network to put on a device", "leave out --device"
            )
