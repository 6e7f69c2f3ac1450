"""The table of ranks: which differences between codecs are certain."""

from __future__ import annotations

from collections.abc import Sequence

from codecmark import catalog
from codecmark.analysis.aggregation import ALL
from codecmark.analysis.ranking import SOURCES_FOR_ALL, Ranking, rank, ranks_all
from codecmark.errors import InputError
from codecmark.leaderboard.cell import NOTHING
from codecmark.leaderboard.plain_table import Table
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.results.row import ResultRow
from codecmark.spec import Spec

# Opus where it meets the target, as it is used and, for runs without that, at constant bitrate
RANK_ANCHORS = ("opus@16k-vbr", "opus@16k")


def ranks(rows: Sequence[ResultRow], classes: Sequence[str], condition: str) -> Table:
    """Return the interval of ranks of each codec, for SNR and for predicted quality.

    Sentinels stay out. Where not every pair is compared, so does what the catalog runs on demand
    only: every codec more is a comparison more, and widens the intervals of all.
    """
    rows = [row for row in rows if not catalog.is_sentinel(Spec.parse(row.spec).family)]
    specs_run = {row.spec for row in rows}
    anchor = next((spec for spec in RANK_ANCHORS if spec in specs_run), RANK_ANCHORS[0])
    extra = {*catalog.all_specs()} - {*catalog.all_specs(default_only=True), anchor}
    usual = [row for row in rows if row.spec not in extra]
    axes = [(ALL, "snr_db")]
    axes += [("speech", "pesq_wb")] if "speech" in classes else []
    axes += [(name, metric) for metric in (VISQOL_FIELD, "zimtohrli") for name in classes]
    question, title = "Which differences are certain?", f"Ranks, {condition}"
    columns: dict[str, Ranking] = {}
    for name, metric in axes:
        sources = {row.source for row in rows if name in (ALL, row.clip_class)}
        ranked = rows if ranks_all(len(specs_run), len(sources)) else usual
        if not any(getattr(row, metric) is not None for row in ranked):
            continue  # rows of before this predictor
        heading = f"{TABLE[metric].label} {name}"
        try:
            columns[heading] = rank(ranked, metric, anchor, None if name == ALL else name)
        except InputError:  # the anchor was not run: no ranks
            return Table(question, condition, title, "", (), ())
    places = [
        {place.spec: f"{place.first}-{place.last}" for place in ranking.places}
        for ranking in columns.values()
    ]
    specs = dict.fromkeys(spec for column in places for spec in column)
    return Table(
        question,
        condition,
        title,
        "Best and worst rank that the comparisons leave possible, on the same clips, Holm's "
        "correction, 95 %. Codecs whose ranks overlap are not told apart. From "
        f"{SOURCES_FOR_ALL} sources on each codec is compared with every other; with fewer, or "
        f"more codecs than that pays for, only those of the default set, with the leader and with "
        f"{anchor}, since every comparison more widens the intervals. `-`: not ranked, or not "
        "scored on every clip.",
        ("codec", *columns),
        tuple((spec, *(column.get(spec, NOTHING) for column in places)) for spec in specs),
    )
