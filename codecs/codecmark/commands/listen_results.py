"""What follows a listening test: files for listeners elsewhere, their answers, results and rows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from codecmark.commands import stored_rows
from codecmark.errors import InputError
from codecmark.listen import design
from codecmark.results import store
from codecmark.system import host
from codecmark.system.counting import counted

if TYPE_CHECKING:
    from codecmark.listen.collect import Choice
    from codecmark.listen.design import Design
    from codecmark.listen.ratings import ListeningSet

LEAST_LISTENERS = 2


def add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `offline`, `export`, `import` and `results`."""
    offline = actions.add_parser("offline", help="write the test as files, one for each listener")
    offline.add_argument("test", type=Path, metavar="TEST", help="the folder of a test")
    offline.add_argument("--listeners", type=int, default=1, metavar="N", help="how many files")
    offline.add_argument("--out", type=Path, metavar="DIR", help="(default: TEST/offline)")
    offline.set_defaults(act=_offline)
    export = actions.add_parser(
        "export", help="write the test for webMUSHRA, to be copied into its folder"
    )
    export.add_argument("test", type=Path, metavar="TEST", help="the folder of a test")
    export.add_argument("--out", type=Path, metavar="DIR", help="(default: TEST/webmushra)")
    export.set_defaults(act=_export)
    taken = actions.add_parser("import", help="take in what listeners handed over")
    taken.add_argument(
        "test", type=Path, metavar="TEST",
        help="the folder of a test; or of a listening set, made or added to, for what other tools "
        "asked of their own",
    )  # fmt: skip
    taken.add_argument(
        "files", type=Path, nargs="+", metavar="FILE",
        help="of a test: answers-*.json, or what webMUSHRA wrote of an exported one (mushra.csv, "
        "lss.csv, paired_comparison.csv); of a listening set: webMUSHRA's mushra.csv, results of "
        "BeaqleJS, one a listener, or tables of lists",
    )  # fmt: skip
    taken.set_defaults(act=_import)
    results = actions.add_parser(
        "results", help="screen, means and differences; rows into the store with --out"
    )
    results.add_argument(
        "test", type=Path, metavar="TEST",
        help="the folder of a test, a listening set, or a table (webMUSHRA's mushra.csv, or lists)",
    )  # fmt: skip
    results.add_argument(
        "--unscreened", action="store_true", help="rows of everybody, not of who passes screening"
    )
    stored_rows.add_folder(results, "--out", "where rows go, with --run those that are there")
    results.add_argument("--run", metavar="ID", help="the stored run that the ratings are added to")
    results.add_argument("--rows", action="store_true", help="write rows")
    results.add_argument(
        "--save", type=Path, metavar="DIR", help="write a listening set, for trials of predictors"
    )
    results.set_defaults(act=_results)


def _offline(arguments: argparse.Namespace, console: Console) -> int:
    from codecmark.listen import offline
    from codecmark.listen.journal import Journal

    if not 1 <= arguments.listeners <= 500:
        raise InputError(f"--listeners: must be 1 to 500, got {arguments.listeners}")
    folder = arguments.out or arguments.test / "offline"
    with Journal(design.read(arguments.test)) as journal:
        for path in offline.make_files(journal, folder, arguments.listeners):
            console.print(
                f"{path}, {path.stat().st_size / 2**20:.1f} MiB", markup=False, soft_wrap=True
            )
    console.print("each is for one listener; take in what they save: codecmark listen import")
    return 0


