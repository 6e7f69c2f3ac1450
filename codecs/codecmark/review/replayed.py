"""Figures of published sound: what stands for a codec whose quality could not be measured here.

Published files are no sample of all audio, and other clips than those that were measured. So they
are judged in each class by itself, also where a requirement asks for the mean over all clips; a
class that nobody published is NO EVIDENCE; and no figure of theirs is compared with one on other
clips. Where the level of files was changed one by one, SNR has an upper limit: with the best gain
it is 10 log10(1 + 10^(SI-SDR / 10)) dB, and no gain makes it better.
"""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.samples import latest_rows
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.replay.codec import FAMILY
from codecmark.results.row import ResultRow
from codecmark.review.figure import Figure
from codecmark.review.figures import Figures
from codecmark.review.named_rows import rows_in
from codecmark.review.options import Option
from codecmark.review.requirement import Requirement
from codecmark.review.requirements import Requirements
from codecmark.review.threshold import EACH, Statistic
from codecmark.review.verdict import FiguresByClass

_LIMITED = "SNR refused, since levels were normalised file by file; a limit by SI-SDR"


def rows_of(requirements: Requirements, results: Path) -> list[ResultRow]:
    """Return the rows that the requirements name as published sound; none where there are none."""
    return rows_in(requirements.replayed, results, requirements.judged_under)


def figures_of(requirements: Requirements, replayed: Sequence[ResultRow]) -> ReplayedFigures | None:
    """Return the figures of `rows_of`; None where there are no rows."""
    if requirements.replayed is None or not replayed:
        return None
    return ReplayedFigures(replayed, requirements.replayed.results)


class ReplayedFigures:
    """The rows of published audio, and of others on the same clips.

    Parameters
    ----------
    rows : sequence of ResultRow
        Of one condition.
    folder : str
        Their folder within the results.
    """

    def __init__(self, rows: Sequence[ResultRow], folder: str) -> None:
        self._folder = folder
        self._rows: dict[str, list[ResultRow]] = {}
        for row in latest_rows(rows):
            if row.clip and row.status == "ok":
                self._rows.setdefault(row.spec, []).append(row)

    def of(self, spec: str, clip_class: str = ALL) -> list[ResultRow]:
        """Return the rows of a spec, of one class or all."""
        rows = self._rows.get(spec, [])
        return [row for row in rows if clip_class in {ALL, row.clip_class}]

    def name_of(self, spec: str, options: Iterable[Option]) -> str:
        """Return the replayed spec that may stand for `spec` in these options; empty: none."""
        name = f"{FAMILY}:{spec}"
        patterns = [pattern for option in options for pattern in option.replayed]
        allowed = any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        return name if allowed and name in self._rows else ""

    def get(
        self,
        spec: str,
        metric: str,
        clip_class: str,
        statistic: Statistic = "mean",
        of: str = "",
    ) -> Figure:
        """Return a statistic over the clips of a class that have the metric."""
        rows = self.of(spec, clip_class)
        absent = Figure(spec, metric, clip_class, origin="replayed", results=self._folder)
        if not rows:
            return replace(absent, reason=f"nothing published of {clip_class}")
        scored = [row for row in rows if getattr(row, metric) is not None]
        at_most = not scored and metric == "snr_db"
        if at_most:
            scored = [_limited(row) for row in rows if row.si_sdr_db is not None]
        if not scored:
            return replace(absent, reason=rows[0].reasons.get(metric, "not scored"))
        figure = Figures(scored).get(spec, metric, clip_class, statistic, of)
        if at_most:
            reason = f"{_LIMITED}; {figure.reason}" if figure.reason else _LIMITED
            figure = replace(figure, reason=reason, at_most=True)
        return replace(figure, origin="replayed", results=self._folder)

    def look_up(
        self, spec: str, requirement: Requirement, classes: Sequence[str]
    ) -> FiguresByClass:
        """Fetch what `judge` needs, in each class by itself."""
        own = requirement.clip_class
        names = classes if own in {ALL, EACH} else (own,)
        statistic, of = requirement.statistic, requirement.of
        return FiguresByClass(
            {name: self.get(spec, requirement.metric, name, statistic, of) for name in names}
        )


def can_be_replayed(asked: Sequence[Requirement], measured: Mapping[str, FiguresByClass]) -> bool:
    """Say whether published sound may stand in: for quality of which nothing was measured.

    Not where clips go through more than the codec: what is published did not.

    What is asked together, as by a panel, is answered by one and the same sound.
    """
    figures = (f for one in asked for f in measured[one.name].figures.values())
    nothing = all(figure.level is None for figure in figures)
    return nothing and all(one.metric in QUALITY_FIELDS and not one.axes for one in asked)


def _limited(row: ResultRow) -> ResultRow:
    power = 10 ** ((row.si_sdr_db or 0.0) / 10)
    return replace(row, snr_db=10 * math.log10(1 + power))
