"""`codecmark latency`: algorithmic delay from outside, and the time each live chunk takes."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from codecmark import catalog, corpus
from codecmark.catalog import checking
from codecmark.corpus import condition
from codecmark.errors import UnavailableError
from codecmark.networks.setup import Setup
from codecmark.system import host, threads, whole_files

HELP = "measure algorithmic delay and the time of live chunks"
_CODECS = (
    "pcm16,flac,g722@64k,lc3@32k,amr@12.2k,opus@24k,codec2@3.2k,lyra@9.2k,encodec:24khz@6k,"
    "mimi@1.1k,mp3@32k,aac@32k,vorbis@q3,dac:24khz@24k,mel:16k-64/griffinlim-64"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--codecs", default=_CODECS, metavar="SPEC,...", help="default: one of each family"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write latency.md there")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    from codecmark.studies import latency

    setup = Setup.from_environment()
    rules = condition.named(condition.DEFAULT_CONDITION)
    threads.limit(rules.threads)
    entries = [clip for clip in corpus.load() if clip.clip_class == "speech"]
    (clip,), _ = condition.prepare(entries[:1], rules)
    measured, missing = [], []
    with console.status("measuring") as status:
        for spec in checking.selected(arguments.codecs, setup):
            status.update(spec)
            try:
                codec = catalog.create(spec, setup)
            except UnavailableError as error:
                missing.append(f"{spec}: {error}")
            else:
                measured.append(latency.measure(codec, clip.audio))
    sheet = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, heading in enumerate(latency.HEADINGS):
        sheet.add_column(heading, justify="right" if index else "left")
    for row in measured:
        sheet.add_row(*row.cells())
    console.print(sheet)
    for line in missing:
        console.print(f"* {line}", markup=False, highlight=False)
    if arguments.out is not None:
        page = arguments.out / "latency.md"
        text = latency.markdown(measured, host.host(), clip.name)
        whole_files.write_inside(arguments.out, page.name, text)
        console.print(f"page: {page}", markup=False)
    return 0
