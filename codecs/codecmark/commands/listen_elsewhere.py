"""A listening test for people elsewhere: files, another tool's configuration, what comes back."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from codecmark.errors import InputError
from codecmark.listen import design
from codecmark.system import whole_files
from codecmark.system.counting import counted


def add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `offline`, `export` and `import`."""
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


def _place(arguments: argparse.Namespace, name: str) -> Path:
    """Return where files go, made; inside a test, which may be somebody else's, by no link."""
    folder: Path = arguments.out or arguments.test / name
    try:
        return whole_files.make_folder(folder, arguments.test)
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: cannot be written to ({error.strerror}); name another "
            "with --out"
        ) from error


def _offline(arguments: argparse.Namespace, console: Console) -> int:
    from codecmark.listen import offline
    from codecmark.listen.journal import Journal

    if not 1 <= arguments.listeners <= 500:
        raise InputError(f"--listeners: must be 1 to 500, got {arguments.listeners}")
    folder = _place(arguments, "offline")
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
    config = webmushra.export(test, _place(arguments, "webmushra"))
    pages = sum(not page.training for page in test.plan.pages)
    if test.plan.method != "acr" and test.plan.pages_each < pages:
        console.print(
            f"* webMUSHRA gives every listener all {counted(pages, 'page')}, "
            f"not {test.plan.pages_each}",
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
            f"listening set in {arguments.test}: {counted(len(listening.listeners), 'listener')}, "
            f"{counted(len(listening.ratings), 'rating')}, {new} of them new",
            markup=False, soft_wrap=True,
        )  # fmt: skip
        return 0
    with Journal(design.read(arguments.test)) as journal:
        for path in arguments.files:
            if path.suffix.lower() == ".csv":
                listeners, new, known = webmushra_answers.take(journal, path)
                who = f"{path}: {counted(listeners, 'listener')}"
            else:
                who, new, known = offline.take(journal, path)
            console.print(f"{who}: {counted(new, 'page')} new, {known} known", markup=False)
    return 0
