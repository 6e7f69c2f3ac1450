"""`codecmark train`: prepare data, train this project's networks, export them."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

HELP = "train the project's own vocoder and autoencoder, from data to shipped weights"
_WHAT = {
    "data": "prepare a folder of audio: Debian packages under permissive licences, or your own",
    "vocoder": "train the harmonic vocoder on a prepared folder; goes on where it was stopped",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    kinds = parser.add_subparsers(dest="what", required=True)
    data = kinds.add_parser("data", help=_WHAT["data"], description=_WHAT["data"])
    data.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to make")
    data.add_argument(
        "--packages", type=Path, default=Path("/"), metavar="ROOT",
        help="where the packages' usr/ lies: installed, or unpacked (default: %(default)s)",
    )  # fmt: skip
    data.add_argument(
        "--fetch", action="store_true", help="download and unpack the packages below ROOT first"
    )
    data.add_argument(
        "--scores", type=int, default=90, metavar="N",
        help="pieces of generated music to render with fluidsynth (default: %(default)s)",
    )  # fmt: skip
    data.add_argument("--folder", type=Path, metavar="PATH", help="your own audio in their place")
    data.add_argument("--licence", default="", help="licence of --folder, for the manifest")
    _add_run(kinds.add_parser("vocoder", help=_WHAT["vocoder"], description=_WHAT["vocoder"]))


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="made by `codecmark train data`"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="folder of the run; resumed if there"
    )
    parser.add_argument("--hours", type=float, metavar="H", help="stop after so long")
    parser.add_argument("--steps", type=int, metavar="N", help="stop at this step")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, ... (default: %(default)s)"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="of the processor")
    parser.add_argument("--batch", type=int, default=8, help="crops a step (default: %(default)s)")
    parser.add_argument(
        "--adversary-from", type=int, metavar="STEP",
        help="the discriminator joins here, e.g. after two thirds (default: never)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    if arguments.what == "data":
        _data(arguments, console)
    else:
        _train(arguments, console)
    return 0


def _data(arguments: argparse.Namespace, console: Console) -> None:
    from codecmark.training import packages, prepare

    with console.status("reading") as status:
        if arguments.folder is not None:
            raw = prepare.from_folder(arguments.folder, arguments.licence)
        else:
            if arguments.fetch:
                status.update("fetching packages")
                packages.fetch(arguments.packages, packages.missing(arguments.packages))
            raw = prepare.from_packages(arguments.packages)
            raw += prepare.generated(
                arguments.packages, arguments.out / "generated", arguments.scores, status.update
            )
        done = prepare.prepare(raw, arguments.out, status.update)
    for source, seconds in done.seconds.items():
        console.print(f"{seconds / 60:7.1f} min  {source}", markup=False, highlight=False)
    for name, reason in done.left_out.items():
        console.print(f"left out: {name}: {reason}", style="yellow", markup=False)


def _train(arguments: argparse.Namespace, console: Console) -> None:
    import os

    from codecmark import networks, threads

    if arguments.threads is not None:
        threads.limit(arguments.threads)
    if arguments.device != "auto":
        os.environ["CODECMARK_DEVICE"] = arguments.device
    from codecmark.training.dataset import Dataset
    from codecmark.training.trainer import Schedule, Trainer
    from codecmark.training.vocoder import VocoderTask

    task = VocoderTask(
        Dataset(arguments.data), networks.device(), seed=arguments.seed, batch=arguments.batch,
        adversary_from=arguments.adversary_from,
    )  # fmt: skip
    trainer = Trainer(task, arguments.out, Schedule(hours=arguments.hours, steps=arguments.steps))
    if trainer.step:
        console.print(f"going on from step {trainer.step}")
    trainer.run(console)
    console.print(f"step {trainer.step}; checkpoint, log and scores in {arguments.out}")
