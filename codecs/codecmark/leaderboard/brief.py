"""Which codecs stand for all in the short tables: the best setting of each, best first."""

from __future__ import annotations

from collections.abc import Sequence

from codecmark import catalog
from codecmark.analysis.summary import Summary
from codecmark.review.judgement import Judged
from codecmark.spec import without_setting

LINES = 10


def in_brief(summaries: Sequence[Summary], judged: Judged | None, lines: int = LINES) -> list[str]:
    """Return the specs of the short tables.

    The recommended one first, then of each codec the setting that the review puts first; the last
    is what is in use today, where the requirements name it and it was scored. Sentinels and
    published audio, whose clips are others, take no part.

    Parameters
    ----------
    summaries : sequence of Summary
        Of one condition, in the order that decides where nothing was judged.
    """
    scored = {
        summary.spec: summary
        for summary in summaries
        if summary.scored
        and summary.weights != "replayed"
        and not catalog.is_sentinel(summary.rows[0].family)
    }
    wanted = [] if judged is None else [judged.recommended or "", *judged.candidates]
    best: dict[str, str] = {}
    for spec in (*wanted, *scored):
        if spec in scored:
            best.setdefault(without_setting(spec), spec)
    found = list(best.values())
    baseline = () if judged is None else judged.requirements.baseline
    today = next((spec for spec in baseline if spec in scored), None)
    if today is None or today in found[:lines]:
        return found[:lines]
    return [*found[: lines - 1], today]
