"""What of its rows a decision rests on: the same digest, the same decision."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from codecmark.analysis.listeners import RATINGS
from codecmark.analysis.samples import latest_rows
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.results.row import ResultRow
from codecmark.review.threshold import FACTS, WITH_ORIGINAL

_JUDGED = (  # of a row; what a decision rests on
    "run_id", "spec", "weights", "clip", "clip_s", "source", "clip_class", "condition", "status",
    "stream_bytes", "pcm16_bytes", "encode_s", "decode_s", "lag_samples", "host", *FACTS,
    *QUALITY_FIELDS, *(f"{name}_reference" for name in WITH_ORIGINAL), *RATINGS, "listeners",
    "listener_se",
)  # fmt: skip


def digest(rows: Iterable[ResultRow]) -> str:
    """Return the sha256 of what rows say that a decision rests on, in any order."""
    lines = sorted(
        json.dumps(
            {name: value for name in _JUDGED if (value := getattr(row, name)) is not None}
            | {"reasons": row.reasons}
        )
        for row in latest_rows(rows)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
