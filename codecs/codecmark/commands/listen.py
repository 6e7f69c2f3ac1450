"""`codecmark listen`: blind listening tests, from a plan to rows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from rich import box
from rich.console import Console
from rich.table import Table

from codecmark import corpus
from codecmark.catalog import checking
from codecmark.commands import listen_elsewhere, listen_results
from codecmark.corpus import condition as conditions
from codecmark.corpus import reading
from codecmark.errors import InputError
from codecmark.listen import design
from codecmark.system import threads

if TYPE_CHECKING:
    from codecmark.corpus.condition import PreparedClip
    from codecmark.listen.design import Design

HELP = "blind listening tests: plan one, serve it, and turn its ratings into rows"
_METHOD = """acr: one sound, five categories (MOS); dcr: beside the reference (DMOS), fit for music
and for high quality; mushra: side by side, 0 to 100; ab: which is better; abx: can it be told from
the reference"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    actions = parser.add_subparsers(dest="action", required=True)
    _add_plan(actions.add_parser("plan", help="make a test: code, level, rename, lay out pages"))
    _add_serve(actions.add_parser("serve", help="serve a test to browsers until interrupted"))
    listen_elsewhere.add_actions(actions)
    listen_results.add_actions(actions)


def _test(parser: argparse.ArgumentParser, purpose: str = "the folder of a test") -> None:
    parser.add_argument("test", type=Path, metavar="TEST", help=purpose)


def _add_plan(parser: argparse.ArgumentParser) -> None:
    _test(parser, "the folder to make")
    parser.add_argument("--codecs", required=True, metavar="SPEC,...", help="what is compared")
    parser.add_argument(
        "--method", choices=get_args(design.TestMethod), default="dcr",
        help=f"{_METHOD} (default: %(default)s)",
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
        "--condition", default=conditions.DEFAULT_CONDITION, choices=conditions.CONDITIONS,
        help="what codecs are given (default: %(default)s)",
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


def _add_serve(parser: argparse.ArgumentParser) -> None:
    _test(parser)
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS",
        help="where to listen; 0.0.0.0 lets the local network in, with a token in the address "
        "(default: this machine only)",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=8765, help="(default: %(default)s)")
    parser.set_defaults(act=_serve)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    status: int = arguments.act(arguments, console)
    return status


def _plan(arguments: argparse.Namespace, console: Console) -> int:
    from codecmark.listen.making import PHASE_ANCHOR, Wanted, make

    rules = conditions.named(arguments.condition)
    if arguments.pages is not None and arguments.pages < 1:
        raise InputError(f"--pages: must be at least 1, got {arguments.pages}")
    if arguments.phase_anchor and rules.name != "16k-mono":
        raise InputError(f"--phase-anchor: {PHASE_ANCHOR} is for 16k-mono; leave it out")
    clips, training = _clips(arguments, rules)
    threads.limit(rules.threads)
    test = make(
        arguments.test,
        Wanted(
            arguments.method, arguments.title, rules, list(checking.selected(arguments.codecs)),
            clips, training, arguments.seed, arguments.pages, arguments.phase_anchor,
        ),
        lambda name: console.print(f"{name} ...", markup=False, highlight=False),
    )  # fmt: skip
    _describe(test, len(clips), console)
    return 0


def _clips(
    arguments: argparse.Namespace, rules: conditions.Condition
) -> tuple[list[PreparedClip], list[PreparedClip]]:
    """Return the clips of the test, and one of another name to train with if there is one."""
    entries = {entry.name: entry for entry in corpus.load(arguments.corpus)}
    wanted = arguments.clips.split(",") if arguments.clips else []
    for name in (*wanted, *filter(None, [arguments.training])):
        if name not in entries:
            raise InputError(f"clips: no {name!r} in this corpus; it has {', '.join(entries)}")
    if wanted:
        chosen = [entries[name] for name in dict.fromkeys(wanted)]
    else:
        rest = [entry for entry in entries.values() if entry.name != arguments.training]
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


def _serve(arguments: argparse.Namespace, console: Console) -> int:
    from codecmark.listen.journal import Journal
    from codecmark.listen.server import ListenServer

    with Journal(design.read(arguments.test)) as journal:
        server = ListenServer(journal, arguments.host, arguments.port)
        console.print(
            f"open {server.url}\n{len(journal.sessions)} listeners so far; end with Ctrl+C",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print(f"{len(journal.sessions)} listeners, everything is stored")
        finally:
            server.server_close()
    return 0
