"""`codecmark layers`: what each layer of the mel codec is worth, beside Opus and LC3."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from codecmark import corpus
from codecmark.commands import stored_rows
from codecmark.corpus import condition

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
    specs = layers.specs()
    rows, parts = [], []
    with console.status("measuring") as status:
        for spec, found in zip(specs, layers.measure(specs, clips, chosen), strict=True):
            rows += found
            status.update(f"{spec} is through, {len(specs)} codecs")
        for one in layers.take_apart(clips):
            parts.append(one)
            status.update(f"parts of {one.clip.name}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    page = arguments.out / "waveform_layer.md"
    page.write_text(layers_page.markdown(rows, parts), encoding="utf-8")
    console.print(f"page in {page}", markup=False)
    return 0
