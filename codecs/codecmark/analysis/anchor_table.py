"""Every codec's curve against an anchor's by one metric: the table of Bjøntegaard deltas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codecmark import catalog
from codecmark.analysis.curves import curves
from codecmark.analysis.delta import DEFAULT_ANCHORS, MIN_POINTS, CurveGap, compare
from codecmark.analysis.samples import latest_rows
from codecmark.errors import InputError
from codecmark.results.row import ResultRow
from codecmark.spec import without_setting


@dataclass(frozen=True)
class AnchorTable:
    """The gaps of all codecs to one anchor.

    Attributes
    ----------
    metric, clip_class, anchor : str, str or None, str
        `clip_class` is None over all clips.
    gaps : dict[str, CurveGap]
        By codec, in the order of the rows: of those with a setting that was scored on every clip,
        the anchor and the sentinels left out.
    """

    metric: str
    clip_class: str | None
    anchor: str
    gaps: dict[str, CurveGap]


def default_anchor(rows: Sequence[ResultRow]) -> str:
    """Return the first of `DEFAULT_ANCHORS` with settings enough for a curve, else with any."""
    specs = {row.spec for row in rows}
    settings = {
        anchor: sum(without_setting(spec) == anchor for spec in specs) for anchor in DEFAULT_ANCHORS
    }
    for least in (MIN_POINTS, 1):
        for anchor, count in settings.items():
            if count >= least:
                return anchor
    return DEFAULT_ANCHORS[0]


def against_anchor(
    rows: Iterable[ResultRow],
    metric: str,
    clip_class: str | None = None,
    anchor: str | None = None,
) -> AnchorTable | None:
    """Hold every codec's curve against that of `anchor`.

    Parameters
    ----------
    rows : iterable of ResultRow
        Of one condition.
    metric, clip_class : str, str or None
        See `curves.curves`.
    anchor : str, optional
        A codec without its setting, e.g. `opus`; by default that of `default_anchor`.

    Returns
    -------
    AnchorTable or None
        None where there are no clips of the class, or no setting of the anchor was scored.
    """
    try:
        kept = latest_rows(rows)
        if any(catalog.is_sentinel(family) for family in {row.family for row in kept}):
            kept = latest_rows(row for row in list(kept) if not catalog.is_sentinel(row.family))
        anchor = anchor or default_anchor(kept)
        drawn = curves(kept, metric, clip_class)
    except InputError:  # no clip of that class
        return None
    if anchor not in drawn or not drawn[anchor].points:
        return None
    gaps = {
        name: compare(curve, drawn[anchor])
        for name, curve in drawn.items()
        if name != anchor and curve.points
    }
    return AnchorTable(metric, clip_class, anchor, gaps)
