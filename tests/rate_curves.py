"""Points of curves, and rows to draw them from."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from codecmark.analysis.curves import Point
from codecmark.analysis.statistics import Estimate
from codecmark.results.row import ResultRow


def points(name: str, rates: Sequence[float], quality: Sequence[float]) -> tuple[Point, ...]:
    return tuple(
        Point(f"{name}@{rate}", rate, Estimate(level, None, None, 1, 1))
        for rate, level in zip(rates, quality, strict=True)
    )


def row(spec: str, clip: str = "a", **changes: object) -> ResultRow:
    base = ResultRow(
        run_id="r1", spec=spec, family=spec.partition("@")[0], clip=clip, source=clip,
        clip_class="speech", clip_s=5.0, condition="16k-mono", status="ok", stream_bytes=10_000,
        snr_db=15.0, visqol_mos_lqo=4.2, decode_s=0.1, host="machine",
    )  # fmt: skip
    return structs.replace(base, **changes)
