"""What to ask people: the settings and clips of a run that its rows cannot decide.

A setting is worth asking about if nothing that was measured rules it out, and what listeners would
say is not known: nobody was asked, or too few. Of those the one that would be chosen comes first,
then those on which the stand-in is undecided, then those that it passes, then those that it alone
fails, each nearest to the threshold first, and no family a second time before every other had one.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codecmark import catalog
from codecmark.analysis.listeners import RATINGS
from codecmark.corpus.entry import CorpusClip
from codecmark.errors import CodecmarkError, InputError
from codecmark.listen.ratings import FIELDS, Method
from codecmark.results.row import ResultRow
from codecmark.review.choice import Candidate
from codecmark.review.finding import Finding
from codecmark.review.judgement import Judged
from codecmark.review.requirement import Requirement
from codecmark.spec import Spec

_ORDER = ("UNDECIDED", "PUBLISHED ELSEWHERE", "NO EVIDENCE", "PASS", "FAIL")


@dataclass(frozen=True)
class Asked:
    """One setting and why listeners are asked about it."""

    spec: str
    why: str


@dataclass(frozen=True)
class Questions:
    """What a run leaves to listeners.

    Attributes
    ----------
    requirement : Requirement
        The one that they decide.
    method : {"acr", "dcr", "mushra"}
        Which answers it.
    asked : tuple of Asked
    left_out : tuple of str
        What cannot be heard here, and why.
    """

    requirement: Requirement
    method: Method
    asked: tuple[Asked, ...]
    left_out: tuple[str, ...]


def questions(judged: Judged, most: int) -> Questions:
    """Return at most so many settings that the rows leave open.

    Raises
    ------
    InputError
        If no requirement asks listeners, or the rows leave nothing open.
    """
    requirement = next(
        (each for each in judged.requirements.requirements if each.metric in RATINGS), None
    )
    if requirement is None:
        raise InputError(
            f"requirements: none of {judged.requirements.title!r:.60} asks listeners (metric "
            f"{', '.join(RATINGS)}); name another file with --require, or --codecs"
        )
    method = next(name for name, field in FIELDS.items() if field == requirement.metric)
    open_ones = [
        candidate
        for candidate in judged.candidates.values()
        if candidate.rate.value is not None  # an option without rows
        and not catalog.is_sentinel(Spec.parse(candidate.spec).family)
        and _is_open(candidate, requirement.name)
    ]
    ranked = sorted(open_ones, key=lambda one: _place(one, requirement.name, judged.recommended))
    asked: list[Asked] = []
    left_out = []
    for candidate in _families_first(ranked):
        if len(asked) == most:
            break
        if reason := _unheard(candidate.spec):
            left_out.append(f"{candidate.spec}: {reason}")
            continue
        asked.append(
            Asked(candidate.spec, _why(candidate, requirement.name, judged.recommended))
        )  # fmt: skip
    if not asked:
        raise InputError(
            "rows: nothing is left to listeners: what was measured or asked decides every setting "
            "that can be heard here; name some with --codecs"
        )
    return Questions(requirement, method, tuple(asked), tuple(left_out))


def clips_of(
    rows: Iterable[ResultRow],
    specs: Sequence[str],
    entries: Sequence[CorpusClip],
    wanted: int,
    seed: int,
) -> list[CorpusClip]:
    """Return the clips that were run with every spec; one of each source, where that is enough.

    They are drawn without a look at the figures: a mean over clips chosen by their figures would
    be one of no others, and it is the mean over clips like these that is asked for.

    Raises
    ------
    InputError
        If no clip was run with all of them.
    """
    clips_by_spec: dict[str, set[str]] = {}
    for row in rows:
        if row.status == "ok" and row.clip:
            clips_by_spec.setdefault(row.spec, set()).add(row.clip)
    there = [clips_by_spec.get(spec, set()) for spec in specs]
    common = [entry for entry in entries if all(entry.name in clips for clips in there)]
    if not common:
        raise InputError("clips: none was run with all of these codecs; name some with --clips")
    shuffled = random.Random(seed).sample(common, len(common))  # noqa: S311
    one_each = {entry.source: entry.name for entry in shuffled}
    if len(one_each) < wanted:
        return common
    return [entry for entry in common if one_each[entry.source] == entry.name]


def _is_open(candidate: Candidate, name: str) -> bool:
    """Say whether listeners could still change what is said of it."""
    finding = candidate.finding(name)
    if finding.verdict in {"PASS", "FAIL"}:
        return False
    others = (each for each in candidate.hard if each.requirement.name != name)
    return all(each.effective.verdict != "FAIL" for each in others)


def _place(candidate: Candidate, name: str, recommended: str | None) -> tuple[int, int, float]:
    finding = candidate.finding(name).effective
    return (
        int(candidate.spec != recommended), _ORDER.index(finding.verdict), abs(_certainty(finding))
    )  # fmt: skip


def _certainty(finding: Finding) -> float:
    return 0.0 if finding.margin is None else finding.certainty


def _families_first(ranked: Iterable[Candidate]) -> list[Candidate]:
    seen: dict[str, int] = {}
    turns = []
    for candidate in ranked:
        family = Spec.parse(candidate.spec).family
        turns.append((seen.setdefault(family, 0), candidate))
        seen[family] += 1
    return [candidate for _, candidate in sorted(turns, key=lambda turn: turn[0])]


def _unheard(spec: str) -> str:
    """Say why a setting cannot be made to sound here; empty if it can."""
    if Spec.parse(spec).family == "replay":
        return "published sound is of its own clips only"
    try:
        weights = catalog.info(spec).weights
    except CodecmarkError as error:
        return str(error)
    return weights.note if weights.evidence == "random" else ""


def _why(candidate: Candidate, name: str, recommended: str | None) -> str:
    finding = candidate.finding(name)
    if finding.verdict == "UNDECIDED":
        text = finding.reason
    elif finding.provisional:
        text = f"{finding.effective.name} alone says {finding.effective.verdict}"
    else:
        text = "nobody was asked"
    return f"recommended; {text}" if candidate.spec == recommended else text
