"""`codecmark listen`: blind listening tests, from a plan to rows."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from codecmark.commands import listen_elsewhere, listen_plan, listen_results
from codecmark.listen import design
from codecmark.system.counting import counted

if TYPE_CHECKING:
    pass

HELP = "blind listening tests: plan one, serve it, and turn its ratings into rows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    actions = parser.add_subparsers(dest="action", required=True)
    listen_plan.add_arguments(
        actions.add_parser("plan", help="make a test: code, level, rename, lay out pages")
    )
    _add_serve(actions.add_parser("serve", help="serve a test to browsers until interrupted"))
    listen_elsewhere.add_actions(actions)
    listen_results.add_actions(actions)


def _test(parser: argparse.ArgumentParser, purpose: str = "the folder of a test") -> None:
    parser.add_argument("test", type=Path, metavar="TEST", help=purpose)


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


def _serve(arguments: argparse.Namespace, console: Console) -> int:
    from codecmark.listen.journal import Journal
    from codecmark.listen.server import ListenServer

    with Journal(design.read(arguments.test)) as journal:
        server = ListenServer(journal, arguments.host, arguments.port)
        console.print(
            f"open {server.url}\n{counted(len(journal.sessions), 'listener')} so far; "
            "end with Ctrl+C",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print(f"{counted(len(journal.sessions), 'listener')}, everything is stored")
        finally:
            server.server_close()
    return 0
