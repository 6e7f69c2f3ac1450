"""`codecmark list`: every catalog entry, or one family: its settings, and what it lacks here."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from codecmark import catalog
from codecmark.catalog import checking, facts
from codecmark.catalog.facts import Facts
from codecmark.catalog.families import FAMILIES
from codecmark.catalog.settings import SETTINGS
from codecmark.codec import Weights
from codecmark.errors import CodecmarkError, InputError
from codecmark.networks.setup import Setup
from codecmark.networks.weights import UNREAD, WeightLocator
from codecmark.spec import Spec

HELP = "show every codec, or one family with its settings, and what it lacks here"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "family", nargs="?", metavar="FAMILY", help="explain what can be set of this one"
    )
    parser.add_argument(
        "--codecs", metavar="SPEC,...", help="only these specs or families, with their notes"
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; builds only what `facts` has not, and reads no file of weights.

    Of weights it says whether they are here; whether they are right takes reading them.
    """
    setup = replace(
        Setup.from_environment(), weights=WeightLocator.from_environment(reads_files=False)
    )
    for reason in catalog.refused_plugins():
        console.print(f"left out: {reason}", style="yellow", markup=False, highlight=False)
    if arguments.family is None:
        specs = checking.selected(arguments.codecs, setup, everything=True)
        _tabulate(specs, setup, console, with_notes=arguments.codecs is not None)
        return 0
    if arguments.codecs is not None:
        raise InputError("--codecs: leave it out, or the family before it")
    _explain(arguments.family, setup, console)
    specs = catalog.listed(arguments.family, setup)
    _tabulate(specs, setup, console, with_notes=True, of_a_family=True)
    return 0


def _explain(family: str, setup: Setup, console: Console) -> None:
    """Print what the parts of a family's specs mean."""
    target = catalog.target(Spec(family))
    if family not in FAMILIES:
        console.print(f"{family}: of a plug-in, {target}", markup=False, highlight=False)
        if words := catalog.described(family, setup):
            console.print(words, markup=False, highlight=False)
        return
    console.print(f"{family}: {FAMILIES[family].summary}", markup=False, highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for part, meaning in SETTINGS[family]:
        table.add_row(f"  {escape(part)}", escape(meaning))
    console.print(table if SETTINGS[family] else "  takes no settings", highlight=False)


def _tabulate(
    specs: Iterable[str],
    setup: Setup,
    console: Console,
    *,
    with_notes: bool,
    of_a_family: bool = False,
) -> None:
    """Print a line a spec; of a family the columns are left out that are the same in every line."""
    default = set(catalog.all_specs(default_only=True))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    headings = ("codec", "set", "nominal kbit/s", "rate Hz", "weights", "family", "what")
    shown = slice(-2) if of_a_family else slice(None)
    for heading in headings[shown]:
        table.add_column(heading, no_wrap=heading == "codec")
    notes: dict[str, list[str]] = {}
    remedies: dict[str, list[str]] = {}
    for spec in specs:
        member = "default" if spec in default else "--all"
        try:
            known, weights = _known(spec, setup)
        except CodecmarkError as error:
            remedies.setdefault(str(error), []).append(spec)
            family = Spec.parse(spec).family
            cells = (spec, member, "", "", "[red]unavailable[/red]", family, "")
            table.add_row(*cells[shown])
            continue
        note = f"{known.notes or 'no notes'}; licence: {known.licence}"
        notes.setdefault(note, []).append(spec)
        if weights.evidence == "random" or UNREAD in weights.note:
            remedies.setdefault(weights.note, []).append(spec)
        nominal, rate = known.nominal_bitrate_kbps, known.sample_rate_hz
        cells = (
            spec, member, "" if nominal is None else f"{nominal:.2f}",
            "the clip's" if rate is None else str(rate), weights.evidence, known.family,
            escape(_what(known)),
        )  # fmt: skip
        table.add_row(*cells[shown])
    console.print(table)
    if with_notes:
        _print_shared("-", notes, console)
    _print_shared("*", remedies, console)


def _print_shared(bullet: str, texts: dict[str, list[str]], console: Console) -> None:
    """Print each text once, behind the specs that share it."""
    for text, specs in texts.items():
        line = f"{bullet} {', '.join(specs)}: {text}"
        console.print(line, markup=False, highlight=False, emoji=False)


def _known(spec: str, setup: Setup) -> tuple[Facts, Weights]:
    """Return what a codec says about itself, and the evidence that it has here."""
    known = facts.table().get(spec)
    if known is None:
        info = catalog.info(spec, setup)
        return Facts.of(info), info.weights
    parsed = Spec.parse(spec)
    known.require_package(parsed)
    catalog.require_importable(parsed)
    return known, known.weights(setup.weights)


def _what(known: Facts) -> str:
    """The family's line of the catalog, or of a plug-in what it refers to."""
    family = FAMILIES.get(known.family)
    return family.summary if family else known.reference
