"""Whether the figures of a row that follow from one another do."""

from __future__ import annotations

import math

from codecmark.metrics import rate
from codecmark.results.row import ResultRow

_ROUNDING = 1e-6  # relative
# figures that follow from two others, how, and from which
_FOLLOWS = {
    "bitrate_kbps": (rate.bitrate_kbps, "stream_bytes", "clip_s"),
    "compression_ratio": (rate.compression_ratio, "pcm16_bytes", "stream_bytes"),
    "encode_rtf": (rate.real_time_factor, "encode_s", "clip_s"),
    "decode_rtf": (rate.real_time_factor, "decode_s", "clip_s"),
}


def problem(row: ResultRow) -> str:
    """Return what contradicts what in a row; empty for one without contradictions."""
    for name, (function, first, second) in _FOLLOWS.items():
        stated, x, y = (getattr(row, field) for field in (name, first, second))
        if stated is None or x is None or y is None:
            continue
        if x < 0 or y <= 0:
            return f"{first}, {second}: {x} and {y}, of which {name} cannot follow"
        if not math.isclose(stated, follows := function(x, y), rel_tol=_ROUNDING):
            return f"{name}: {stated:g}, but {follows:g} follows from {first} and {second}"
    payload, stream = row.payload_bytes, row.stream_bytes
    if payload is not None and stream is not None and not 0 <= payload <= stream:
        return f"payload_bytes: {payload} of a stream of {stream} bytes"
    return ""
