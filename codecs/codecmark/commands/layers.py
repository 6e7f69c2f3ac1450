"""`codecmark layers`: what each layer of the mel codec is worth, beside Opus and LC3."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from codecmark import corpus
from codecmark.commands import stored_rows
from codecmark.corpus import condition
from codecmark.networks.setup import Setup
from codecmark.system import whole_files
from codecmark.system.counting import counted

HELP = "measure the waveform layer: rate curves beside Opus and LC3, and its parts one by one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--corpus", type=Path, metavar="PATH", help="clips (default: the bundled)")
    stored_rows.add_folder(parser, "--out", "where waveform_layer.md goes")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    # heavy: torch and its friends, which the other commands do not need
    from codecmark.studies import layers, layers_page

    chosen = condition.named("16k-mono")
    clips, _ = condition.prepare(corpus.load(arguments.corpus), chosen)
    setup = Setup.from_environment()
    specs = layers.specs(setup)
    rows, parts = [], []
    with console.status("measuring") as status:
        codec_rows = layers.measure(specs, clips, chosen, setup)
        for spec, new_rows in zip(specs, codec_rows, strict=True):
            rows += new_rows
            status.update(f"{spec} is done, one of {counted(len(specs), 'codec')}")
        for clip_parts in layers.take_apart(clips, setup):
            parts.append(clip_parts)
            status.update(f"parts of {clip_parts.clip.name}")
    page = arguments.out / "waveform_layer.md"
    whole_files.write_inside(arguments.out, page.name, layers_page.markdown(rows, parts))
    console.print(f"page in {page}", markup=False)
    return 0
