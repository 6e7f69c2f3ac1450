"""`codecmark longform`: what an hour costs that a minute does not."""

from __future__ import annotations

import argparse

import msgspec
from rich.console import Console

from codecmark.catalog import checking
from codecmark.commands import stored_rows
from codecmark.errors import InputError
from codecmark.networks.setup import Setup
from codecmark.system import whole_files

_MOST_MINUTES = 120  # what a stream may hold, see `bitstream.frame.USUAL_LIMITS`
HELP = "code a minute and an hour: rate, drift, memory, and what it takes to begin in the middle"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--codecs", metavar="SPEC,...", help="default: one of each kind")
    parser.add_argument(
        "--minutes", default="1,60", metavar="N,...", help="lengths (default: a minute, an hour)"
    )
    stored_rows.add_folder(parser, "--out", "where long_form.md and long_form.json go")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; what `long_form.json` has is not measured again."""
    from codecmark.studies import long_form, long_form_page

    setup = Setup.from_environment()
    specs = checking.selected(arguments.codecs or ",".join(long_form.SPECS), setup)
    lengths_s = [60 * _minutes(text) for text in arguments.minutes.split(",")]
    figures = arguments.out / "long_form.json"
    measured: list[long_form.LongForm] = []
    if figures.is_file():
        try:
            measured = msgspec.json.decode(figures.read_bytes(), type=list[long_form.LongForm])
        except msgspec.DecodeError as error:
            raise InputError(f"{figures}: {error}; remove it to measure all of it again") from error
    arguments.out.mkdir(parents=True, exist_ok=True)
    have = {(each.spec, each.seconds) for each in measured if not each.error}
    missing = [
        (spec, seconds) for seconds in lengths_s for spec in specs if (spec, seconds) not in have
    ]
    with console.status("measuring") as status:
        for number, (spec, seconds) in enumerate(missing, start=1):
            status.update(f"{number} of {len(missing)}: {spec}, {seconds // 60} min")
            found = long_form.measure(spec, seconds, setup)
            measured = [each for each in measured if (each.spec, each.seconds) != (spec, seconds)]
            measured.append(found)
            whole_files.replace(figures, msgspec.json.format(msgspec.json.encode(measured)) + b"\n")
    page = arguments.out / "long_form.md"
    whole_files.replace(page, long_form_page.markdown(measured))
    console.print(f"page in {page}", markup=False)
    failed = [each for each in measured if each.error and (each.spec, each.seconds) in missing]
    for each in failed:
        console.print(f"* {each.spec}, {each.seconds // 60} min: {each.error}", markup=False)
    return 1 if failed else 0


def _minutes(text: str) -> int:
    if not text.strip().isdigit() or not 1 <= int(text) <= _MOST_MINUTES:
        raise InputError(
            f"--minutes: {text!r} is no whole number from 1 to {_MOST_MINUTES}; e.g. --minutes 1,60"
        )
    return int(text)
