"""Which decision holds for some rows: the one that is stored, or one made on the spot.

Leaderboard, page and record ask here, so that they show one and the same decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codecmark.errors import ResultSchemaError
from codecmark.results.row import ResultRow
from codecmark.review import files, stored
from codecmark.review.decision import Decision, decide, digest
from codecmark.review.requirements import Requirements
from codecmark.review.requirements_file import default, load


def requirements_for(results: Path, condition: str) -> Requirements:
    """Return the requirements of a results folder for rows of one condition.

    They are those of the file in `results/decisions` whose record has the highest number; without
    one of that condition, those that come with the package.

    Raises
    ------
    InputError
        If a file there is not usable.
    """
    folder = results / files.DECISIONS
    found = [load(path) for path in sorted(folder.glob("*.toml"))]
    ours = [one for one in found if one.judged_under == condition]
    if not ours:
        return default(condition)
    return max(ours, key=lambda one: files.path_of(one.title, folder).name)


def decision_for(results: Path, rows: Sequence[ResultRow], condition: str) -> Decision:
    """Return the decision on the rows of one condition.

    The one that is stored beside its record, if it is of these rows and requirements; otherwise
    it is made from the rows.

    Raises
    ------
    InputError
        If a requirements file is not usable, or no row is of the condition.
    """
    requirements = requirements_for(results, condition)
    path = files.path_of(requirements.title, results / files.DECISIONS).with_suffix(".json")
    if path.is_file():
        try:
            found = stored.read(path)
        except ResultSchemaError:  # of another version, or damaged: it is made anew below
            found = None
        ours = [row for row in rows if row.condition == condition]
        if found and found.requirements == requirements and found.rows_sha256 == digest(ours):
            return found
    return decide(rows, requirements)
