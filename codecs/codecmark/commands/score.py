"""`codecmark score`: quality of decoded files that were made elsewhere."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from codecmark.commands import stored_rows
from codecmark.corpus import condition as conditions
from codecmark.corpus.condition import Condition
from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.leaderboard import render
from codecmark.measure.elsewhere_rows import key_of, rows_of
from codecmark.measure.pair_list import ListedPair, name_from, read_pairs
from codecmark.measure.scoring import Scorer
from codecmark.metrics.table import METRICS
from codecmark.networks.weights import WeightLocator
from codecmark.results import axes, same_clips, store
from codecmark.results.row import ResultRow
from codecmark.system import host
from codecmark.system.counting import counted

HELP = "score decoded files that were made elsewhere: REF DECODED, or a CSV table of pairs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE",
        help="reference and decoded file; or one table with the columns reference, decoded, codec, "
        "kbps, clip, source, class, of which the first two are needed",
    )  # fmt: skip
    parser.add_argument(
        "--class", dest="clip_class", choices=CLASSES, default="audio",
        help="of the clips, where the table states none; only speech has PESQ and ESTOI "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--condition", default=conditions.DEFAULT_CONDITION, choices=conditions.CONDITIONS,
        help="how both files are prepared and judged (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR",
        help=f"where rows go (default: {stored_rows.RESULTS}; nowhere for two files)",
    )  # fmt: skip
    parser.add_argument(
        "--run", metavar="ID", help="add the rows to a stored run, those that it lacks"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if a pair could not be scored."""
    workers = (os.cpu_count() or 1) if arguments.workers is None else arguments.workers
    if workers < 1:
        raise InputError(f"--workers: must be at least 1, got {workers}")
    rules = conditions.named(arguments.condition)
    weights = WeightLocator.from_environment()
    pairs = _pairs(arguments)
    unknown = sum(pair.clip_class == "audio" for pair in pairs)
    if unknown:
        console.print(
            f"{unknown} of {counted(len(pairs), 'pair')} without a class, so no PESQ and no ESTOI; "
            "say it with --class speech, or in a column 'class'",
            style="yellow",
        )
    out = arguments.out
    if out is None:
        if len(arguments.files) == 2 and arguments.run is None:
            return _show_one(pairs[0], rules, weights, console)
        out = stored_rows.RESULTS
    return _store(pairs, rules, weights, out, arguments.run, workers, console)


def _pairs(arguments: argparse.Namespace) -> list[ListedPair]:
    match arguments.files:
        case [table]:
            return read_pairs(table, arguments.clip_class)
        case [reference, decoded]:
            name = name_from(decoded)
            return [ListedPair(reference, decoded, name, clip_class=arguments.clip_class)]
    raise InputError(f"FILE: give one table or two files, not {len(arguments.files)}")


def _show_one(pair: ListedPair, rules: Condition, weights: WeightLocator, console: Console) -> int:
    with Scorer(1) as scorer:
        (row,) = rows_of([pair], rules, "", scorer, weights)
    if row.status != "ok":
        raise InputError(row.reason or "could not be scored")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("metric", "value", "unit", "remark"):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    for metric in METRICS:
        value = getattr(row, metric.field)
        shown = "" if value is None else f"{value:.{metric.decimals}f}"
        table.add_row(metric.label, shown, metric.unit, escape(row.reasons.get(metric.field, "")))
    console.print(table)
    for topic, text in row.notes.items():
        console.print(f"* {topic}: {text}", markup=False, highlight=False)
    return 0


def _store(
    pairs: list[ListedPair],
    rules: Condition,
    weights: WeightLocator,
    out: Path,
    run_id: str | None,
    workers: int,
    console: Console,
) -> int:
    """Score what the run lacks, row by row onto the disk, and print its leaderboard."""
    store.prepare(out)
    stored = [] if run_id is None else store.read(out, [run_id])
    known = {row.key for row in stored if row.status == "ok"}
    lacking = [pair for pair in pairs if not known or _key(pair, rules, weights) not in known]
    run_id = run_id or host.new_run_id(store.run_ids(out))
    new_rows: list[ResultRow] = []
    sounds = same_clips.Sounds()
    sounds.require(stored)
    blocks = [lacking[at : at + workers] for at in range(0, len(lacking), workers)]
    with Scorer(workers) as scorer, store.writing(out, run_id) as writer:
        for block in track(blocks, "scoring", console=console, disable=not console.is_terminal):
            rows = rows_of(block, rules, run_id, scorer, weights)
            sounds.require(rows)  # no table could be made of a run of two sounds of one name
            writer.add(rows)
            new_rows += rows
    render.print_leaderboard(axes.chosen(store.latest([*stored, *new_rows])), console)
    failed = [row for row in new_rows if row.status != "ok"]
    for row in failed:
        console.print(f"{row.clip} of {row.spec}: {row.reason}", style="red", markup=False)
    console.print(
        f"{counted(len(new_rows) - len(failed), 'pair')} scored, {len(failed)} not, "
        f"{len(pairs) - len(lacking)} known; rows in {out / store.ROWS / run_id}.jsonl",
        markup=False,
    )
    return 1 if failed else 0


def _key(pair: ListedPair, rules: Condition, weights: WeightLocator) -> str | None:
    try:
        return key_of(pair, rules, weights)
    except InputError:
        return None
