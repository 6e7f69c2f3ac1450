"""The options of a decision, judged again by the same rule on clips that were kept back.

The best of many settings on a few clips is partly the luckiest one there. Clips that were kept back
tell, provided that they are looked at once and nothing is chosen by them. The clips of the choice
itself, and others of their sources, were not kept back and tell nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from codecmark.errors import InputError
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
from codecmark.system.counting import counted

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
    left_out : int
        How many clips that ran there are the choice's own, or of its sources.
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
    left_out: int = 0

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


def _kept_back(
    chosen_on: Sequence[ResultRow], rows: Sequence[ResultRow]
) -> tuple[list[ResultRow], dict[str, int]]:
    """Return the rows on clips that the choice has not seen; by spec, how many clips it has.

    Raises
    ------
    InputError
        If it has seen them all.
    """
    digests = {row.clip_sha256 for row in chosen_on if row.clip_sha256}
    sources = {row.source for row in chosen_on if row.source}
    names = {row.clip for row in chosen_on}

    def was_seen(row: ResultRow) -> bool:
        is_same = row.clip_sha256 in digests if row.clip_sha256 and digests else row.clip in names
        return row.clip is not None and (is_same or row.source in sources)

    seen: dict[str, set[str | None]] = {}
    for row in filter(was_seen, rows):
        seen.setdefault(row.spec, set()).add(row.clip)
    kept = [row for row in rows if not was_seen(row)]
    if seen and not any(row.clip for row in kept):
        clips = {clip for each in seen.values() for clip in each}
        raise InputError(
            f"[confirmation] results: {counted(len(clips), 'clip')} there, and each is one that "
            "was chosen on, or of a speaker or track that was; name a folder of rows on other "
            "clips of other sources, or leave [confirmation] out"
        )
    return kept, {spec: len(each) for spec, each in seen.items()}


def confirmed(
    requirements: Requirements,
    chosen_on: Sequence[ResultRow],
    confirming: Sequence[ResultRow],
    picked: Iterable[str],
) -> tuple[Confirmation, ...]:
    """Judge what was picked on the kept clips, then all else that ran there, best first.

    Settings that are no option are judged too.

    What is asked of sound and its size is judged: times and memory do not depend on which clips
    they are, and a run of quality alone has none. Published sound stands for nothing here, and
    neither does what bounds an option. Clips that were `chosen_on` are left out.

    Raises
    ------
    InputError
        If no others are there.
    """
    rows, left_out = _kept_back(chosen_on, confirming)
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
            left_out.get(candidate.spec, 0),
        )
    first = dict.fromkeys(picked)
    return (
        *(found.get(spec, Confirmation(spec, left_out=left_out.get(spec, 0))) for spec in first),
        *(one for spec, one in found.items() if spec not in first),
    )
