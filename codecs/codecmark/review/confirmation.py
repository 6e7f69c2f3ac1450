"""The options of a decision, judged again by the same rule on clips that were kept back.

The best of many settings on a few clips is partly the luckiest one there. Clips that were kept back
tell, provided that they are looked at once and nothing is chosen by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from codecmark.results.row import ResultRow
from codecmark.review.alternatives import margin_of
from codecmark.review.choice import Status, ordered
from codecmark.review.field import Field
from codecmark.review.figures import Figures
from codecmark.review.missed import missed
from codecmark.review.named_rows import rows_in
from codecmark.review.requirement import Requirement
from codecmark.review.requirements import Requirements
from codecmark.review.threshold import FACTS, TIMES

_ELSEWHERE = TIMES.union(FACTS)  # measured, or stated, with the run that decides


class Confirmation(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one spec's rows on the kept clips say.

    Attributes
    ----------
    spec : str
    status : {"feasible", "provisional", "open", "out"} or None
        None if it was not run there.
    lacks : dict
        By hard requirement, what stands in for it or a panel: the verdict, where it is no PASS.
    clips, sources : int
    kbps : float or None
    place : int
        In the order of all that ran there, by the rule of the choice; 1 is the first.
    margin : float or None
        The smallest there, see `Alternative`.
    missed : dict
        By hard requirement on sound: how many clips miss what the mean is asked for, of how many.
    """

    spec: str
    status: Status | None = None
    lacks: dict[str, str] = {}
    clips: int = 0
    sources: int = 0
    kbps: float | None = None
    place: int = 0
    margin: float | None = None
    missed: dict[str, tuple[int, int]] = {}

    @property
    def holds(self) -> bool:
        """Whether every hard requirement is passed there too."""
        return self.status in {"feasible", "provisional"}


def rows_of(requirements: Requirements, results: Path) -> list[ResultRow]:
    """Return the rows that the requirements name as kept back; none where there are none."""
    return rows_in(requirements.confirmation, results, requirements.judged_under)


def judged_again(requirements: Requirements) -> tuple[Requirement, ...]:
    """Return the requirements that the kept clips are asked about: of untouched clips."""
    return tuple(
        one for one in requirements.requirements if one.metric not in _ELSEWHERE and not one.axes
    )


def confirmed(
    requirements: Requirements, rows: Sequence[ResultRow], picked: Iterable[str]
) -> tuple[Confirmation, ...]:
    """Judge what was picked on the kept clips, then all else that ran there, best first.

    Settings that are no option are judged too.

    What is asked of sound and its size is judged: times and memory do not depend on which clips
    they are, and a run of quality alone has none. Published sound stands for nothing here, and
    neither does what bounds an option.
    """
    asked = judged_again(requirements)
    if not rows or not asked:
        return ()
    options = tuple(
        replace(one, replayed=(), bounds=(), published=()) for one in requirements.options
    )
    again = replace(requirements, requirements=asked, options=options, replayed=None)
    field = Field(again, Figures(rows))
    counted: dict[str, list[ResultRow]] = {}
    for row in rows:
        if row.status == "ok":
            counted.setdefault(row.spec, []).append(row)
    found = {}
    places = ordered(field.ranked(spec) for spec in field.entries)
    for place, ranked in enumerate(places, start=1):
        candidate = ranked.candidate
        effective = [finding.effective for finding in candidate.hard]
        ours = counted.get(candidate.spec, [])
        found[candidate.spec] = Confirmation(
            candidate.spec,
            candidate.status,
            {one.name: one.verdict for one in effective if one.verdict != "PASS"},
            len({row.clip for row in ours}),
            len({row.source for row in ours}),
            candidate.rate.value,
            place,
            margin_of(field, candidate),
            missed(field.figures, candidate),
        )
    first = dict.fromkeys(picked)
    return (
        *(found.get(spec, Confirmation(spec)) for spec in first),
        *(one for spec, one in found.items() if spec not in first),
    )