def _export(arguments: argparse.Namespace, console: Console) -> int:
    from codecmark.listen import webmushra

    test = design.read(arguments.test)
    config = webmushra.export(test, arguments.out or arguments.test / "webmushra")
    pages = sum(not page.training for page in test.plan.pages)
    if test.plan.method != "acr" and test.plan.pages_each < pages:
        console.print(
            f"* webMUSHRA gives every listener all {pages} pages, not {test.plan.pages_each}",
            markup=False, highlight=False, style="yellow",
        )  # fmt: skip
    console.print(
        f"{config}\ncopy `configs` into webMUSHRA's folder and open ?config={config.name}; take in "
        f"what it writes: codecmark listen import {arguments.test} "
        f"results/{webmushra.name_of(test)}/*.csv",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    return 0


def _import(arguments: argparse.Namespace, console: Console) -> int:
    from codecmark.listen import merging, offline, webmushra_answers
    from codecmark.listen.journal import Journal
    from codecmark.listen.tables import read_tables

    if not (arguments.test / design.PLAN).exists():
        listening, new = merging.add_to(arguments.test, read_tables(arguments.files))
        console.print(
            f"listening set in {arguments.test}: {len(listening.listeners)} listeners, "
            f"{len(listening.ratings)} ratings, {new} of them new", markup=False, soft_wrap=True,
        )  # fmt: skip
        return 0
    with Journal(design.read(arguments.test)) as journal:
        for path in arguments.files:
            if path.suffix.lower() == ".csv":
                listeners, new, known = webmushra_answers.take(journal, path)
                who = f"{path}: {counted(listeners, 'listener')}"
            else:
                who, new, known = offline.take(journal, path)
            console.print(f"{who}: {new} pages new, {known} were there", markup=False)
    return 0


def _results(arguments: argparse.Namespace, console: Console) -> int:
    from codecmark.listen import collect, entries, ratings
    from codecmark.listen.tables import read_table

    test: Design | None = None
    if arguments.test.is_file():
        listening = read_table(arguments.test)
    elif (arguments.test / ratings.HEAD).is_file():
        listening = ratings.read_set(arguments.test)
    else:
        test = design.read(arguments.test)
        joined, answers = entries.read(test)
        for line in collect.unfinished(test, joined, answers):
            console.print(f"* not finished, counted as far as they came: {line}", markup=False)
        if test.plan.method in {"ab", "abx"}:
            _show_choices(test, collect.choices(test, joined, answers), console)
            return 0
        listening = collect.ratings(test, joined, answers)
    if not listening.ratings:
        raise InputError(f"{arguments.test}: nobody has rated anything that counts yet")
    kept = _show(listening, console)
    if arguments.save:
        ratings.write_set(arguments.save, listening)
        console.print(f"listening set in {arguments.save}", markup=False, soft_wrap=True)
    if arguments.rows:
        if test is None:
            raise InputError("--rows: needs the folder of a test, whose key says what was heard")
        _write(test, listening if arguments.unscreened else kept, arguments, console)
    return 0


def _show(listening: ListeningSet, console: Console) -> ListeningSet:
    """Print screening, means with and without it, and differences; return the screened set."""
    from codecmark.listen.screening import rules, screen, screened
    from codecmark.listen.statistics import Mean, differences, means

    kept = screened(listening)
    for rule in rules(listening):
        console.print(f"screening: out is who rates the {rule}", markup=False, highlight=False)
    for exclusion in screen(listening):
        console.print(f"* {exclusion}", markup=False, highlight=False)
    console.print(
        f"{len(kept.listeners)} of {len(listening.listeners)} listeners pass", highlight=False
    )
    everybody, passed = means(listening), means(kept)
    decimals = 1 if listening.method == "mushra" else 2

    def text(mean: Mean | None) -> str:
        if mean is None:
            return "-"
        if mean.low is None or mean.high is None:
            return f"{mean.mean:.{decimals}f}"
        return f"{mean.mean:.{decimals}f} ({mean.low:.{decimals}f} to {mean.high:.{decimals}f})"

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("system", "screened", "everybody", "ratings"):
        table.add_column(heading, justify="left" if heading == "system" else "right")
    order = sorted(everybody, key=lambda name: -(passed.get(name) or everybody[name]).mean)
    for name in order:
        after = passed.get(name)
        table.add_row(name, text(after), text(everybody[name]), str(after.ratings if after else 0))
    console.print(table)
    for pair in differences(kept) if len(kept.listeners) >= LEAST_LISTENERS else ():
        if pair.p_holm < 0.05:
            console.print(
                f"{pair.first} above {pair.second} by {text(pair.mean)}, p {pair.p_holm:.2g} "
                "(Holm)", markup=False, highlight=False,
            )  # fmt: skip
    return kept


def _show_choices(test: Design, choices: list[Choice], console: Console) -> None:
    from codecmark.listen.preferences import strengths, told

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    if test.plan.method == "abx":
        for heading in ("system", "right", "of", "listeners", "p"):
            table.add_column(heading)
        for answers in told(choices):
            table.add_row(
                answers.system,
                str(answers.right),
                str(answers.trials),
                str(answers.listeners),
                f"{answers.p:.2g}",
            )
    else:
        for heading in ("system", "strength (Bradley-Terry)", "wins", "of"):
            table.add_column(heading)
        for strength in strengths(choices):
            table.add_row(
                strength.system,
                f"{strength.log_strength:+.2f}",
                f"{strength.wins:g}",
                str(strength.trials),
            )
    console.print(table)


def _write(
    test: Design, listening: ListeningSet, arguments: argparse.Namespace, console: Console
) -> None:
    from codecmark.listen.rows import rows_of

    store.prepare(arguments.out)
    stored = store.read(arguments.out, [arguments.run]) if arguments.run else []
    run_id = arguments.run or host.new_run_id()
    rows = rows_of(test, listening, stored, run_id)
    store.append(arguments.out, rows)
    console.print(
        f"{len(rows)} rows of {len(listening.listeners)} listeners in "
        f"{arguments.out / store.ROWS / run_id}.jsonl", markup=False, soft_wrap=True,
    )  # fmt: skip
