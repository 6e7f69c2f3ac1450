"""`codecmark weights`: which weights are here, where, and what each is."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table

from codecmark.commands.named_sets import known
from codecmark.errors import DamagedWeightsError, InputError, UnavailableError
from codecmark.networks import trained_sets, weight_comparison
from codecmark.networks.published_sets import SETS
from codecmark.networks.weights import Located, WeightLocator

HELP = "list, fetch, verify, compare or find published weights"
AUDIOLDM2 = ("cvssp/audioldm2", "cvssp/audioldm2-music", "cvssp/audioldm2-large")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's actions; without one it lists."""
    parser.set_defaults(action=_list)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    actions.add_parser("list", help="every set, and whether it is here").set_defaults(action=_list)

    fetch = actions.add_parser("fetch", help="fetch sets that are not here; goes on where it broke")
    fetch.add_argument("names", nargs="*", metavar="SET")
    fetch.add_argument("--all", action="store_true", help="every set that has a pinned source")
    fetch.set_defaults(action=_fetch)

    verify = actions.add_parser("verify", help="compare files with their published digests")
    verify.add_argument("names", nargs="*", metavar="SET", help="by default those that are here")
    verify.set_defaults(action=_verify)

    compare = actions.add_parser("compare", help="whether sets that are here share their weights")
    compare.add_argument("names", nargs="*", metavar="SET", help="by default AudioLDM2's three")
    compare.set_defaults(action=_compare)

    path = actions.add_parser("path", help="print the folder of a set")
    path.add_argument("name", metavar="SET")
    path.set_defaults(action=_path)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if a set that was asked for is missing or damaged."""
    status: int = arguments.action(arguments, console)
    return status


def _list(_arguments: argparse.Namespace, console: Console) -> int:
    locator = WeightLocator.from_environment(reads_files=False)
    states = {name: _find(name, locator) for name in SETS}
    _show(console, states, brief=True)
    _show_trained(console)
    return 0


def _fetch(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.all:
        names = [name for name, weight_set in SETS.items() if weight_set.can_be_fetched]
    elif arguments.names:
        names = known(arguments.names, SETS)
    else:
        raise InputError("SET: name the sets to fetch, or give --all; `codecmark weights list`")
    locator = WeightLocator.from_environment()
    states = {name: _find(name, locator, fetch=True) for name in names}
    _show(console, states)
    return _status(states.values())


def _verify(arguments: argparse.Namespace, console: Console) -> int:
    locator = WeightLocator.from_environment()
    states = {name: _find(name, locator) for name in known(arguments.names, SETS) or SETS}
    if not arguments.names:  # what nobody asked for may be missing
        states = {
            name: state
            for name, state in states.items()
            if isinstance(state, Located | DamagedWeightsError)
        }
    _show(console, states)
    return _status(states.values())


def _compare(arguments: argparse.Namespace, console: Console) -> int:
    locator = WeightLocator.from_environment()
    states = {name: _find(name, locator) for name in known(arguments.names or AUDIOLDM2, SETS)}
    here = {name: state.folder for name, state in states.items() if isinstance(state, Located)}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("file", "set", "SHA-256 of its tensors"):
        table.add_column(heading, overflow="fold")
    files = weight_comparison.compare(here)
    for file in files:
        for name in file.tensors:
            table.add_row(file.path, name, file.digest(name)[:16])
    if files:
        console.print(table)
    lines = [finding for file in files for finding in file.findings()]
    for name, state in states.items():
        if isinstance(state, DamagedWeightsError):
            lines.append(f"{name}: damaged: {state}")
        elif isinstance(state, UnavailableError):
            lines.append(f"{name}: not here: {_way_here(name)}")
    for line in lines or ["these sets have no file in common"]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return _status(states.values()) if arguments.names else 0


def _path(arguments: argparse.Namespace, console: Console) -> int:
    (name,) = known([arguments.name], SETS)
    print(WeightLocator.from_environment().locate(name, fetch=False).folder, file=console.file)
    return 0


def _way_here(name: str) -> str:
    if not SETS[name].can_be_fetched:
        return f"by hand, from {SETS[name].source}"
    return f"codecmark weights fetch {name}"


def _find(name: str, locator: WeightLocator, *, fetch: bool = False) -> Located | UnavailableError:
    try:
        return locator.locate(name, fetch=fetch)
    except UnavailableError as error:
        return error


def _status(states: Iterable[Located | UnavailableError]) -> int:
    return int(any(isinstance(state, UnavailableError) for state in states))


def _show(
    console: Console, states: dict[str, Located | UnavailableError], *, brief: bool = False
) -> None:
    """Print what was found; `brief` where no file was read: without digests, remedies short."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("set", "licence", "here", *([] if brief else ["SHA-256"]), "remark"):
        table.add_column(heading, overflow="fold")
    for name, state in states.items():
        digest = ""
        if isinstance(state, Located):
            digest = (state.weights.sha256 or "")[:16]
            here, remark = str(state.folder), state.weights.note
        elif isinstance(state, DamagedWeightsError):
            here, remark = "damaged", str(state)
        else:
            here, remark = "no", _way_here(name) if brief else str(state)
        table.add_row(name, SETS[name].licence, here, *([] if brief else [digest]), remark)
    console.print(table)


def _show_trained(console: Console) -> None:
    """Print the sets that this project trains itself; they are in no other list."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("trained by this project", "files", "here", "SHA-256", "remark"):
        table.add_column(heading, overflow="fold")
    for name, files in trained_sets.SETS.items():
        try:
            located = trained_sets.locate_trained(name, WeightLocator.from_environment())
        except UnavailableError as error:
            table.add_row(name, ", ".join(files), "no", "", error.remedy)
        else:
            digest = (located.weights.sha256 or "")[:16]
            table.add_row(name, ", ".join(files), str(located.folder), digest, "")
    console.print(table)
