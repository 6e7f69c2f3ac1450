"""Which decision holds for some rows: the one that is stored, or one made on the spot.

Leaderboard, page and record ask here, so that they show one and the same decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codecmark.analysis.summary import Summarised
from codecmark.errors import InputError, ResultSchemaError
from codecmark.results.row import ResultRow
from codecmark.review import confirmation, files, impaired, stored
from codecmark.review.decision import Decision, decide
from codecmark.review.digest import digest
from codecmark.review.judgement import Judged, judged
from codecmark.review.replayed import rows_of
from codecmark.review.requirements import Requirements
from codecmark.review.requirements_file import default, load
from codecmark.run.corpora import any_locked


def requirements_for(
    results: Path, condition: str, given: Requirements | None = None
) -> Requirements:
    """Return the requirements of a results folder for rows of one condition.

    Those that are `given`, if they are of that condition. Otherwise those of the decision in
    `results/decisions` with the highest number: of its TOML file there, or, where the file lies
    elsewhere, as they were stored with the decision. Without one of that condition they are those
    that come with the package.

    Raises
    ------
    InputError
        If a file there is not usable.
    """
    if given is not None and given.judged_under == condition:
        return given
    folder = results / files.DECISIONS
    decisions = (_stored(path) for path in sorted(folder.glob("*.json")))
    known = [decision.requirements for decision in decisions if decision is not None]
    known += [load(path) for path in sorted(folder.glob("*.toml"))]  # a file comes last
    by_record = {
        files.path_of(requirements.title, folder).name: requirements for requirements in known
    }
    ours = {
        name: requirements
        for name, requirements in by_record.items()
        if requirements.judged_under == condition
    }
    return ours[max(ours)] if ours else default(condition)


def judged_by_condition(
    results: Path | None, rows: Sequence[ResultRow], given: Requirements | None = None
) -> dict[str, Judged]:
    """Return what holds for each condition of some rows; one without any clip is left out.

    Parameters
    ----------
    results : Path or None
        The folder whose requirements are in force; None: those that come with the package.
    given : Requirements, optional
        Take the place of those under their condition.

    Raises
    ------
    InputError
        If a requirements file is not usable, or no row is of the condition of what is given.
    """
    if isinstance(rows, Summarised):
        names = dict.fromkeys(one.condition for one in rows.summaries if one.attempted)
    else:
        names = dict.fromkeys(row.condition for row in rows if row.clip)
    if given is not None and given.judged_under not in names:
        raise InputError(
            f"condition: the requirements are for {given.judged_under}, these rows are of "
            f"{', '.join(names) or 'none'}"
        )
    if results is None:
        return {name: judged(rows, default(name)) for name in names}
    asked = {name: requirements_for(results, name, given) for name in names}
    found = {
        name: judged(rows, one, rows_of(one, results), impaired.rows_of(one, results, rows))
        for name, one in asked.items()
    }
    if not any_locked(results, {row.run_id for row in rows}):
        return found
    return {name: replace(one, recommended=None, locked=True) for name, one in found.items()}


@dataclass(frozen=True)
class InForce:
    """A decision, and the record of its requirements on disk.

    Attributes
    ----------
    record : Path or None
        None where none was written.
    is_current : bool
        Whether what is stored beside the record is this decision.
    """

    decision: Decision
    record: Path | None
    is_current: bool


def decision_for(
    results: Path, rows: Sequence[ResultRow], condition: str, given: Requirements | None = None
) -> InForce:
    """Return the decision on the rows of one condition.

    The one that is stored beside its record, if it is of these rows and requirements; otherwise
    it is made from the rows.

    Raises
    ------
    InputError
        If a requirements file is not usable, or no row is of the condition.
    """
    requirements = requirements_for(results, condition, given)
    path = files.path_of(requirements.title, results / files.DECISIONS)
    record = path if path.is_file() else None
    kept = _stored(path.with_suffix(".json"))
    replayed = rows_of(requirements, results)
    confirming = confirmation.rows_of(requirements, results)
    touched = impaired.rows_of(requirements, results, rows)
    ours = [*(row for row in rows if row.condition == condition), *replayed, *confirming]
    if kept and kept.requirements == requirements and kept.rows_sha256 == digest(ours, touched):
        return InForce(kept, record, is_current=True)
    locked = any_locked(results, {row.run_id for row in rows})
    made = decide(rows, requirements, replayed, confirming, touched, locked=locked)
    return InForce(made, record, is_current=False)


def _stored(path: Path) -> Decision | None:
    """Return what is stored; None where there is nothing that this version can read."""
    try:
        return stored.read(path) if path.is_file() else None
    except ResultSchemaError:  # of another version, or damaged: it will be made anew
        return None
