"""`codecmark report`: one page of tables, curves and sound, for a meeting to decide by."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from codecmark import corpus
from codecmark.analysis.summary import Summary, summarise
from codecmark.catalog import checking
from codecmark.commands import stored_rows
from codecmark.corpus import condition
from codecmark.errors import InputError
from codecmark.networks.setup import Setup
from codecmark.report import listening
from codecmark.report.box import Box, box
from codecmark.results.row import ResultRow
from codecmark.review import in_force
from codecmark.review.files import DECISIONS
from codecmark.review.judgement import Judged
from codecmark.run import corpora
from codecmark.system import threads, whole_files

HELP = "write one self-contained page: verdict, tables, curves, listening"
LARGEST_MIB = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    stored_rows.add_folder(parser)
    stored_rows.add_run(parser)
    stored_rows.add_requirements(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the page (default: DIR/report/index.html)"
    )
    parser.add_argument(
        "--assets", action="store_true",
        help="put audio and clip tables into a folder `assets` beside the page: for large runs",
    )  # fmt: skip
    parser.add_argument(
        "--listen", metavar="SPEC,...",
        help="codecs to hear, `none` for none (default: of each codec the best that passes, "
        "what is in use today, Opus at 6, 12 and 24 kbit/s, learned codecs, a low-pass anchor)",
    )  # fmt: skip
    parser.add_argument(
        "--clips", type=int, default=listening.CLIPS_A_CLASS, metavar="N",
        help="clips of each class to hear (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--corpus", type=Path, metavar="PATH",
        help="where the run's clips are (default: where it took them from)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    # heavy: matplotlib, Jinja2
    from codecmark.report import chain, page, provenance
    from codecmark.report.conditions import condition_parts

    if arguments.clips < 1:
        raise InputError(f"clips: must be at least 1, got {arguments.clips}")
    rows = stored_rows.read(arguments)
    stored_rows.show_run(arguments.results, rows, console)
    out = arguments.out or arguments.results / "report" / "index.html"
    if out.is_dir():
        out /= "index.html"
    _write(out, {}, arguments.results)  # before a minute of drawing, not after
    summaries = [s for s in summarise(rows) if s.condition == rows[0].condition]
    given = stored_rows.requirements(arguments)
    judged = in_force.judged_by_condition(arguments.results, rows, given)
    boxes = {
        name: box(in_force.decision_for(arguments.results, rows, name, given), of_condition)
        for name, of_condition in judged.items()
    }
    first = judged.get(rows[0].condition)
    setup = Setup.from_environment()
    specs = _specs(arguments.listen, setup, summaries, first)
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console,
        transient=True,
    )  # fmt: skip
    with progress:
        heard, notes = _listening(arguments, rows, specs, setup, progress)
        task = progress.add_task("drawing", total=None)
        parts = condition_parts(
            rows,
            judged,
            boxes,
            lambda title: progress.update(task, description=f"plot: {title}"),
        )
    content = page.Content(
        rows, parts, heard, notes, _start(heard, boxes.get(rows[0].condition), first),
        chain.read(arguments.results), provenance.provenance(rows),
        _way(out, arguments.results / DECISIONS),
    )  # fmt: skip
    text, files = page.render(content, beside=arguments.assets)
    written = {out.name: text, **{f"{page.ASSETS}/{n}": t for n, t in files.items()}}
    size_mib = _write(out, written, arguments.results)
    console.print(f"page in {out}, {size_mib:.1f} MiB", markup=False)
    for note in notes:
        console.print(f"* {note}", markup=False, highlight=False)
    if size_mib > LARGEST_MIB and not arguments.assets:
        console.print(
            f"larger than {LARGEST_MIB} MiB: try --assets, or fewer --listen or --clips",
            style="yellow",
        )
    return 0


def _listening(
    arguments: argparse.Namespace,
    rows: Sequence[ResultRow],
    specs: Sequence[str],
    setup: Setup,
    progress: Progress,
) -> tuple[list[listening.Listening], list[str]]:
    """Return what can be heard of the first condition, and what cannot."""
    if not specs:
        return [], []
    ours = [row for row in rows if row.condition == rows[0].condition]
    try:
        chosen = condition.named(rows[0].condition)
        given = arguments.corpus
        corpus_clips = (
            corpora.load(arguments.results, ours[0].run_id) if given is None else corpus.load(given)
        )
        entries = listening.default_clips(corpus_clips, ours, arguments.clips)
        clips, unused = condition.prepare(entries, chosen)
    except InputError as error:
        return [], [f"nothing to hear: {error}"]
    threads.limit(chosen.threads)  # as in the run
    task = progress.add_task("coding", total=len(specs))
    heard_by_clip: dict[str, list[listening.Heard]] = {clip.name: [] for clip in clips}
    notes = [f"{name} cannot be heard: {reason}" for name, reason in unused.items()]
    for spec, outcome in listening.listen(specs, clips, ours, setup):
        progress.update(task, advance=1, description=f"to hear: {spec}")
        if isinstance(outcome, str):
            notes.append(f"{spec} cannot be heard: {outcome}")
            continue
        for name, heard in outcome.items():
            heard_by_clip[name].append(heard)
    if len({row.condition for row in rows}) > 1:
        notes.append(f"condition {rows[0].condition} only")
    if not any(heard_by_clip.values()):
        return [], [*notes, "nothing to hear: no codec of the choice can run here"]
    listenings = [
        listening.Listening(clip, listening.flac(clip.audio), tuple(heard_by_clip[clip.name]))
        for clip in clips
    ]
    return listenings, notes


def _specs(
    listen: str | None, setup: Setup, summaries: Sequence[Summary], judged: Judged | None
) -> list[str]:
    """Return the codecs to hear; an unknown one ends the command before anything is drawn."""
    if listen == "none":
        return []
    if listen is not None:
        return list(checking.selected(listen, setup))
    return listening.default_specs(summaries, judged)


def _start(
    heard: Sequence[listening.Listening], shown: Box | None, judged: Judged | None
) -> list[str]:
    """Return the two codecs that the player begins with: the page's subject and the runner-up."""
    specs = [codec.spec for codec in heard[0].heard] if heard else []
    wanted = [] if shown is None else [shown.subject, shown.runner_up]
    wanted += [] if judged is None else judged.requirements.baseline
    return [spec for spec in dict.fromkeys([*wanted, *specs]) if spec in specs][:2]


def _way(page: Path, folder: Path) -> str:
    """Return the relative link from the page to a folder."""
    return Path(os.path.relpath(folder.resolve(), page.parent.resolve())).as_posix()


def _write(out: Path, files: dict[str, str], results: Path) -> float:
    """Write files beside `out`, by their names there; return their size in MiB.

    What is inside `results`, which somebody else may have made, is written through no link.
    """
    try:
        whole_files.make_folder(out.parent, results)
        for name, text in files.items():
            whole_files.write_beside(out.parent / name, text, results)
    except OSError as error:
        raise InputError(whole_files.cannot_write(out, error)) from error
    return sum(len(text.encode()) for text in files.values()) / 2**20
