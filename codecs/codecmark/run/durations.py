"""How long a run will take, by earlier rows of the same codecs on this machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean

from codecmark.results import axes
from codecmark.results.row import ResultRow
from codecmark.run.plan import Plan
from codecmark.system import host

_Key = tuple[str, str, str]  # spec, condition, and axes in words


class Remaining:
    """An estimate of the seconds that plans still take, without loading models.

    Parameters
    ----------
    plans : sequence of Plan
    workers : int
        How many codecs are measured side by side.
    """

    def __init__(self, plans: Sequence[Plan], workers: int) -> None:
        self._workers = workers
        self._is_timed = any(plan.timed for plan in plans)
        self._rates: dict[_Key, list[float]] = defaultdict(list)
        self._audio_s = {
            (spec, plan.condition.name, str(plan.treatment)): [clip.duration_s for clip in clips]
            for plan in plans
            for spec, clips in plan.missing.items()
        }

    def learn(self, rows: Iterable[ResultRow]) -> None:
        """Learn from rows of this host that were timed, or not, as the plans are."""
        for row in rows:
            is_alike = self._is_timed == (row.encode_s is not None)
            if row.row_s and row.clip_s and row.host == host.host() and is_alike:
                [applied] = axes.combinations([row])
                key = row.spec, row.condition, axes.in_words(applied)
                self._rates[key].append(row.row_s / row.clip_s)

    def finish(self, spec: str, condition: str, count: int, applied: str = "none") -> None:
        """Subtract `count` clips that are done; `applied` are axes in words."""
        del self._audio_s[spec, condition, applied][:count]

    @property
    def unknown(self) -> list[str]:
        """The codecs without a row to estimate from."""
        return list(dict.fromkeys(key[0] for key in self._left() if not self._rates[key]))

    def seconds(self) -> float | None:
        """Return the estimate; unknown codecs count as the mean of the others. None if all are."""
        known = {key: fmean(self._rates[key]) for key in self._left() if self._rates[key]}
        if not known:
            return None
        usual = fmean(known.values())
        total = sum(known.get(key, usual) * sum(self._audio_s[key]) for key in self._left())
        return total / self._workers

    def _left(self) -> list[_Key]:
        return [key for key, audio_s in self._audio_s.items() if audio_s]
