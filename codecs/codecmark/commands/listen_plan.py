"""`codecmark listen plan`: what is compared, on which clips, and what a panel will find."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rich import box
from rich.console import Console
from rich.table import Table

from codecmark import corpus
from codecmark.catalog import checking
from codecmark.commands import stored_rows
from codecmark.corpus import condition as conditions
from codecmark.corpus import reading
from codecmark.errors import InputError
from codecmark.listen import design
from codecmark.networks.setup import Setup
from codecmark.run import corpora
from codecmark.system import threads

if TYPE_CHECKING:
    from codecmark.corpus.condition import PreparedClip
    from codecmark.listen.design import Design

_METHOD = """acr: one sound, five categories (MOS); dcr: beside the reference (DMOS), fit for music
and for high quality; mushra: side by side, 0 to 100; ab: which is better; abx: can it be told from
the reference"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `codecmark listen plan`."""
    parser.add_argument("test", type=Path, metavar="TEST", help="the folder to make")
    parser.add_argument("--codecs", metavar="SPEC,...", help="what is compared")
    parser.add_argument(
        "--from", dest="results", type=Path, metavar="DIR",
        help="in place of --codecs: compare what the rows there leave to listeners, on their clips",
    )  # fmt: skip
    parser.add_argument(
        "--run", metavar="ID",
        help="of --from: a stored run (default: the newest that is not a part of an earlier one)",
    )  # fmt: skip
    parser.add_argument(
        "--require", type=Path, metavar="FILE",
        help="of --from: the requirements (default: those in force there)",
    )  # fmt: skip
    parser.add_argument(
        "--most", type=int, default=6, metavar="N",
        help="of --from: at most so many settings (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--method", choices=get_args(design.TestMethod),
        help=f"{_METHOD} (default: dcr; with --from the one whose rating is asked for)",
    )  # fmt: skip
    parser.add_argument("--title", default="Listening test", help="what listeners read above it")
    parser.add_argument(
        "--corpus", type=Path, metavar="PATH", help="the clips (default: the bundled ones)"
    )
    parser.add_argument("--clips", metavar="NAME,...", help="which of them")
    parser.add_argument(
        "--limit", type=int, default=8, metavar="N",
        help="at most so many clips, spread over the classes (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--training", metavar="NAME", help="a clip to train with (default: any)")
    parser.add_argument(
        "--condition", choices=conditions.CONDITIONS,
        help=f"what codecs are given (default: {conditions.DEFAULT_CONDITION}; with --from that of "
        "the rows)",
    )  # fmt: skip
    parser.add_argument(
        "--pages", type=int, metavar="N", help="pages for each listener (default: all)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the choice of clips and of orders")
    parser.add_argument(
        "--phase-anchor", action="store_true",
        help="one more anchor at 16 kHz, whose fault is phase (Griffin-Lim)",
    )  # fmt: skip
    parser.set_defaults(act=_plan)


def _plan(arguments: argparse.Namespace, console: Console) -> int:
    from codecmark.listen.making import PHASE_ANCHOR, Wanted, make

    if (arguments.codecs is None) == (arguments.results is None):
        raise InputError("--codecs, --from: name one of them")
    if arguments.pages is not None and arguments.pages < 1:
        raise InputError(f"--pages: must be at least 1, got {arguments.pages}")
    chosen = _given(arguments) if arguments.results is None else _left_open(arguments, console)
    rules = chosen.condition
    if arguments.phase_anchor and rules.name != "16k-mono":
        raise InputError(f"--phase-anchor: {PHASE_ANCHOR} is for 16k-mono; leave it out")
    clips, training = _clips(arguments, chosen)
    threads.limit(rules.threads)
    test = make(
        arguments.test,
        Wanted(
            chosen.method, arguments.title, rules, chosen.specs, clips, training, arguments.seed,
            arguments.pages, arguments.phase_anchor,
        ),
        lambda name: console.print(f"{name} ...", markup=False, highlight=False),
    )  # fmt: skip
    _describe(test, len(clips), console)
    return 0


@dataclass(frozen=True)
class _Chosen:
    """What is compared; `entries` are all clips, `drawn_from` those that the test may draw."""

    method: design.TestMethod
    condition: conditions.Condition
    specs: Sequence[str]
    entries: Sequence[corpus.CorpusClip]
    drawn_from: Sequence[corpus.CorpusClip]


def _given(arguments: argparse.Namespace) -> _Chosen:
    condition = conditions.named(arguments.condition or conditions.DEFAULT_CONDITION)
    entries = corpus.load(arguments.corpus)
    specs = checking.selected(arguments.codecs, Setup.from_environment())
    return _Chosen(arguments.method or "dcr", condition, specs, entries, entries)


