"""`codecmark check`: hold codecs, a user's own above all, to what every codec promises."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from codecmark import catalog
from codecmark.catalog import checking, factories
from codecmark.catalog.factories import CodecFactory
from codecmark.codec import Codec
from codecmark.errors import CodecError, CodecmarkError, InputError
from codecmark.measure import contract
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

HELP = "hold codecs to what every codec promises; exit status 1 if one breaks a promise"
_CLASS = re.compile(r"(?P<module>[A-Za-z_][\w.]*):(?P<name>[A-Za-z_]\w*)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "codecs", nargs="+", metavar="SPEC|MODULE:CLASS",
        help="specs, families, or a class that no entry point names yet, found from this folder",
    )  # fmt: skip
    parser.add_argument(
        "--spec", metavar="SPEC",
        help="what to build of a class (default: its catalog_specs)",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if a promise is broken."""
    status = 0
    for spec, codec in _built(arguments):
        kept = 0
        try:
            with console.status(f"{spec}: about two hundred short calls"):
                for promise, is_kept in contract.promises(codec):
                    if not is_kept:
                        raise CodecError(f"breaks the promise that {promise}")
                    kept += 1
        except CodecmarkError as error:
            console.print(f"{spec}: FAIL: {error}", markup=False, highlight=False)
            status = 1
        else:
            console.print(f"{spec}: keeps all {kept} promises", markup=False, highlight=False)
    return status


def _built(arguments: argparse.Namespace) -> Iterator[tuple[str, Codec]]:
    """Yield each codec, built when it is asked for."""
    if arguments.spec is not None and not any(map(_class_of, arguments.codecs)):
        raise InputError("--spec: is for MODULE:CLASS; name specs without it")
    setup = Setup.from_environment()
    for text in arguments.codecs:
        match = _class_of(text)
        if match is None:
            for spec in checking.selected(text, setup):
                yield spec, catalog.create(spec, setup)
            continue
        for spec in [arguments.spec] if arguments.spec else _specs_of(text):
            yield spec, _instance(text, spec, setup)


def _class_of(text: str) -> re.Match[str] | None:
    """Return the parts of MODULE:CLASS; None for a spec of a family that there is."""
    match = _CLASS.fullmatch(text)
    return None if match is None or catalog.is_known(match["module"]) else match


def _specs_of(text: str) -> tuple[str, ...]:
    specs: object = getattr(_load(text), "catalog_specs", ())
    if not specs:
        raise InputError(f"{text}: has no catalog_specs; say what to build with --spec")
    if not isinstance(specs, tuple | list) or not all(isinstance(spec, str) for spec in specs):
        raise InputError(f"{text}: catalog_specs is {specs!r:.80}; it must be a tuple of specs")
    return tuple(specs)


def _load(text: str) -> CodecFactory:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    module, _, name = text.partition(":")
    try:
        factory: CodecFactory = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:  # whatever the module raises while it is imported
        raise InputError(
            f"{text}: cannot be imported ({type(error).__name__}: {error}); it is neither a spec "
            "of a known family nor MODULE:CLASS from this folder"
        ) from error
    return factory


def _instance(text: str, spec: str, setup: Setup) -> Codec:
    try:
        codec = _load(text).from_spec(Spec.parse(spec), setup)
    except CodecmarkError:
        raise
    except (Exception, SystemExit) as error:
        raise CodecError(
            f"{text}: from_spec({spec!r}) raised {type(error).__name__}: {error}"
        ) from error
    factories.require_codec(codec, Spec.parse(spec))
    return codec
