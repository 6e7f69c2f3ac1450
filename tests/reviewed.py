"""Rows and requirements for the tests of the review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace as changed

from codecmark import review
from codecmark.results.row import ResultRow
from codecmark.review.options import Option
from codecmark.review.requirement import Requirement
from codecmark.review.requirements import Requirements

__all__ = ["FAST", "MOS", "RATIO", "SNR", "VISQOL", "asked", "changed", "codec", "only"]

SNR = Requirement("SNR", "snr_db", ">", 10.0)
RATIO = Requirement("ratio", "compression_ratio", ">=", 2.0)
VISQOL = Requirement("ViSQOL", "visqol_mos_lqo", ">=", 4.0, clip_class="each", evidence="predicted")
MOS = Requirement("MOS", "mos", ">", 4.0, evidence="subjective", stand_in=VISQOL)
FAST = Requirement("speed", "decode_rtf", "<=", 0.06, hard=False)


def codec(
    spec: str, snr_db: Sequence[float | None] = (15, 15.2, 14.8, 15.1, 14.9), **changes: object
) -> list[ResultRow]:
    """Return a row for each SNR, each of a source of its own."""
    base = ResultRow(
        run_id="20260102T030405Z-1", spec=spec, family=spec.partition("@")[0], weights="none",
        clip_class="speech", clip_s=5.0, condition="16k-mono", status="ok", stream_bytes=10_000,
        pcm16_bytes=160_000, visqol_mos_lqo=4.5, pesq_wb=4.0, zimtohrli=4.7,
        encode_s=0.1, decode_s=0.05, host="machine",
    )  # fmt: skip
    return [
        changed(base, clip=f"c{n}", source=f"s{n}", snr_db=value, **changes)
        for n, value in enumerate(snr_db)
    ]


def kept_back(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Return rows as if of other clips of other sources."""
    return [changed(row, clip=f"kept/{row.clip}", source=f"kept/{row.source}") for row in rows]


def asked(
    *requirements: Requirement, options: Sequence[Option] | None = None, **changes: Any
) -> Requirements:
    chosen = options or (
        Option("Opus", "replace", "small", ("opus@*",)),
        Option("Others", "replace", "why not", ("lc3@*",)),
    )
    return Requirements("A codec", "Which?", requirements or (SNR,), tuple(chosen), **changes)


def only(rows: Sequence[ResultRow], requirement: Requirement) -> review.Finding:
    """Return the finding of the one codec."""
    option = Option("It", "any", "it is there", (rows[0].spec,))
    decision = review.decide(rows, asked(requirement, options=[option]))
    return decision.outcomes[0].best.findings[0]
