"""`codecmark predictors`: predictors of quality held against a listening test."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from codecmark.commands import stored_rows
from codecmark.measure.scoring import Scorer
from codecmark.networks.weights import WeightLocator
from codecmark.system import host, whole_files

if TYPE_CHECKING:
    from codecmark.studies.listened import Listened
    from codecmark.studies.predictors import Predictions

HELP = "hold predictors of quality against what listeners said of the same sounds"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--ratings", type=Path, metavar="DIR", required=True,
        help="a listening set: listening.json, ratings.csv and the sounds, see listen/ratings.py",
    )  # fmt: skip
    stored_rows.add_folder(parser, "--out", "where predictors.md and predictors.csv go")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run it."""
    from codecmark.studies import listened, predictors, predictors_page

    raw = listened.load(arguments.ratings)
    weights = WeightLocator.from_environment()
    with console.status("scoring"), Scorer() as scorer:
        predictions, reasons = predictors.predict(raw, scorer, weights)
    page = arguments.out / "predictors.md"
    text = predictors_page.markdown(raw, predictions, reasons, host.host())
    whole_files.write_inside(arguments.out, page.name, text)
    _write_figures(arguments.out / "predictors.csv", raw.screened(), predictions)
    console.print(f"page in {page}, figures beside it", markup=False)
    return 0


def _write_figures(path: Path, kept: Listened, predictions: Predictions) -> None:
    """Write a line for each stimulus: what people said on average, and each predictor."""
    from codecmark.listen import csv_tables
    from codecmark.studies.predictors import means

    people = means(kept.ratings(kept.systems))
    lines = []
    for row, signal in enumerate(kept.listening.clips):
        for column, system in enumerate(kept.systems):
            figures = [f"{values[row, column]:.4f}" for values in predictions.values()]
            lines.append(((signal, system), (f"{people[row, column]:.2f}", *figures)))
    columns = "signal", "condition", "mean_rating", *predictions
    whole_files.write_inside(path.parent, path.name, csv_tables.written(columns, lines))
