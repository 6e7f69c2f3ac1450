"""`codecmark levels`: what the level of speech alone does to codecs and to predictors."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from codecmark import corpus
from codecmark.commands import stored_rows
from codecmark.corpus import condition
from codecmark.networks.setup import Setup
from codecmark.results import store
from codecmark.system import host, whole_files
from codecmark.system.counting import counted

HELP = "code and score the same speech at four levels: what the level alone decides"
ROWS = "level"  # folder of the rows, beside the page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--corpus", type=Path, metavar="PATH", help="clips (default: the bundled)")
    stored_rows.add_folder(parser, "--out", f"where level.md and the rows, in {ROWS}/, go")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it; rows that are there already are not measured again."""
    from codecmark.studies import levels, levels_page

    rules = condition.named(condition.DEFAULT_CONDITION)
    clips = levels.clips_by_level(corpus.load(arguments.corpus), rules)
    folder = arguments.out / ROWS
    store.prepare(folder)
    runs = store.run_ids(folder)
    rows = store.read(folder) if runs else []
    run_id = runs[-1] if runs else host.new_run_id()
    with store.writing(folder, run_id) as writer, console.status("measuring") as status:
        for new_rows in levels.measure(run_id, clips, rules, rows, Setup.from_environment()):
            writer.add(new_rows)
            rows += new_rows
            status.update(f"{new_rows[0].spec} is done at another level")
    page = arguments.out / "level.md"
    whole_files.write_inside(arguments.out, page.name, levels_page.markdown(store.latest(rows)))
    console.print(f"page in {page}, {counted(len(rows), 'row')} in {folder}", markup=False)
    return 0
