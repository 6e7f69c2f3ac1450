"""Line up the rows of two runs: the same codec on the same clip under the same condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from codecmark.results import axes
from codecmark.results.row import ResultRow


@dataclass
class Paired:
    """One codec under one condition in both runs.

    `pairs` are (old, new) rows of the same clip by name and digest. `unpaired` counts clips that
    one run lacks, or that share a name but not their samples.
    """

    spec: str
    condition: str
    pairs: list[tuple[ResultRow, ResultRow]] = field(default_factory=list)
    unpaired: int = 0


@dataclass(frozen=True)
class LinedUp:
    """Codecs in both runs, and the names of those in one only."""

    both: tuple[Paired, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]


def line_up(old: Sequence[ResultRow], new: Sequence[ResultRow]) -> LinedUp:
    """Pair the rows of two runs, in the order of the old one.

    A codec that is unavailable in one run has a single row without a clip there; it stands
    against each clip of the other run.

    Raises
    ------
    InputError
        If the rows of both are not of one combination of axes.
    """
    axes.require_one([*old, *new])
    ours, theirs = _by_codec(new), _by_codec(old)
    both = []
    for key, rows in theirs.items():
        if key not in ours:
            continue
        paired = Paired(key[1], key[0])
        for clip in dict.fromkeys((*rows, *ours[key])):
            before, after = (group.get(clip) or group.get(None) for group in (rows, ours[key]))
            if before is None or after is None or _other_samples(before, after):
                paired.unpaired += clip is not None
                continue
            paired.pairs.append((before, after))
        both.append(paired)
    return LinedUp(
        tuple(both),
        tuple(spec for condition, spec in theirs if (condition, spec) not in ours),
        tuple(spec for condition, spec in ours if (condition, spec) not in theirs),
    )


def _other_samples(before: ResultRow, after: ResultRow) -> bool:
    both_have_one = before.clip is not None and after.clip is not None
    return both_have_one and before.clip_sha256 != after.clip_sha256


def _by_codec(
    rows: Sequence[ResultRow],
) -> dict[tuple[str, str], dict[str | None, ResultRow]]:
    groups: dict[tuple[str, str], dict[str | None, ResultRow]] = {}
    for row in rows:
        groups.setdefault((row.condition, row.spec), {})[row.clip] = row
    return groups
