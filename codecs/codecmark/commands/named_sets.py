"""What the commands on named sets of files share: their actions, and the check of names."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import track

from codecmark.errors import InputError, UnavailableError
from codecmark.system.schema import near

Action = Callable[..., int]
Item = TypeVar("Item")


def problems_of(
    items: Sequence[Item], check: Callable[[Item], object], title: str, console: Console
) -> list[str]:
    """Check each item, with a bar on a terminal; return what is not as it should be."""
    problems = []
    for item in track(items, title, console=console, disable=not console.is_terminal):
        try:
            check(item)
        except UnavailableError as error:
            problems.append(str(error))
    return problems


def add_actions(
    parser: argparse.ArgumentParser,
    *,
    list_sets: Action,
    fetch: Action,
    verify: Action,
    path: Action,
    everything: str = "every set",
) -> Any:
    """Add the four actions, and list without one; return the subparsers, to add more.

    Parameters
    ----------
    list_sets, fetch, verify, path : callable
        Each runs its action on the parsed arguments.
    everything : str
        What `fetch --all` fetches.
    """
    parser.set_defaults(action=list_sets)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    listing = actions.add_parser("list", help="every set, and whether it is here")
    listing.set_defaults(action=list_sets)

    fetching = actions.add_parser("fetch", help="fetch sets that are not here; resumes downloads")
    fetching.add_argument("names", nargs="*", metavar="SET")
    fetching.add_argument("--all", action="store_true", help=everything)
    fetching.set_defaults(action=fetch)

    verifying = actions.add_parser("verify", help="compare files with their published digests")
    verifying.add_argument("names", nargs="*", metavar="SET", help="by default those that are here")
    verifying.set_defaults(action=verify)

    locating = actions.add_parser("path", help="print the folder of a set")
    locating.add_argument("name", metavar="SET")
    locating.set_defaults(action=path)
    return actions


def known(names: Iterable[str], sets: Collection[str]) -> list[str]:
    """Return each name once, or raise `InputError` for one that is no set."""
    chosen = list(dict.fromkeys(names))
    for name in chosen:
        if name not in sets:
            raise InputError(
                f"SET: no set named {name!r};{near(name, sets)} known: {', '.join(sets)}"
            )
    return chosen
