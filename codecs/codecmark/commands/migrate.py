"""`codecmark migrate`: bring stored rows of earlier versions to this version's schema."""

from __future__ import annotations

import argparse

from rich.console import Console

from codecmark.commands import stored_rows
from codecmark.errors import InputError
from codecmark.results import migration, store
from codecmark.system.counting import counted

HELP = "bring stored rows of earlier versions to this version's schema, in place"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    stored_rows.add_folder(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; doing so again changes nothing."""
    if not store.run_ids(arguments.results):
        raise InputError(f"results: no rows below {arguments.results / store.ROWS}")
    for migrated in migration.migrate(arguments.results):
        changes = migrated.changes or "already as this version writes it, left alone"
        console.print(f"{migrated.path}: {counted(migrated.rows, 'row')}, {changes}", markup=False)
    return 0
