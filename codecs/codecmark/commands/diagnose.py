"""`codecmark diagnose`: which stage of the mel chain loses what."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from codecmark import corpus
from codecmark.corpus import condition
from codecmark.errors import InputError
from codecmark.networks.setup import Setup
from codecmark.system import whole_files

HELP = "show which stage of the mel chain loses what, on clips of speech"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "clips", nargs="*", metavar="CLIP",
        help="audio files of speech, or names of bundled clips (default: the bundled speech)",
    )  # fmt: skip
    parser.add_argument("--mel", default="16k-64", help="mel format (default: %(default)s)")
    parser.add_argument(
        "--vocoder", default="griffinlim-64", help="phase retrieval (default: %(default)s)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write chain.md, chain.json and chain.png there; the page has a section on published "
        "AudioLDM2 output if DIR/published has rows of it",
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    # heavy: torch and its friends, which the other commands do not need
    from codecmark.studies import chain as diagnosis
    from codecmark.studies import chain_page, chain_published

    setup = Setup.from_environment()
    prepared, _ = condition.prepare(_entries(arguments.clips), condition.named("16k-mono"))
    stages = []
    with console.status("measuring") as status:
        for clip in prepared:
            status.update(clip.name)
            stages.append(diagnosis.diagnose(clip.audio, arguments.mel, arguments.vocoder, setup))
    headings, rows = chain_page.table(stages)
    sheet = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        sheet.add_column(heading, justify="left" if heading == "stage" else "right")
    for row in rows:
        sheet.add_row(*row)
    console.print(sheet)
    for line in (*diagnosis.reading(stages), *chain_page.missing(stages)):
        console.print(f"* {line}", markup=False, highlight=False)
    if arguments.out is not None:
        chain = f"mel:{arguments.mel}/{arguments.vocoder}"
        names = [clip.name for clip in prepared]
        page = chain_page.markdown(names, stages, chain, chain_published.read(arguments.out))
        whole_files.write_inside(arguments.out, "chain.md", page)
        record = chain_page.as_json(names, stages, chain)
        whole_files.write_inside(arguments.out, "chain.json", record)
        rate = prepared[0].audio.sample_rate_hz
        chain_page.figure(stages[0], rate, arguments.out / "chain.png")
        console.print(f"page and figure in {arguments.out}", markup=False)
    return 0


def _entries(names: list[str]) -> list[corpus.CorpusClip]:
    """Return the named clips, as speech."""
    if not names:
        return [clip for clip in corpus.load() if clip.clip_class == "speech"]
    clips = []
    for name in names:
        if Path(name).is_file():
            clips.append(corpus.CorpusClip(name, Path(name), Path(name).stem, "speech"))
            continue
        bundled = [clip for clip in corpus.load() if name in (clip.name, Path(clip.name).stem)]
        if not bundled:
            raise InputError(f"clip: {name!r} is neither a file nor a bundled clip")
        clips += bundled
    return clips
