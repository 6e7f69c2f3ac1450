"""What the plots show: points, curves, fronts and targets, taken from the rate-distortion rooms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from codecmark import catalog
from codecmark.analysis.aggregation import ALL
from codecmark.analysis.curves import Point, curves
from codecmark.analysis.pareto import ParetoFront, front
from codecmark.errors import InputError
from codecmark.leaderboard.cell import significant
from codecmark.metrics.table import METRICS, QUALITY_FIELDS, TABLE, VISQOL_FIELD
from codecmark.results.row import ResultRow
from codecmark.system.counting import counted

COLOURS = 10  # families with a colour of their own; the others share one
OTHERS = COLOURS
_TIMES = {"decode_rtf": "decoding", "encode_rtf": "encoding"}


@dataclass(frozen=True)
class Mark:
    """One codec on a plot; `tip` is what a reader sees on pointing at it."""

    spec: str
    x: float
    y: float
    colour: int
    on_front: bool
    highlighted: bool
    tip: str


@dataclass(frozen=True)
class Chart:
    """One plot.

    Attributes
    ----------
    lines : tuple
        For each curve its colour and its points.
    front : tuple
        The Pareto front, by ascending x.
    target : float or None
        On the axis y.
    main : bool
        Shown without asking.
    """

    name: str
    title: str
    note: str
    x_label: str
    y_label: str
    marks: tuple[Mark, ...]
    lines: tuple[tuple[int, tuple[tuple[float, float], ...]], ...]
    front: tuple[tuple[float, float], ...]
    target: float | None
    main: bool


def palette(rows: Sequence[ResultRow]) -> dict[str, int]:
    """Return a colour number for each family with quality figures.

    Learned families come first, then those with most settings; from the eleventh on they share
    a colour.
    """
    scored = [
        row
        for row in rows
        if not catalog.is_sentinel(row.family)
        and any(getattr(row, f) is not None for f in QUALITY_FIELDS)
    ]
    count = Counter(family for family, _ in dict.fromkeys((r.family, r.spec) for r in scored))
    learned = {row.family for row in scored if row.weights != "none"}
    order = sorted(count, key=lambda family: (family not in learned, -count[family]))
    return {family: min(index, OTHERS) for index, family in enumerate(order)}


def rate_distortion(
    rows: Sequence[ResultRow],
    classes: Sequence[str],
    highlighted: str | None,
    targets: Mapping[str, Mapping[str, float]],
) -> list[Chart]:
    """Return rate against every metric that has figures; `rows` are of one condition.

    `targets` are by class of clips, `all` for every clip, then by metric.
    """
    colours = palette(rows)
    wanted: list[tuple[str, str | None]] = [("snr_db", None)]
    wanted += [(VISQOL_FIELD, name) for name in classes]
    others = [m for m in METRICS if m.field not in {"snr_db", VISQOL_FIELD}]
    wanted += [(m.field, name) for m in others for name in m.classes if name in classes]
    wanted += [(m.field, None) for m in others if not m.classes]
    return [
        replace(chart, target=targets.get(name or ALL, {}).get(field))
        for field, name in wanted
        if (chart := _curves_of(rows, field, name, colours, highlighted)) is not None
    ]


def time_quality(
    rows: Sequence[ResultRow],
    classes: Sequence[str],
    highlighted: str | None,
    targets: Mapping[str, Mapping[str, float]],
) -> list[Chart]:
    """Return Pareto plots of time against quality; none where speeds are of several hosts.

    Without the lossless codecs: what saves little is fast, and would be the whole front.
    """
    if len({row.host for row in rows if row.host}) > 1:
        return []
    lossless = {row.spec for row in rows if row.is_exact("snr_db")}
    colours = palette(rows)
    wanted: list[tuple[str, str, str | None]] = [("decode_rtf", "snr_db", None)]
    wanted += [("decode_rtf", VISQOL_FIELD, name) for name in classes[:1]]
    wanted += [("encode_rtf", VISQOL_FIELD, name) for name in classes[:1]]
    kept = [row for row in rows if row.family in colours and row.spec not in lossless]
    return [
        replace(chart, target=targets.get(axes[2] or ALL, {}).get(axes[1]))
        for axes in wanted
        if (chart := _pareto(kept, *axes, colours, highlighted)) is not None
    ]


def three_axes(rows: Sequence[ResultRow], clip_class: str | None, metric: str) -> ParetoFront:
    """Return the front over rate, decoding time and quality; sentinels take no part."""
    kept = [row for row in rows if not catalog.is_sentinel(row.family)]
    return front(kept, ("bitrate_kbps", "decode_rtf", metric), clip_class)


def _curves_of(
    rows: Sequence[ResultRow], field: str, clip_class: str | None,
    colours: dict[str, int], highlighted: str | None,
) -> Chart | None:  # fmt: skip
    kept = [row for row in rows if row.family in colours]
    families = {row.spec: row.family for row in kept}
    try:
        found = curves(kept, field, clip_class)
        best = front(kept, ("bitrate_kbps", field), clip_class)
    except InputError:  # no clip of that class
        return None
    marks, lines = [], []
    for curve in found.values():
        if not curve.points:
            continue
        colour = colours[families[curve.points[0].spec]]
        for point in curve.points:
            tip = _tip(point, field, best)
            on_front = point.spec in best.members
            marks.append(
                Mark(
                    point.spec, point.rate_kbps, point.quality.mean, colour, on_front,
                    point.spec == highlighted, tip,
                )
            )  # fmt: skip
        if len(curve.points) > 1:
            lines.append((colour, tuple((p.rate_kbps, p.quality.mean) for p in curve.points)))
    if not marks:
        return None
    label, unit = TABLE[field].label, TABLE[field].unit
    where = f", {clip_class}" if clip_class else ""
    left_out = sum(len(curve.left_out) for curve in found.values())
    note = f"Left out without a finite mean: {counted(left_out, 'setting')}." if left_out else ""
    return Chart(
        f"rate-{field}-{clip_class or 'all'}", f"{label}{where}", note, "kbit/s",
        f"{label} {unit}".strip(), tuple(marks), tuple(lines), _line(marks), None,
        main=field in {"snr_db", VISQOL_FIELD},
    )  # fmt: skip


def _pareto(
    rows: Sequence[ResultRow], time: str, field: str, clip_class: str | None,
    colours: dict[str, int], highlighted: str | None,
) -> Chart | None:  # fmt: skip
    families = {row.spec: row.family for row in rows}
    try:
        found = front(rows, (time, field), clip_class)
    except InputError:
        return None
    label, unit = TABLE[field].label, TABLE[field].unit
    marks = []
    for spec, (spent, quality) in found.values.items():
        if spent <= 0:  # no place on a logarithmic axis
            continue
        tip = (
            f"{spec}\n{label} {quality:.{TABLE[field].decimals}f} {unit}".rstrip()
            + f"\n{significant(spent).text} s for each second\n{_dominated(found, spec)}"
        )
        on_front = spec in found.members
        marks.append(
            Mark(spec, spent, quality, colours[families[spec]], on_front, spec == highlighted, tip)
        )
    if not marks:
        return None
    where = f", {clip_class}" if clip_class else ""
    return Chart(
        f"{time}-{field}-{clip_class or 'all'}", f"{label}{where} and {_TIMES[time]} time", "",
        f"seconds of {_TIMES[time]} for one second of audio", f"{label} {unit}".strip(),
        tuple(marks), (), _line(marks), None, main=time == "decode_rtf",
    )  # fmt: skip


def _tip(point: Point, field: str, best: ParetoFront) -> str:
    label, unit = TABLE[field].label, TABLE[field].unit
    quality, decimals = point.quality, TABLE[field].decimals
    interval = ""
    if quality.low is not None and quality.high is not None:
        interval = f" ({quality.low:.{decimals}f} to {quality.high:.{decimals}f})"
    return (
        f"{point.spec}\n{point.rate_kbps:.1f} kbit/s\n"
        f"{label} {quality.mean:.{decimals}f}{interval} {unit}".rstrip()
        + f"\n{_dominated(best, point.spec)}"
    )


def _dominated(found: ParetoFront, spec: str) -> str:
    if spec not in found.dominators:
        return ""
    above = found.dominators[spec]
    if not above:
        return "on the Pareto front"
    more = f" and {len(above) - 1} more" if len(above) > 1 else ""
    return f"beaten on both axes by {above[0]}{more}"


def _line(marks: Sequence[Mark]) -> tuple[tuple[float, float], ...]:
    return tuple(sorted((mark.x, mark.y) for mark in marks if mark.on_front))
