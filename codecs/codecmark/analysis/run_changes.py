"""What changed between two runs, and what of it is more than noise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from codecmark.analysis.run_pairs import Paired
from codecmark.analysis.statistics import CONFIDENCE, PairedDifference, holm, paired_difference
from codecmark.analysis.time_noise import LEAST_FACTOR, time_noise
from codecmark.metrics.table import QUALITY_FIELDS, TABLE
from codecmark.results.row import ResultRow
from codecmark.system.counting import counted

# sizes repeat to the byte; what is below this does not show in the tables
SIZE_NOISE = 0.01
PHASES = ("encode", "decode")

Effect = Literal["better", "worse", "noise"]
_Rows = Sequence[tuple[ResultRow, ResultRow]]


@dataclass(frozen=True)
class Change:
    """One figure of one codec that is not what it was.

    `what` names the figure, `detail` gives the difference with its unit and interval.
    """

    spec: str
    condition: str
    what: str
    effect: Effect
    detail: str


@dataclass(frozen=True)
class _Candidate:
    spec: str
    condition: str
    what: str
    difference: PairedDifference
    sign: int  # 1 where higher is better
    large: bool  # large enough to matter, if it is no chance
    detail: str


def outcomes(both: Sequence[Paired]) -> list[Change]:
    """Return codecs that fail where they did not, lost a figure or exactness, or the reverse."""
    changes = []
    for paired in both:
        counts: dict[tuple[str, Effect], int] = {}
        for before, after in paired.pairs:
            for key in _outcome(before, after):
                counts[key] = counts.get(key, 0) + 1
        for (what, effect), count in counts.items():
            clips = f"{count} of {counted(len(paired.pairs), 'clip')}"
            changes.append(Change(paired.spec, paired.condition, what, effect, clips))
    return changes


def quality(both: Sequence[Paired]) -> list[Change]:
    """Return the quality figures that differ, by clip class, paired by clip.

    A figure differs if it would show in the tables, on one clip at least. Beyond noise is what
    shows in the mean too and stays significant after Holm's correction over all figures that
    differ; one source is never enough.
    """
    return _judge([c for paired in both for c in _quality_candidates(paired)])


def sizes(both: Sequence[Paired]) -> list[Change]:
    """Return codecs whose streams over the shared clips are not as long as they were."""
    changes = []
    for paired in both:
        sized = [(a.stream_bytes, b.stream_bytes) for a, b in paired.pairs]
        whole = [(a, b) for a, b in sized if a is not None and b is not None]
        before, after = (sum(column) for column in zip(*whole, strict=True)) if whole else (0, 0)
        if before == after or not before:
            continue
        ratio = after / before
        effect: Effect = "noise"
        if abs(ratio - 1) >= SIZE_NOISE:
            effect = "worse" if ratio > 1 else "better"
        detail = f"{100 * (ratio - 1):+.2f} % ({before} to {after} bytes)"
        changes.append(Change(paired.spec, paired.condition, "stream size", effect, detail))
    return changes


def speed_refusal(old: Sequence[ResultRow], new: Sequence[ResultRow]) -> str | None:
    """Say why the speeds of two runs must not be compared, or return None."""
    hosts = [sorted({row.host or "unknown" for row in rows}) for rows in (old, new)]
    if hosts[0] != hosts[1] or len(hosts[0]) != 1:
        return f"hosts differ: {'; '.join(hosts[0])} against {'; '.join(hosts[1])}"
    return None


def speeds(both: Sequence[Paired]) -> list[Change]:
    """Return the times that differ, where device, threads and backend are the same.

    Beyond noise is what stays significant after Holm's correction and is off by more than a
    quarter, and by more than either run's own noise, see `time_noise`: clips share the machine's
    mood of the moment, so that clips alone show too little of the noise.
    """
    runs = zip(*(pair for paired in both for pair in paired.pairs), strict=True)
    noise = max([LEAST_FACTOR, *(time_noise(rows) or 1.0 for rows in runs)])
    return _judge([c for paired in both for c in _speed_candidates(paired, noise)])


def _judge(candidates: Sequence[_Candidate]) -> list[Change]:
    tested = [candidate for candidate in candidates if candidate.difference.estimate.n_sources > 1]
    adjusted = iter(holm([candidate.difference.p_value(len(tested)) for candidate in tested]))
    changes = []
    for candidate in candidates:
        p_value = next(adjusted) if candidate.difference.estimate.n_sources > 1 else 1.0
        effect: Effect = "noise"
        if candidate.large and p_value < 1 - CONFIDENCE:
            effect = (
                "better" if candidate.sign * candidate.difference.estimate.mean > 0 else "worse"
            )
        changes.append(
            Change(candidate.spec, candidate.condition, candidate.what, effect, candidate.detail)
        )
    return changes


def _quality_candidates(paired: Paired) -> Iterator[_Candidate]:
    for clip_class in sorted({old.clip_class for old, _ in paired.pairs if old.clip_class}):
        members = [pair for pair in paired.pairs if pair[0].clip_class == clip_class]
        for name in QUALITY_FIELDS:
            scored = _with(members, name)
            visible = 0.5 * 10 ** -TABLE[name].decimals
            if all(abs(getattr(new, name) - getattr(old, name)) < visible for old, new in scored):
                continue
            difference = _difference(scored, name)
            estimated = difference.estimate
            detail = f"{estimated.mean:+.3f}{_interval(difference)}"
            yield _Candidate(
                paired.spec,
                paired.condition,
                f"{name} on {clip_class}",
                difference,
                TABLE[name].sign,
                abs(estimated.mean) >= visible,
                detail,
            )


def _speed_candidates(paired: Paired, noise: float) -> Iterator[_Candidate]:
    alike = [
        (old, new)
        for old, new in paired.pairs
        if (old.device, old.threads, old.backend) == (new.device, new.threads, new.backend)
    ]
    for phase in PHASES:
        name = f"{phase}_s"
        timed = [pair for pair in _with(alike, name) if all(getattr(row, name) for row in pair)]
        if all(getattr(old, name) == getattr(new, name) for old, new in timed):
            continue
        before, after = (sum(getattr(pair[i], name) for pair in timed) for i in (0, 1))
        difference = _difference(timed, name, logarithm=True)
        yield _Candidate(
            paired.spec,
            paired.condition,
            f"{phase} time",
            difference,
            -1,
            # as far down as up: 25 % longer and 20 % shorter are the same factor
            abs(math.log(after) - math.log(before)) > math.log(noise),
            f"{100 * (after / before - 1):+.0f} % over {counted(len(timed), 'clip')}",
        )


def _with(pairs: _Rows, name: str) -> _Rows:
    return [pair for pair in pairs if all(getattr(row, name) is not None for row in pair)]


def _difference(pairs: _Rows, name: str, *, logarithm: bool = False) -> PairedDifference:
    values = [[float(getattr(row, name)) for row in pair] for pair in pairs]
    if logarithm:
        values = [[math.log(value) for value in pair] for pair in values]
    sources = [old.source or old.clip or "" for old, _ in pairs]
    return paired_difference([v[1] for v in values], [v[0] for v in values], sources)


def _interval(difference: PairedDifference) -> str:
    estimated = difference.estimate
    if estimated.low is None or estimated.high is None:
        return f", {counted(estimated.n, 'clip')} of one source"
    return (
        f" [{estimated.low:+.3f}, {estimated.high:+.3f}], {counted(estimated.n_sources, 'source')}"
    )


def _outcome(before: ResultRow, after: ResultRow) -> Iterator[tuple[str, Effect]]:
    if before.status != after.status:
        if "ok" in {before.status, after.status}:
            yield (
                f"{before.status}, now {after.status}",
                "better" if after.status == "ok" else "worse",
            )
        return
    for name in QUALITY_FIELDS:
        states = [_state(row, name) for row in (before, after)]
        if states[0] != states[1]:
            # an exact copy is the best there is, an absent figure the worst
            ranks = [("absent", "finite", "exact").index(state) for state in states]
            effect: Effect = "better" if ranks[1] > ranks[0] else "worse"
            yield f"{name} {states[0]}, now {states[1]}", effect


def _state(row: ResultRow, name: str) -> str:
    if getattr(row, name) is not None:
        return "finite"
    return "exact" if row.is_exact(name) else "absent"
