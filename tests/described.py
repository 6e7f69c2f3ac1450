"""What a list says of the codecs with networks; run as a program it renews the package's table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from codecmark import catalog
from codecmark.catalog import facts
from codecmark.catalog.facts import Facts
from codecmark.catalog.families import FAMILIES
from codecmark.networks.setup import Setup
from codecmark.networks.weights import Asked, WeightLocator
from codecmark.spec import Spec
from entries import fresh

_PACKAGES = {"snac": "snac"}


def specs() -> Iterator[str]:
    """Yield the catalog's specs that are not built to be listed."""
    for spec in catalog.all_specs():
        family = FAMILIES.get(Spec.parse(spec).family)
        if family is not None and not family.target.startswith("codecmark.classic."):
            yield spec


def described(spec: str) -> Facts:
    """Build a codec, tiny, and return what it says of itself."""
    parsed = Spec.parse(spec)
    if parsed.implementation is not None:
        return _original(parsed)
    setup = Setup(WeightLocator(offline=True), device="cpu")
    if parsed.family == "lyra" or "hifigan-22k" in spec:  # which nothing can stand in for
        setup = Setup.from_environment()
    info = fresh(spec, setup).info
    return Facts.of(info, setup.weights.asked, _PACKAGES.get(parsed.family))


def _original(spec: Spec) -> Facts:
    """The authors' packages are in an environment of their own: what they change is stated."""
    from codecmark.neural import dac, encodec_network

    found = described(str(replace(spec, implementation=None)))
    licences = {"encodec": encodec_network.LICENCES, "dac": dac.LICENCES}[spec.family]
    return replace(
        found,
        licence=licences["original"],
        notes=found.notes.partition("; above")[0],
        asked=tuple(Asked(asked.names[1:], asked.needed) for asked in found.asked),
        package=spec.family,
    )


if __name__ == "__main__":
    facts.write({spec: described(spec) for spec in specs()})
