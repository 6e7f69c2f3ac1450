"""How the figures of many clips become one: the rules of every summary, over columns.

Rows in memory and a Parquet run of millions fill the same columns, so that a table says the same
whichever it was made from. Sources count alike (see `statistics`), the worst clip is worst by the
metric's direction, and nothing stands for a clip without a figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from codecmark.analysis.statistics import Estimate, estimate_of_sources
from codecmark.metrics.table import QUALITY_FIELDS, TABLE

ALL = "all"
FIELDS_OVER_ALL = tuple(name for name in QUALITY_FIELDS if TABLE[name].one_scale)


@dataclass(frozen=True)
class Worst:
    """The clip with the worst figure, and the median of all that have one."""

    value: float
    clip: str
    median: float


@dataclass(frozen=True)
class Quality:
    """One metric over some clips.

    `estimate` and `worst` are of the clips with a figure; `exact` counts those that have none
    because the output equals the input, `attempted` all that the codec should have coded.
    """

    attempted: int = 0
    exact: int = 0
    estimate: Estimate | None = None
    worst: Worst | None = None

    @property
    def scored(self) -> int:
        """Clips with a figure, an infinite one included."""
        return self.exact + (self.estimate.n if self.estimate else 0)


@dataclass(frozen=True)
class Columns:
    """The clips of one codec under one condition, in the order of the rows.

    Attributes
    ----------
    clips, sources, classes : np.ndarray, shape=(clips,)
        Numbers, each an index into `clip_names`, one for each source, and into `class_names`.
    values : dict[str, np.ndarray]
        By row field, float64 of shape (clips,); NaN where there is no finite figure.
    exact : Mapping
        By class (`all` too) and row field, how many came back exactly; absent is none.
    """

    clips: NDArray[np.int64]
    sources: NDArray[np.int64]
    classes: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]
    clip_names: Sequence[str]
    class_names: Sequence[str]
    exact: Mapping[tuple[str, str], int] = field(default_factory=dict)


def attempted(
    weights: str | None, own: Mapping[str, int], everyone: Mapping[str, int]
) -> Mapping[str, int]:
    """Return how many clips a codec should have coded, by class.

    A codec that lacks rows of some clips has not passed on them; one that is not available was
    tried on none, one without trained weights on purpose on one, and published audio exists for
    the clips that were published only.

    Parameters
    ----------
    own, everyone : mapping of classes to clips
        That have a row of this codec, of any codec.
    """
    return own if weights in {"random", "replayed"} or not own else everyone


def qualities(columns: Columns, attempted: Mapping[str, int]) -> dict[str, dict[str, Quality]]:
    """Return every figure of a codec, by class of clips (`all` for those over every class)."""
    columns = replace(columns, sources=_numbered(columns.sources))
    everything = np.ones(len(columns.clips), bool)
    found = {ALL: _of_class(columns, everything, ALL, sum(attempted.values()), FIELDS_OVER_ALL)}
    for name in sorted(filter(None, attempted)):
        index = columns.class_names.index(name)
        members = columns.classes == index
        found[name] = _of_class(columns, members, name, attempted[name], QUALITY_FIELDS)
    return found


def _of_class(
    columns: Columns,
    members: NDArray[np.bool_],
    clip_class: str,
    attempted: int,
    fields: Sequence[str],
) -> dict[str, Quality]:
    found = {}
    for name in fields:
        exact = columns.exact.get((clip_class, name), 0)
        rows = np.flatnonzero(members & ~np.isnan(columns.values[name]))
        if not len(rows):
            found[name] = Quality(attempted, exact)
            continue
        values = columns.values[name][rows]
        means = _source_means(values, columns.sources[rows])
        # of clips that are equally bad the first
        row = int(np.argmin(TABLE[name].sign * values))
        worst = Worst(
            float(values[row]), columns.clip_names[columns.clips[rows[row]]],
            float(np.median(values)),
        )  # fmt: skip
        mean = estimate_of_sources(means, len(rows), TABLE[name].range)
        found[name] = Quality(attempted, exact, mean, worst)
    return found


def _numbered(sources: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the sources anew, from 0, in the order of their first clips."""
    _, first, inverse = np.unique(sources, return_index=True, return_inverse=True)
    numbers: NDArray[np.int64] = np.argsort(np.argsort(first))[inverse]
    return numbers


def _source_means(values: NDArray[np.float64], sources: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean of each source that has a value."""
    sums, counts = np.bincount(sources, values), np.bincount(sources)
    means: NDArray[np.float64] = sums[counts > 0] / counts[counts > 0]
    return means
