"""`codecmark audio`: which sets of published audio are here, where, and what each is."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from codecmark.commands import stored_rows
from codecmark.commands.named_sets import add_actions, known, problems_of
from codecmark.corpus.published import Library
from codecmark.corpus.published.manifest import Decoded, PublishedFile
from codecmark.errors import InputError
from codecmark.system import whole_files
from codecmark.system.counting import counted

HELP = "list, fetch, verify or compare published audio: originals and what codecs made of them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's actions; without one it lists."""
    actions = add_actions(
        parser, list_sets=_list, fetch=_fetch, verify=_verify, path=_path,
    )  # fmt: skip
    page = actions.add_parser(
        "page", help="published codecs beside others on the same clips, from stored rows"
    )
    stored_rows.add_folder(page, "--results", "where the rows are, of --corpus published")
    page.add_argument(
        "--out", type=Path, metavar="DIR", help="where published_audio.md goes (default: --results)"
    )
    page.set_defaults(action=_page)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; the exit status is 1 if a file that was asked for is missing or damaged."""
    status: int = arguments.action(arguments, Library.from_environment(), console)
    return status


def _list(_arguments: argparse.Namespace, library: Library, console: Console) -> int:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("set", "clips", "decoded", "MB", "here", "licence", "what it is"):
        table.add_column(heading, overflow="fold")
    for name, published in library.manifest.sets.items():
        files = library.manifest.files_of(name)
        decoded = sum(isinstance(file, Decoded) for file in files)
        table.add_row(
            name,
            str(len(files) - decoded),
            str(decoded),
            f"{sum(file.bytes for file in files) / 1e6:.1f}",
            _here(library, files),
            published.licence,
            f"{published.about}. {published.caution}".strip(),
        )
    console.print(table)
    console.print(f"codecs: {', '.join(library.manifest.codecs())}", markup=False, highlight=False)
    return 0


def _fetch(arguments: argparse.Namespace, library: Library, console: Console) -> int:
    if not arguments.all and not arguments.names:
        raise InputError("SET: name the sets to fetch, or give --all; `codecmark audio list`")
    names = (
        library.manifest.sets if arguments.all else known(arguments.names, library.manifest.sets)
    )
    return _each(names, library, console, library.fetch)


def _verify(arguments: argparse.Namespace, library: Library, console: Console) -> int:
    if arguments.names:
        return _each(known(arguments.names, library.manifest.sets), library, console, library.path)
    names = [
        name
        for name in library.manifest.sets
        if any(library.find(file) for file in library.manifest.files_of(name))
    ]
    return _each(names, library, console, library.path)


def _path(arguments: argparse.Namespace, library: Library, console: Console) -> int:
    (name,) = known([arguments.name], library.manifest.sets)
    print(library.folder(name), file=console.file)
    return 0


def _page(arguments: argparse.Namespace, _library: Library, console: Console) -> int:
    from codecmark.studies import published_audio, published_audio_page  # statistics

    rows = published_audio.read(arguments.results)
    target = (arguments.out or arguments.results) / "published_audio.md"
    whole_files.write_inside(target.parent, target.name, published_audio_page.page(rows))
    console.print(f"page in {target}", markup=False)
    return 0


def _each(
    names: Iterable[str],
    library: Library,
    console: Console,
    action: Callable[[PublishedFile], Path],
) -> int:
    """Apply `action` to every file of these sets, and print the problems."""
    status = 0
    for name in names:
        files = library.manifest.files_of(name)
        problems = problems_of(files, action, name, console)
        console.print(
            f"{name}: {len(files) - len(problems)} of {counted(len(files), 'file')} as published",
            markup=False,
            highlight=False,
        )
        for problem in problems[:3]:
            console.print(f"  {problem}", markup=False, highlight=False, soft_wrap=True)
        if len(problems) > 3:
            console.print(f"  and {len(problems) - 3} more", highlight=False)
        status |= bool(problems)
    return status


def _here(library: Library, files: Iterable[PublishedFile]) -> str:
    is_here = [library.find(file) is not None for file in files]
    if all(is_here):
        return "yes"
    return f"{sum(is_here)} of {len(is_here)}" if any(is_here) else "no"
