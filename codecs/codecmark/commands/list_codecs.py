"""`codecmark list`: every catalog entry, its rate, and what weights it has here."""

from __future__ import annotations

import argparse

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from codecmark import catalog
from codecmark.codec import CodecInfo
from codecmark.errors import CodecmarkError
from codecmark.families import FAMILIES
from codecmark.spec import Spec

HELP = "show every codec, its settings, and what it lacks here"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--codecs", metavar="SPEC,...", help="only these specs or families, with their notes"
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; builds every codec, so that what it says is so, but networks without values.

    Of weights it says whether they are here; whether they are right takes reading them.
    """
    from codecmark.networks import runtime, weights

    specs = catalog.select(arguments.codecs, everything=True)
    default = set(catalog.all_specs(default_only=True))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("codec", "family", "set", "nominal kbit/s", "rate Hz", "weights", "what"):
        table.add_column(heading, no_wrap=heading == "codec")
    remedies: dict[str, list[str]] = {}
    details: list[str] = []
    building = console.status("building codecs")
    with runtime.hollow(), weights.unread(), building as status:
        for spec in specs:
            status.update(spec)
            member = "default" if spec in default else "--all"
            try:
                info = catalog.create(spec).info
            except CodecmarkError as error:
                remedies.setdefault(str(error), []).append(spec)
                family = Spec.parse(spec).family
                table.add_row(spec, family, member, "", "", "[red]unavailable[/red]", "")
                continue
            if arguments.codecs is not None:
                details.append(f"{spec}: {info.notes or 'no notes'}; licence: {info.licence}")
            if info.weights.evidence == "random" or weights.UNREAD in info.weights.note:
                remedies.setdefault(info.weights.note, []).append(spec)
            nominal = (
                "" if info.nominal_bitrate_kbps is None else f"{info.nominal_bitrate_kbps:.2f}"
            )
            rate = "the clip's" if info.sample_rate_hz is None else str(info.sample_rate_hz)
            table.add_row(
                spec, info.family, member, nominal, rate, info.weights.evidence,
                escape(_what(info)),
            )  # fmt: skip
    console.print(table)
    for detail in details:
        console.print(f"- {detail}", markup=False, highlight=False)
    for reason, names in remedies.items():
        console.print(f"* {', '.join(names)}: {reason}", markup=False, highlight=False)
    return 0


def _what(info: CodecInfo) -> str:
    """The family's line of the catalog, or of a plug-in what it refers to."""
    family = FAMILIES.get(info.family)
    return family.summary if family else info.reference
