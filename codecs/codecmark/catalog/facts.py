"""What each codec with a network declares about itself, stored so that listing needs no network.

`codecmark list` reads `facts.json`, because a network takes seconds to build and its libraries as
long to import. Which weights are present is looked up each time. `tests/renew_facts.py` builds
every codec and writes the table; a test builds them again and compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from codecmark.codec import NO_WEIGHTS, CodecInfo, Weights
from codecmark.errors import UnavailableError
from codecmark.networks.trained_sets import PREFIX, locate_trained, together
from codecmark.networks.weights import Asked, Located, WeightLocator
from codecmark.neural import original_packages
from codecmark.spec import Spec
from codecmark.system import extras

TABLE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Facts:
    """The part of `CodecInfo` that `codecmark list` shows, and what the codec needs.

    Attributes
    ----------
    asked : tuple of Asked
        The sets of weights that the codec looks for.
    package : str or None
        An optional package that it needs.
    """

    family: str
    sample_rate_hz: int | None
    nominal_bitrate_kbps: float | None
    licence: str
    notes: str
    reference: str
    asked: tuple[Asked, ...] = ()
    package: str | None = None

    @classmethod
    def of(cls, info: CodecInfo, asked: Iterable[Asked] = (), package: str | None = None) -> Facts:
        """Return the facts of a codec that was built."""
        return cls(
            info.family, info.sample_rate_hz, info.nominal_bitrate_kbps, info.licence, info.notes,
            info.reference, tuple(asked), package,
        )  # fmt: skip

    @classmethod
    def parse(cls, record: dict[str, Any]) -> Facts:
        """Return the facts of one entry of the table."""
        asked = tuple(Asked(tuple(sets["names"]), sets["needed"]) for sets in record["asked"])
        return cls(**{**record, "asked": asked})

    def weights(self, locator: WeightLocator) -> Weights:
        """Return the evidence that the codec would have on this machine.

        Raises
        ------
        UnavailableError
            If required weights are missing, or any are damaged.
        """
        weights = [_weights(asked, locator) for asked in self.asked]
        return together(*weights) if weights else NO_WEIGHTS

    def require_package(self, spec: Spec) -> None:
        """Raise `UnavailableError` if the package that the codec needs is not installed."""
        if self.package is None or extras.is_here(self.package):
            return
        if spec.implementation is not None:
            original_packages.load(self.package)
        raise UnavailableError(
            f"{spec} needs the package {self.package}", extras.remedy(self.package)
        )


@cache
def table() -> dict[str, Facts]:
    """Return the facts of every catalog entry that has a network, by spec."""
    records = json.loads(TABLE.read_text(encoding="utf-8"))
    return {spec: Facts.parse(record) for spec, record in records.items()}


def write(facts: dict[str, Facts], path: Path = TABLE) -> None:
    """Write the table, one line per spec."""
    lines = (f"{json.dumps(spec)}: {json.dumps(asdict(entry))}" for spec, entry in facts.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _weights(asked: Asked, locator: WeightLocator) -> Weights:
    name = asked.names[0]
    if name.startswith(PREFIX):
        return locate_trained(name.removeprefix(PREFIX), locator).weights
    source = locator.locate(name) if asked.needed else locator.locate_or_random(*asked.names)
    return source.weights if isinstance(source, Located) else source
