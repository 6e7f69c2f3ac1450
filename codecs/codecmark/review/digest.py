"""What of its rows a decision rests on: the same digest, the same decision."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from codecmark.analysis.listeners import RATINGS
from codecmark.analysis.samples import latest_rows
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.results.row import AXES, ResultRow
from codecmark.review.threshold import FACTS, WITH_ORIGINAL

_JUDGED = (  # of a row; what a decision rests on
    "run_id", "spec", "weights", "clip", "clip_s", "source", "clip_class", "condition", "status",
    "stream_bytes", "pcm16_bytes", "encode_s", "decode_s", "lag_samples", "host", *FACTS,
    *QUALITY_FIELDS, *(f"{name}_reference" for name in WITH_ORIGINAL), *RATINGS, "listeners",
    "listener_se", *AXES,
)  # fmt: skip


def digest(rows: Iterable[ResultRow], impaired: Iterable[ResultRow] = ()) -> str:
    """Return the sha256 of what rows say that a decision rests on, in any order.

    `impaired` are of other combinations of axes than `rows`, and of several.
    """
    touched: dict[tuple[object, ...], list[ResultRow]] = {}
    for row in impaired:
        touched.setdefault(row.axes, []).append(row)
    runs: dict[str, list[ResultRow]] = {}  # clips that were kept back may have the same names
    for row in rows:
        runs.setdefault(row.run_id, []).append(row)
    groups = (*runs.values(), *touched.values())
    kept = [row for group in groups for row in latest_rows(group)]
    lines = sorted(
        json.dumps(
            {name: value for name in _JUDGED if (value := getattr(row, name)) is not None}
            | {"reasons": row.reasons}
        )
        for row in kept
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
