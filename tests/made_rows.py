"""Made-up rows for tests of what is done with rows."""

from __future__ import annotations

from msgspec.structs import replace

from codecmark.leaderboard.sections import sections
from codecmark.results.row import ResultRow


def row(spec: str = "opus@24k", clip: str = "a", **changes: object) -> ResultRow:
    base = ResultRow(
        run_id="r1", spec=spec, family=spec.partition("@")[0], weights="none", clip=clip,
        source=clip, clip_class="speech", clip_s=5.0, condition="16k-mono", status="ok",
        stream_bytes=15_000, pcm16_bytes=160_000, snr_db=15.0, visqol_mos_lqo=4.2, pesq_wb=4.0,
        encode_s=0.1, decode_s=0.01, host="machine",
    )  # fmt: skip
    return replace(base, **changes)


def unavailable(spec: str = "lyra@6k") -> ResultRow:
    return ResultRow(run_id="r1", spec=spec, family="lyra", condition="16k-mono",
                     status="unavailable", reason="lyra is not here; fetch it")  # fmt: skip


def lossless(clip: str) -> ResultRow:
    return row("flac", clip, snr_db=None, reasons={"snr_db": "infinite: output equals input"})


def untrained(spec: str = "dac:44khz@8k") -> ResultRow:
    return row(spec, snr_db=None, visqol_mos_lqo=None, pesq_wb=None, weights="random",
               reasons={"snr_db": "seeded random weights: not here"})  # fmt: skip


def cells(rows: list[ResultRow], spec: str) -> dict[str, str]:
    section = sections(rows)[0]
    summary = next(s for s in section.summaries if s.spec == spec)
    return {column.key: column.cell(summary).text for column in section.columns}


TEN = "abcdefghij"


def ten(spec: str, first: dict[str, object], others: dict[str, object]) -> list[ResultRow]:
    """Ten clips, the first unlike the others."""
    return [row(spec, clip, **(others if index else first)) for index, clip in enumerate(TEN)]


FAILED: dict[str, object] = {
    "status": "failed", "reason": "encode: broke", "snr_db": None, "visqol_mos_lqo": None,
    "pesq_wb": None, "stream_bytes": None, "encode_s": None, "decode_s": None,
}  # fmt: skip


def failing(spec: str, clip: str) -> ResultRow:
    return row(spec, clip, **FAILED)
