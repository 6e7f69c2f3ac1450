"""`codecmark train`: prepare data, train this project's networks, export them."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from codecmark.commands import stored_rows
from codecmark.errors import InputError
from codecmark.system import whole_files
from codecmark.training import ABLATIONS

if TYPE_CHECKING:
    from codecmark.training.task import Task

HELP = "train the project's own vocoder and autoencoder, from data to shipped weights"
_WHAT = {
    "data": "prepare a folder of audio: Debian packages under permissive licences, or your own",
    "vocoder": "train the harmonic vocoder on true mels",
    "vae": "train the compact autoencoder",
    "joint": "train decoder and vocoder together, from the latent to the waveform",
    "anchored": "train a vocoder on a coarse mel and what a waveform layer coded",
    "report": "write training.md from runs' logs and stored rows of the chain",
    "export": "write the best weights of a run as codecs take them, with a model card",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    kinds = parser.add_subparsers(dest="what", required=True)
    data = kinds.add_parser("data", help=_WHAT["data"], description=_WHAT["data"])
    data.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to make")
    data.add_argument(
        "--packages", type=Path, metavar="ROOT",
        help="where the packages' usr/ lies: installed, or unpacked (default: /, but not to fetch)",
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
    for task in ("vocoder", "vae", "joint", "anchored"):
        parser_of = kinds.add_parser(task, help=_WHAT[task], description=_WHAT[task])
        _add_run(parser_of, task)
    _add_report(kinds.add_parser("report", help=_WHAT["report"], description=_WHAT["report"]))
    export = kinds.add_parser("export", help=_WHAT["export"], description=_WHAT["export"])
    export.add_argument("--run", type=Path, required=True, metavar="RUN", help="folder of a run")
    export.add_argument("--data", type=Path, required=True, metavar="DIR", help="what it saw")
    export.add_argument(
        "--out", type=Path, required=True, metavar="DIR",
        help="folder of the set, named harmonic, compact or joint; see CODECMARK_TRAINED",
    )  # fmt: skip


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run", type=Path, action="append", required=True, metavar="RUN", help="may be repeated"
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="what they saw")
    parser.add_argument(
        "--ablation", type=Path, action="append", default=[], metavar="RUN",
        help="a run with --without, or one of the same length to compare it with; repeated",
    )  # fmt: skip
    parser.add_argument(
        "--repeat", type=Path, action="append", nargs=2, default=[], metavar="RUN",
        help="two runs that should be the same; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--rows", type=Path, metavar="DIR",
        help="results folder whose newest run has the trained entries and what to compare with",
    )  # fmt: skip
    stored_rows.add_folder(parser, "--out", "where the page and its figure go")


def _add_run(parser: argparse.ArgumentParser, task: str) -> None:
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="made by `codecmark train data`"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="folder of the run; resumed if there"
    )
    parser.add_argument("--hours", type=float, metavar="H", help="stop after so long")
    parser.add_argument("--steps", type=int, metavar="N", help="stop at this step")
    parser.add_argument(
        "--cool-from", type=int, metavar="STEP",
        help="the learning rate falls from here to zero at --steps (default: never)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, ... (default: %(default)s)"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="of the processor")
    parser.add_argument("--batch", type=int, default=8, help="crops a step (default: %(default)s)")
    if task != "joint":
        parser.add_argument(
            "--start", type=Path, metavar="DIR",
            required=task == "anchored",
            help="go on from the weights of this run or exported set"
            + (", a vocoder's too" if task == "anchored" else " (default: random weights)"),
        )  # fmt: skip
    else:
        for name in ("vae", "vocoder"):
            parser.add_argument(
                f"--{name}", type=Path, required=True, metavar="DIR", help="its run or exported set"
            )
        parser.add_argument(
            "--keep-vae", action="store_true", help="train the vocoder alone, on decoded mels"
        )
    if task == "vocoder":
        parser.add_argument(
            "--without", action="append", default=[], choices=ABLATIONS,
            help="train without the pseudo-inverse, the pulses, or the losses of phase: ablations",
        )  # fmt: skip
    if task != "vae":
        parser.add_argument(
            "--adversary-from", type=int, metavar="STEP",
            help="the discriminator joins here, e.g. after two thirds (default: never)",
        )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    handlers = {"data": _data, "export": _export, "report": _report}
    handlers.get(arguments.what, _train)(arguments, console)
    return 0


def _data(arguments: argparse.Namespace, console: Console) -> None:
    from codecmark.training import packages, prepare

    with console.status("reading") as status:
        if arguments.folder is not None:
            raw = prepare.from_folder(arguments.folder, arguments.licence)
        else:
            root = arguments.packages or Path("/")
            if arguments.fetch:
                if arguments.packages is None:
                    raise InputError("--fetch: name a folder to unpack into with --packages ROOT")
                status.update("fetching packages")
                packages.fetch(root, packages.missing(root))
            raw = prepare.from_packages(root)
            raw += prepare.generated(
                root, arguments.out / "generated", arguments.scores, status.update
            )
        done = prepare.prepare(raw, arguments.out, status.update)
    for source, seconds in done.seconds.items():
        console.print(f"{seconds / 60:7.1f} min  {source}", markup=False, highlight=False)
    for name, reason in done.left_out.items():
        console.print(f"left out: {name}: {reason}", style="yellow", markup=False)


def _export(arguments: argparse.Namespace, console: Console) -> None:
    from codecmark.networks.setup import Setup
    from codecmark.training.dataset import Dataset
    from codecmark.training.export import export

    setup = Setup.from_environment()
    for path in export(arguments.run, arguments.out, Dataset(arguments.data), setup):
        console.print(f"{path}: {path.stat().st_size} bytes", markup=False, highlight=False)


def _report(arguments: argparse.Namespace, console: Console) -> None:
    from codecmark.results import axes, store
    from codecmark.training import page
    from codecmark.training.dataset import Dataset

    rows = [] if arguments.rows is None else axes.chosen(store.read(arguments.rows))
    text = page.markdown(
        arguments.run, Dataset(arguments.data), rows, arguments.ablation, arguments.repeat
    )
    whole_files.write_inside(arguments.out, page.PAGE, text)
    page.figure(arguments.run, arguments.out / page.FIGURE)
    console.print(f"page and figure in {arguments.out}", markup=False)


def _train(arguments: argparse.Namespace, console: Console) -> None:
    from codecmark.system import threads

    if arguments.threads is not None:
        threads.limit(arguments.threads)
    from codecmark.training.schedule import Schedule
    from codecmark.training.trainer import Trainer

    schedule = Schedule(hours=arguments.hours, steps=arguments.steps, cool_from=arguments.cool_from)
    trainer = Trainer(_task(arguments), arguments.out, schedule)
    if trainer.step:
        console.print(f"going on from step {trainer.step}")
    trainer.run(console)
    console.print(f"step {trainer.step}; checkpoint, log and scores in {arguments.out}")


def _task(arguments: argparse.Namespace) -> Task:
    from codecmark.networks import runtime
    from codecmark.networks.setup import Setup
    from codecmark.training.dataset import Dataset
    from codecmark.training.runs import read_start

    setup = Setup.from_environment()
    if arguments.device != "auto":
        setup = replace(setup, device=arguments.device)
    dataset, device = Dataset(arguments.data), runtime.device(setup)
    shared = {"seed": arguments.seed, "batch": arguments.batch}
    if arguments.what == "joint":
        from codecmark.training.joint import JointTask

        vae, vocoder = (read_start(getattr(arguments, name), name) for name in ("vae", "vocoder"))
        return JointTask(
            dataset, device, vae, vocoder,
            train_vae=not arguments.keep_vae, adversary_from=arguments.adversary_from, **shared,
        )  # fmt: skip
    start = None if arguments.start is None else read_start(arguments.start, arguments.what)
    if arguments.what == "anchored" and start is not None:
        from codecmark.training.anchored import AnchoredTask

        return AnchoredTask(
            dataset, device, start, adversary_from=arguments.adversary_from, **shared
        )
    if arguments.what == "vae":
        from codecmark.training.vae import VaeTask

        return VaeTask(dataset, device, start=start, **shared)
    from codecmark.training.vocoder import VocoderTask

    return VocoderTask(
        dataset, device, start=start, adversary_from=arguments.adversary_from,
        without=arguments.without, **shared,
    )  # fmt: skip
