"""The noise of a run's times, from the probe that was timed beside every codec."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from codecmark.results.row import TIME_PROBE, ResultRow

# no smaller factor between two times counts, whatever a run's own noise: two runs of the suite on
# one shared machine differed by 18 % for FLAC and by 12 % for Opus
LEAST_FACTOR = 1.25
_COVERED = 0.95  # of the pairs of probes
_FEWEST = 3  # times, to say anything


def time_noise(rows: Sequence[ResultRow]) -> float | None:
    """Return the factor within which 95 % of all pairs of a run's probes lie, at least 1.

    Both members of a pair are the same calls of the same codec, so that whatever tells them apart
    is noise, and no smaller ratio of the times of two codecs is a difference between them.

    Parameters
    ----------
    rows : sequence of ResultRow
        Times of several machines are never paired; the noisier machine counts.

    Returns
    -------
    float or None
        None if no machine has three times of the probe: the rows were not timed, or are older
        than it.
    """
    by_host: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        if TIME_PROBE in row.notes:  # which the rows that were timed together share
            by_host.setdefault(row.host or "", set()).add((row.spec, row.notes[TIME_PROBE]))
    factors = []
    for probes in by_host.values():
        seconds = [taken_s for _, texts in sorted(probes) for taken_s in _seconds(texts)]
        if len(seconds) >= _FEWEST:
            pairs = [max(a / b, b / a) for a, b in combinations(seconds, 2)]
            factors.append(float(np.quantile(pairs, _COVERED)))
    return max(factors, default=None)


def _seconds(texts: str) -> Iterator[float]:
    """Yield the times of a note; what somebody else wrote under its name is no time."""
    for text in texts.split():
        try:
            seconds = float(text)
        except ValueError:
            continue
        if seconds > 0 and math.isfinite(seconds):
            yield seconds
