"""Every codec on every clip, compact enough to travel in the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from codecmark.analysis.samples import latest_rows
from codecmark.leaderboard.cell import NOTHING, significant
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.results.row import ResultRow

_SHOWN = ("snr_db", "si_sdr_db", VISQOL_FIELD, "pesq_wb", "estoi", "lsd_db")
ClipTable = dict[str, Any]  # what becomes JSON


def per_clip(rows: Sequence[ResultRow]) -> ClipTable:
    """Return columns, and for each clip a line a codec; `rows` are of one condition.

    Returns
    -------
    dict
        `columns`: heading and decimals. `clips`: name, class, source, seconds. `lines`: index of
        the clip, spec, a value for each column (null where not measured, `exact` where the
        output equals the input, text where a number was rounded already), reason.
    """
    kept = [row for row in latest_rows(rows) if row.clip]
    names = list(dict.fromkeys(row.clip for row in kept))
    clips: dict[str | None, dict[str, Any]] = {}
    for row in kept:
        about = {"name": row.clip, "class": row.clip_class, "source": row.source, "s": row.clip_s}
        clips.setdefault(row.clip, about)
    columns: list[list[str | int]] = [["kbit/s", 1]]
    columns += [[TABLE[f].heading, TABLE[f].decimals] for f in _SHOWN]
    columns.append(["dec RTF", 0])
    lines = [
        [
            names.index(row.clip),
            row.spec,
            [
                _rounded(row.bitrate_kbps, 1),
                *(_figure(row, field) for field in _SHOWN),
                _factor(row.decode_rtf),
            ],
            _why(row),
        ]
        for row in kept
    ]
    return {"columns": columns, "clips": list(clips.values()), "lines": lines}


def _figure(row: ResultRow, field: str) -> float | str | None:
    return "exact" if row.is_exact(field) else _rounded(getattr(row, field), TABLE[field].decimals)


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)


def _factor(value: float | None) -> str | None:
    text = significant(value).text
    return None if text == NOTHING else text


def _why(row: ResultRow) -> str:
    if row.status != "ok":
        return row.reason or row.status
    return (
        row.reasons.get("snr_db", "") if row.snr_db is None and not row.is_exact("snr_db") else ""
    )
