"""Each codec's curve against the anchor's, as lines of a table: Bjøntegaard deltas or distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codecmark.analysis.anchor_table import AnchorTable, against_anchor
from codecmark.analysis.delta import MIN_POINTS, CurveGap, Delta, Refusal
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.results.row import ResultRow


@dataclass(frozen=True)
class DeltaLine:
    """One codec against the anchor; empty texts where there is no figure, `reason` says why.

    `distances` are the anchor's rate over the codec's own at the same quality, over its settings.
    """

    name: str
    points: int
    rate: str
    rate_sort: float | None
    akima: str
    overlap: str
    quality: str
    distances: str
    reason: str


@dataclass(frozen=True)
class DeltaTable:
    """Every codec against the anchor by one metric.

    `without` are reasons, each with the codecs that it leaves without any figure.
    """

    view: str
    anchor: str
    metric: str
    lines: tuple[DeltaLine, ...]
    without: tuple[tuple[str, tuple[str, ...]], ...]


def delta_tables(
    rows: Sequence[ResultRow], classes: Sequence[str], anchor: str | None = None
) -> list[DeltaTable]:
    """Return a table for SNR, for ViSQOL of each class and for PESQ; none without the anchor."""
    wanted: list[tuple[str, str | None]] = [("snr_db", None)]
    wanted += [(VISQOL_FIELD, name) for name in classes]
    if "speech" in classes:
        wanted.append(("pesq_wb", "speech"))
    found = (against_anchor(rows, field, name, anchor) for field, name in wanted)
    return [_table(table) for table in found if table is not None]


def _table(table: AnchorTable) -> DeltaTable:
    field, metric = table.metric, TABLE[table.metric]
    lines = [_line(gap, field) for gap in table.gaps.values()]
    found_any = [one for one in lines if one.rate or one.distances]
    found_any.sort(key=lambda one: (one.rate_sort is None, one.rate_sort or 0.0))
    without: dict[str, list[str]] = {}
    for one in lines:
        if one not in found_any:
            without.setdefault(one.reason, []).append(one.name)
    where = f", {table.clip_class}" if table.clip_class else ""
    return DeltaTable(
        f"{metric.label}{where}", table.anchor, metric.label, tuple(found_any),
        tuple((reason, tuple(names)) for reason, names in without.items()),
    )  # fmt: skip


def _line(found: CurveGap, field: str) -> DeltaLine:
    rate, quality, decimals = found.bd_rate, found.bd_quality, TABLE[field].decimals
    factors = [one.factor for one in found.distances if isinstance(one.factor, float)]
    distances = ""
    if factors:
        low, high = min(factors), max(factors)
        near = f"{low:.2f}" == f"{high:.2f}"
        distances = f"{low:.2f}" if near else f"{low:.2f} to {high:.2f}"
    reason = ""
    if isinstance(rate, Refusal):
        # one that no setting reaches says more than how many settings there are
        beyond = next((d.factor for d in found.distances if isinstance(d.factor, Refusal)), None)
        few = found.points < MIN_POINTS and beyond is not None and not factors
        reason = beyond.reason if few and beyond is not None else rate.reason
    elif rate.disputed:
        reason = "PCHIP and Akima disagree on the sign: too few points to say"
    is_delta = isinstance(rate, Delta)
    return DeltaLine(
        found.name,
        found.points,
        f"{rate.pchip:+.1f}" if isinstance(rate, Delta) else "",
        rate.pchip if isinstance(rate, Delta) else None,
        f"{rate.akima:+.1f}" if isinstance(rate, Delta) else "",
        f"{rate.overlap_percent:.0f}" if isinstance(rate, Delta) else "",
        f"{quality.pchip:+.{decimals}f}" if is_delta and isinstance(quality, Delta) else "",
        distances,
        reason,
    )
