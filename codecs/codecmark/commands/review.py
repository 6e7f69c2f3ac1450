"""`codecmark review`: requirements and stored rows to a decision record."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from codecmark import review
from codecmark.commands import stored_rows
from codecmark.leaderboard import render
from codecmark.results import newest
from codecmark.review import files, record
from codecmark.review.decision import decide_within
from codecmark.review.gate import gate

HELP = "judge options against requirements and write the decision record"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "requirements", type=Path, metavar="FILE",
        help="TOML with requirements and options, e.g. results/decisions/requirements.toml",
    )  # fmt: skip
    stored_rows.add_folder(parser, "--results", "where the rows are, and the record goes")
    stored_rows.add_run(parser)
    parser.add_argument(
        "--brief", action="store_true",
        help="only print the record's first screen, as Markdown; write nothing",
    )  # fmt: skip


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    requirements = review.load(arguments.requirements)
    rows = stored_rows.read(arguments)
    decision = decide_within(arguments.results, rows, requirements)
    if arguments.brief:
        print(record.first_screen(decision), end="")
        return 0
    path = files.write(decision, str(arguments.requirements), arguments.results)
    lines = [*gate(decision).lines, *(f"risk: {risk.text}" for risk in decision.risks[:1])]
    lines.append(f"record in {path}")
    stored_rows.show_run(arguments.results, rows, console)
    if rows[0].run_id == newest.newest(arguments.results):
        # its targets are now those of this decision
        lines.append(f"leaderboard in {render.write_markdown(rows, arguments.results)}")
    console.print("\n".join(lines), markup=False, emoji=False)
    return 0
