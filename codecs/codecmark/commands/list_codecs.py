"""`codecmark list`: every catalog entry, its rate, and what weights it has here."""

from __future__ import annotations

import argparse

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from codecmark import catalog
from codecmark.catalog import facts
from codecmark.catalog.facts import Facts
from codecmark.catalog.families import FAMILIES
from codecmark.codec import Weights
from codecmark.errors import CodecmarkError
from codecmark.networks.setup import Setup
from codecmark.networks.weights import UNREAD, WeightLocator
from codecmark.spec import Spec

HELP = "show every codec, its settings, and what it lacks here"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--codecs", metavar="SPEC,...", help="only these specs or families, with their notes"
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; builds only what `facts` has not, and reads no file of weights.

    Of weights it says whether they are here; whether they are right takes reading them.
    """
    specs = catalog.select(arguments.codecs, everything=True)
    default = set(catalog.all_specs(default_only=True))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("codec", "family", "set", "nominal kbit/s", "rate Hz", "weights", "what"):
        table.add_column(heading, no_wrap=heading == "codec")
    remedies: dict[str, list[str]] = {}
    details: list[str] = []
    setup = Setup(WeightLocator.from_environment(reads_files=False))
    for spec in specs:
        member = "default" if spec in default else "--all"
        try:
            described, weights = _described(spec, setup)
        except CodecmarkError as error:
            remedies.setdefault(str(error), []).append(spec)
            family = Spec.parse(spec).family
            table.add_row(spec, family, member, "", "", "[red]unavailable[/red]", "")
            continue
        if arguments.codecs is not None:
            notes = described.notes or "no notes"
            details.append(f"{spec}: {notes}; licence: {described.licence}")
        if weights.evidence == "random" or UNREAD in weights.note:
            remedies.setdefault(weights.note, []).append(spec)
        nominal, rate = described.nominal_bitrate_kbps, described.sample_rate_hz
        table.add_row(
            spec, described.family, member, "" if nominal is None else f"{nominal:.2f}",
            "the clip's" if rate is None else str(rate), weights.evidence, escape(_what(described)),
        )  # fmt: skip
    console.print(table)
    for detail in details:
        console.print(f"- {detail}", markup=False, highlight=False)
    for reason, names in remedies.items():
        console.print(f"* {', '.join(names)}: {reason}", markup=False, highlight=False)
    return 0


def _described(spec: str, setup: Setup) -> tuple[Facts, Weights]:
    """Return what a codec says about itself, and the evidence that it has here."""
    known = facts.table().get(spec)
    if known is None:
        info = catalog.create(spec, setup).info
        return Facts.of(info), info.weights
    known.require_package(Spec.parse(spec))
    return known, known.weights(setup.weights)


def _what(described: Facts) -> str:
    """The family's line of the catalog, or of a plug-in what it refers to."""
    family = FAMILIES.get(described.family)
    return family.summary if family else described.reference
