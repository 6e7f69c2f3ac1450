"""The command line; `codecmark --help` lists the commands."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from rich.console import Console

from codecmark import __version__
from codecmark.errors import CodecmarkError
from codecmark.system import extras, program_start, quiet
from codecmark.system.text import legible

_COMMANDS = {
    "run": "codecmark.commands.run",
    "merge": "codecmark.commands.merge",
    "reproduce": "codecmark.commands.reproduce",
    "compact": "codecmark.commands.compact",
    "verify": "codecmark.commands.verify",
    "migrate": "codecmark.commands.migrate",
    "list": "codecmark.commands.list_codecs",
    "check": "codecmark.commands.check",
    "weights": "codecmark.commands.weights",
    "audio": "codecmark.commands.audio",
    "corpus": "codecmark.commands.corpus",
    "score": "codecmark.commands.score",
    "leaderboard": "codecmark.commands.leaderboard",
    "report": "codecmark.commands.report",
    "diagnose": "codecmark.commands.diagnose",
    "latency": "codecmark.commands.latency",
    "layers": "codecmark.commands.layers",
    "impairments": "codecmark.commands.impairments",
    "levels": "codecmark.commands.levels",
    "predictors": "codecmark.commands.predictors",
    "compare": "codecmark.commands.compare",
    "review": "codecmark.commands.review",
    "listen": "codecmark.commands.listen",
    "train": "codecmark.commands.train",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; an error that is no bug is one line on standard error and exit status 2."""
    parser = argparse.ArgumentParser(
        prog="codecmark", description="Audio codecs compared under identical conditions."
    )
    parser.add_argument("--version", action="version", version=f"codecmark {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True)
    if argv is None:  # the program itself, not a call from Python
        argv = sys.argv[1:]
        quiet.begin()
        program_start.keep()
    # what one command imports is not worth waiting for in another
    for name in [argv[0]] if argv and argv[0] in _COMMANDS else _COMMANDS:
        module = importlib.import_module(_COMMANDS[name])
        command = subparsers.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(handler=module.run)
    arguments = parser.parse_args(argv)
    try:
        status: int = arguments.handler(arguments, Console(width=_width()))
    except CodecmarkError as error:
        print(f"codecmark: {legible(str(error))}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read the output has gone
        raise
    except OSError as error:  # a full or broken disk
        where = "" if error.filename is None else f"{error.filename}: "
        print(
            f"codecmark: {legible(f'{where}{error.strerror or error}')}; what was stored before is "
            "as it was",
            file=sys.stderr,
        )
        return 2
    except ImportError as error:
        lacks = extras.missing(f"codecmark {arguments.command}", error)
        if lacks is None:
            raise
        print(f"codecmark: {lacks}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            "codecmark: interrupted; finished rows are stored, the same command goes on",
            file=sys.stderr,
        )
        return 130
    return status


def _width() -> int | None:
    """The terminal's width, or a wide page where the output goes to a file or a pipe."""
    from codecmark.leaderboard import render

    return None if sys.stdout.isatty() else render.WIDE


if __name__ == "__main__":
    sys.exit(main())
