"""What follows a listening test: screening, means, differences, a page, rows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from codecmark.commands import stored_rows
from codecmark.errors import InputError
from codecmark.listen import design
from codecmark.results import same_clips, store
from codecmark.system import host
from codecmark.system.counting import counted

if TYPE_CHECKING:
    from codecmark.listen.collect import Choice
    from codecmark.listen.design import Design
    from codecmark.listen.preferences import Strength, Told
    from codecmark.listen.ratings import ListeningSet
    from codecmark.listen.results_page import Results

LEAST_LISTENERS = 2


def add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `results`."""
    results = actions.add_parser(
        "results", help="screen, means and differences; rows into the store with --out"
    )
    results.add_argument(
        "test", type=Path, metavar="TEST",
        help="the folder of a test, a listening set, or a table (webMUSHRA's mushra.csv, or lists)",
    )  # fmt: skip
    results.add_argument(
        "more", type=Path, nargs="*", metavar="FILE",
        help="results of BeaqleJS' ABX, when TEST is one",
    )  # fmt: skip
    results.add_argument(
        "--unscreened", action="store_true", help="rows of everybody, not of who passes screening"
    )
    stored_rows.add_folder(results, "--out", "where rows go, with --run those that are there")
    results.add_argument("--run", metavar="ID", help="the stored run that the ratings are added to")
    results.add_argument("--rows", action="store_true", help="write rows")
    results.add_argument(
        "--save",
        type=Path,
        metavar="DIR",
        help="write a listening set with its sounds, for trials of predictors",
    )  # fmt: skip
    results.add_argument(
        "--page", type=Path, metavar="FILE", help="write a page with plots, e.g. results.html"
    )
    results.set_defaults(act=_results)


def _results(arguments: argparse.Namespace, console: Console) -> int:
    from codecmark.listen import beaqlejs, collect, entries, merging, ratings, results_page
    from codecmark.listen.tables import read_table

    test: Design | None = None
    if arguments.more or (arguments.test.is_file() and beaqlejs.is_abx(arguments.test)):
        _show_told(beaqlejs.told_in([arguments.test, *arguments.more]), console)
        return 0
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
            found = _show_choices(test, collect.choices(test, joined, answers), console)
            if arguments.page:
                shown = results_page.of_choices(test, found)
                shown = results_page.with_people(shown, test, joined, answers)
                _write_page(shown, arguments, console)
            return 0
        listening = collect.ratings(test, joined, answers)
    if not listening.ratings:
        raise InputError(f"{arguments.test}: nobody has rated anything that counts yet")
    kept = _show(listening, console)
    if arguments.page:
        shown = results_page.of_ratings(listening)
        if test is not None:
            shown = results_page.with_people(shown, test, joined, answers)
        _write_page(shown, arguments, console)
    if arguments.save:
        merging.save(arguments.save, listening, _given(arguments))
        console.print(f"listening set in {arguments.save}", markup=False, soft_wrap=True)
    if arguments.rows:
        if test is None:
            raise InputError("--rows: needs the folder of a test, whose key says what was heard")
        _write(test, listening if arguments.unscreened else kept, arguments, console)
    return 0


def _show(listening: ListeningSet, console: Console) -> ListeningSet:
    """Print screening, means with and without it, and differences; return the screened set."""
    from codecmark.listen.plots import said
    from codecmark.listen.screening import rules, screen, screened
    from codecmark.listen.statistics import Mean, differences, means

    kept = screened(listening)
    for rule in rules(listening):
        console.print(f"screening: out is who rates the {rule}", markup=False, highlight=False)
    for exclusion in screen(listening):
        console.print(f"* {exclusion}", markup=False, highlight=False)
    asked = counted(len(listening.listeners), "listener")
    console.print(f"screening passed: {len(kept.listeners)} of {asked}", highlight=False)
    everybody, passed = means(listening), means(kept)
    decimals = 1 if listening.method == "mushra" else 2

    def text(mean: Mean | None) -> str:
        return "-" if mean is None else said(mean, decimals)

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("system", "screened", "everybody", "ratings"):
        table.add_column(heading, justify="left" if heading == "system" else "right")
    order = sorted(everybody, key=lambda name: -(passed.get(name) or everybody[name]).mean)
    for name in order:
        after = passed.get(name)
        ratings = str(after.ratings if after else 0)
        table.add_row(escape(name), text(after), text(everybody[name]), ratings)
    console.print(table)
    for pair in differences(kept) if len(kept.listeners) >= LEAST_LISTENERS else ():
        if pair.p_holm < 0.05:
            console.print(
                f"{pair.first} above {pair.second} by {text(pair.mean)}, p {pair.p_holm:.2g} "
                "(Holm)", markup=False, highlight=False,
            )  # fmt: skip
    return kept


def _given(arguments: argparse.Namespace) -> Path:
    """Return the folder that somebody else may have made."""
    test: Path = arguments.test
    return test.parent if test.is_file() else test


def _write_page(shown: Results, arguments: argparse.Namespace, console: Console) -> None:
    from codecmark.listen import results_page

    results_page.write(arguments.page, shown, _given(arguments))
    console.print(f"page in {arguments.page}", markup=False, soft_wrap=True)


def _show_choices(
    test: Design, choices: list[Choice], console: Console
) -> Sequence[Told] | Sequence[Strength]:
    from codecmark.listen.preferences import strengths, told

    if test.plan.method == "abx":
        return _show_told(told(choices), console)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("system", "strength (Bradley-Terry)", "wins", "of"):
        table.add_column(heading)
    found = strengths(choices)
    for strength in found:
        table.add_row(
            escape(strength.system),
            f"{strength.log_strength:+.2f}",
            f"{strength.wins:g}",
            str(strength.trials),
        )
    console.print(table)
    return found


def _show_told(found: Sequence[Told], console: Console) -> Sequence[Told]:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("system", "right", "of", "listeners", "p"):
        table.add_column(heading)
    for answers in found:
        table.add_row(
            escape(answers.system),
            str(answers.right),
            str(answers.trials),
            str(answers.listeners),
            f"{answers.p:.2g}",
        )
    console.print(table)
    return found


def _write(
    test: Design, listening: ListeningSet, arguments: argparse.Namespace, console: Console
) -> None:
    from codecmark.listen.rows import rows_of

    store.prepare(arguments.out)
    stored = store.read(arguments.out, [arguments.run]) if arguments.run else []
    run_id = arguments.run or host.new_run_id(store.run_ids(arguments.out))
    rows = rows_of(test, listening, stored, run_id)
    same_clips.require([*stored, *rows])  # else no table could be made of the run
    store.append(arguments.out, rows)
    console.print(
        f"{counted(len(rows), 'row')} of {counted(len(listening.listeners), 'listener')} in "
        f"{arguments.out / store.ROWS / run_id}.jsonl", markup=False, soft_wrap=True,
    )  # fmt: skip