def _left_open(arguments: argparse.Namespace, console: Console) -> _Chosen:
    """Choose what the rows of a run cannot decide, and say why."""
    from codecmark import review
    from codecmark.listen.choosing import clips_of, questions
    from codecmark.review import in_force
    from codecmark.review.judgement import judged
    from codecmark.review.replayed import rows_of

    if arguments.most < 1:
        raise InputError(f"--most: must be at least 1, got {arguments.most}")
    rows = stored_rows.read(arguments)
    stored_rows.show_run(arguments.results, rows, console)
    if arguments.require:
        requirements = review.load(arguments.require)
        name = arguments.condition or requirements.judged_under
        said = judged(rows, requirements, rows_of(requirements, arguments.results))
    else:
        name = arguments.condition or rows[0].condition
        by_condition = in_force.judged_by_condition(arguments.results, rows)
        if name not in by_condition:
            raise InputError(f"--condition: {name}: no row of it; leave it out")
        said = by_condition[name]
    left = questions(said, arguments.most)
    console.print(f"left to listeners by {left.requirement.name!r}:", markup=False, highlight=False)
    for asked in left.asked:
        console.print(f"  {asked.spec}: {asked.why}", markup=False, highlight=False)
    for reason in left.left_out:
        console.print(f"* not heard: {reason}", markup=False, highlight=False, style="yellow")
    entries = (
        corpora.load(arguments.results, rows[0].run_id)
        if arguments.corpus is None
        else corpus.load(arguments.corpus)
    )
    specs = [asked.spec for asked in left.asked]
    ours = [row for row in rows if row.condition == name]
    drawn_from = clips_of(ours, specs, entries, arguments.limit, arguments.seed)
    method = arguments.method or left.method
    return _Chosen(method, conditions.named(name), specs, entries, drawn_from)


def _clips(
    arguments: argparse.Namespace, given: _Chosen
) -> tuple[list[PreparedClip], list[PreparedClip]]:
    """Return the clips of the test, and one of another name to train with if there is one."""
    rules = given.condition
    entries = {entry.name: entry for entry in given.entries}
    wanted = arguments.clips.split(",") if arguments.clips else []
    for name in (*wanted, *filter(None, [arguments.training])):
        if name not in entries:
            raise InputError(f"clips: no {name!r} in this corpus; it has {', '.join(entries)}")
    if wanted:
        chosen = [entries[name] for name in dict.fromkeys(wanted)]
    else:
        rest = [entry for entry in given.drawn_from if entry.name != arguments.training]
        chosen = corpus.limited(
            rest, arguments.limit, arguments.seed, lambda entry: _is_usable(entry, rules)
        )
    names = {entry.name for entry in chosen}
    others = [entry for entry in entries.values() if entry.name not in names]
    if arguments.training:
        others = [entries[arguments.training]]
    clips, unused = conditions.prepare(chosen, rules)
    if unused:
        name, reason = next(iter(unused.items()))
        raise InputError(f"--clips: {name}: {reason}; leave it out")
    training = conditions.prepare(others[:1], rules)[0] if others else []
    return clips, training


def _is_usable(entry: corpus.CorpusClip, rules: conditions.Condition) -> bool:
    try:
        reading.read(entry, rules)
    except InputError:
        return False
    return True


def _describe(test: Design, clips: int, console: Console) -> None:
    from codecmark.listen.making import clear_differences
    from codecmark.listen.precision import PANELS, abx_needed, precision

    plan = test.plan
    counted = [page for page in plan.pages if not page.training]
    seconds = sum(
        max(page.hear_s, 5.0) * (len(page.items) + (page.reference is not None)) + 3
        for page in counted
    ) * plan.pages_each / len(counted)  # fmt: skip
    console.print(
        f"{len(counted)} pages ({plan.pages_each} for each listener, about {seconds / 60:.0f} "
        f"minutes), {len(plan.pages) - len(counted)} of training; plan {test.sha256[:12]}",
        highlight=False,
    )
    for entry in clear_differences(test):
        console.print(
            f"* {entry.system}: up to {entry.loudness_difference_lu:+.1f} LU beside the "
            f"reference, on {entry.clip}: it may be heard as a difference in quality",
            markup=False, highlight=False, style="yellow",
        )  # fmt: skip
    if plan.method in {"ab", "abx"}:
        trials = 2 * clips
        console.print(
            f"{trials} answers about a pair tell it from chance if {abx_needed(trials)} agree",
            highlight=False,
        )
    else:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in ("listeners", "95 % interval of a mean", "difference found 4 times of 5"):
            table.add_column(heading, justify="right")
        for listeners in PANELS:
            given = precision(plan.method, listeners, clips, plan.pages_each / len(counted))
            decimals = 0 if plan.method == "mushra" else 2
            table.add_row(
                str(listeners), f"±{given.half_width:.{decimals}f}",
                f"{given.difference:.{decimals}f}",
            )  # fmt: skip
        console.print(table)
        console.print("as far as listeners differ as those of a published test did")
    console.print(f"serve it: codecmark listen serve {test.folder}", markup=False, highlight=False)
