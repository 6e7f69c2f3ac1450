"""`training.md`: how the networks were trained and how they score, from logs and stored rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codecmark.errors import InputError
from codecmark.results.row import ResultRow
from codecmark.system import plotting
from codecmark.system.markdown import table
from codecmark.training import log
from codecmark.training.against_the_chain import Chain
from codecmark.training.dataset import Dataset
from codecmark.training.repeat import compare
from codecmark.training.runs import Trained, read_run
from codecmark.training.trainer import LOG, VALIDATION

PAGE, FIGURE = "training.md", "training.png"
_LINES = 12  # per curve


def markdown(
    folders: Sequence[Path],
    dataset: Dataset,
    rows: Sequence[ResultRow],
    ablations: Sequence[Path] = (),
    repeats: Sequence[tuple[Path, Path]] = (),
) -> str:
    """Return the page about some runs.

    Parameters
    ----------
    folders : sequence of Path
        The runs.
    rows : sequence of ResultRow
        Stored rows of the chain, for comparison.
    ablations : sequence of Path
        Runs of equal length: one with all parts, and others without some.
    repeats : sequence of pairs of Path
        Runs that should be identical.

    Raises
    ------
    InputError
        If a folder is not a run, or was not validated yet.
    """
    runs = [(folder, read_run(folder)) for folder in folders]
    speakers = {item.source for item in dataset.items if item.clip_class == "speech"}
    minutes = sum(item.samples for item in dataset.items if item.split == "train") / 960_000
    lines = [
        "# Networks trained here",
        "",
        f"Data: {minutes:.0f} minutes from "
        + ", ".join(sorted({item.package or "own audio" for item in dataset.items}))
        + f"; speakers {', '.join(sorted(speakers))}. No bundled clip is in it.",
        "",
        f"![losses and scores]({FIGURE})",
        "",
        "| run | task | from | steps | hours | batch | seed | best at step | its held-out scores |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
        *(_run_line(folder, trained) for folder, trained in runs),
        "",
    ]
    for folder, _ in runs:
        lines += [f"## {folder.name}: scores while it was trained", "", _curve(folder), ""]
    if ablations:
        lines += ["## What each part brings", "", _ablations(ablations), ""]
    if repeats:
        lines += ["## The same run again", "", *(_repeat(*pair) for pair in repeats), ""]
    if rows:
        lines += [
            "## Against the rest of the chain",
            "",
            "Bundled clips; *unseen* are those of speakers that were not trained on, *trained* "
            "those of speakers that were, in other sentences. Means over clips.",
            "",
            Chain(rows, speakers).markdown(),
        ]
    return "\n".join(lines).rstrip() + "\n"


def figure(folders: Sequence[Path], path: Path) -> None:
    """Draw the sum of the losses and the first validation score over steps.

    Raises
    ------
    UnavailableError
        If matplotlib is not installed.
    """
    sheet = plotting.sheet(9, 3.5)
    left, right = sheet.subplots(1, 2)
    for folder in folders:
        lines = log.read(folder / LOG)
        names = [name for name in lines[0] if name not in {"step", "seconds", "rate"}]
        names = [name for name in names if not name.startswith("d_")]
        totals = [sum(float(line[name] or 0) for name in names) for line in lines]
        left.plot([int(line["step"]) for line in lines], totals, label=folder.name)
        scores = log.read(folder / VALIDATION)
        if scores:
            score = next(name for name in scores[0] if name not in {"step", "seconds"})
            steps = [int(line["step"]) for line in scores]
            right.plot(
                steps,
                [float(line[score]) for line in scores],
                ".-",
                label=f"{folder.name}: {score}",
            )
    left.set_title("weighted losses")
    right.set_title("held-out items, averaged weights")
    for axes in (left, right):
        axes.set_xlabel("step")
        if axes.lines:
            axes.legend(fontsize=7)
    sheet.savefig(path, dpi=90)


def _run_line(folder: Path, trained: Trained) -> str:
    last = _last_line(folder, LOG)
    scores = ", ".join(f"{name} {value:.3f}" for name, value in trained.scores.items())
    options = trained.options
    return (
        f"| {folder.name} | {trained.task} | {trained.started_from or '-'} | {last['step']} | "
        f"{float(last['seconds']) / 3600:.1f} | {options['batch']} | {options['seed']} | "
        f"{trained.step} | {scores} |"
    )


def _curve(folder: Path) -> str:
    lines = log.read(folder / VALIDATION)
    every = -(-len(lines) // _LINES)
    kept = [*lines[: -1 : max(every, 1)], lines[-1]]
    names = [name for name in lines[0] if name != "seconds"]
    cells = [
        [*(line[name] for name in names), f"{float(line['seconds']) / 3600:.2f}"] for line in kept
    ]
    return table([*names, "hours"], cells, numbers=len(names) + 1)


def _ablations(folders: Sequence[Path]) -> str:
    """Return the last scores of each run, and the parts that it leaves out."""
    runs = [(at, read_run(at), _last_line(at, VALIDATION)) for at in folders]
    names = [name for name in runs[0][2] if name not in {"step", "seconds"}]
    lines = [
        [
            _description(folder, trained),
            last["step"],
            *(last.get(name) or "-" for name in names),
        ]
        for folder, trained, last in runs
    ]
    return table(["training", "steps", *names], lines, numbers=len(names) + 1)


def _last_line(folder: Path, name: str) -> dict[str, str]:
    lines = log.read(folder / name)
    if not lines:
        raise InputError(f"run: {folder / name} has no lines yet; train it for longer")
    return lines[-1]


def _description(folder: Path, trained: Trained) -> str:
    options = trained.options
    if trained.task == "joint":
        text = "on the mels of the autoencoder" + (", which learns too" * options["train_vae"])
    else:
        parts = {name for name in ("prior", "clock") if trained.config.get(name) is False}
        parts |= set(options.get("without", ()))
        text = "without " + " and ".join(sorted(parts)) if parts else "with all"
    if any(line.get("adversary") for line in log.read(folder / LOG)):
        text += ", against the discriminator"
    return text if trained.started_from is None else f"{text}, from {trained.started_from}"


def _repeat(first: Path, second: Path) -> str:
    repeat = compare(first, second)
    outcome = (
        "equal in every digit"
        if repeat.first_difference is None
        else f"they differ from step {repeat.first_difference} on"
    )
    return (
        f"- {first.name} and {second.name}: {repeat.lines} lines of losses and scores, "
        f"{repeat.last_step} steps, {repeat.minutes:.0f} minutes: {outcome}."
    )
