"""The target as three verdicts: SNR, predicted quality and compression.

Nothing passes on some of its clips: where a clip failed or a metric is missing, the count of
clips that have a figure stands in place of the pass.
"""

from __future__ import annotations

from codecmark.analysis.aggregation import ALL, Quality
from codecmark.analysis.summary import Summary
from codecmark.leaderboard.cell import NOTHING, Cell, Column
from codecmark.metrics.table import VISQOL_FIELD

TARGET_SNR_DB = 10.0
TARGET_QUALITY = 4.0
TARGET_RATIO = 2.0
DISPUTED_BEYOND = 1.5  # points of MOS-LQO between two predictors on the same clips


def _above(quality: Quality, threshold: float) -> bool | None:
    """Whether the clips that were scored are above; exact copies are above everything."""
    if quality.estimate is None:
        return True if quality.exact else None
    return quality.estimate.mean > threshold


def _passed(scored: int, attempted: int) -> Cell:
    if scored < attempted:
        return Cell(f"{scored}/{attempted}", scored / attempted / 2)
    return Cell("pass", 1.0)


def _verdict(passed: bool | None, scored: int, attempted: int) -> Cell:
    if passed is None:
        return Cell(NOTHING)
    return _passed(scored, attempted) if passed else Cell("fail", 0.0)


def _snr_target(summary: Summary) -> Cell:
    snr = summary.quality[ALL]["snr_db"]
    return _verdict(_above(snr, TARGET_SNR_DB), snr.scored, snr.attempted)


def _quality_target(summary: Summary) -> Cell:
    """Pass if every class passes on its own scale; otherwise the classes that fail.

    Where PESQ, which knows speech better, is far below ViSQOL, the pass is disputed: ViSQOL
    compares magnitudes only and does not hear a wrong phase.
    """
    found = {name: q[VISQOL_FIELD] for name, q in summary.quality.items() if name != ALL}
    failed = [name for name, quality in found.items() if _above(quality, TARGET_QUALITY) is False]
    if failed:
        text = "fail" if len(failed) == len(found) else f"fail: {', '.join(failed)}"
        return Cell(text, -len(failed) / len(found))
    scored = sum(quality.scored for quality in found.values())
    if not scored:
        return Cell(NOTHING)
    verdict = _passed(scored, sum(quality.attempted for quality in found.values()))
    if verdict.text == "pass" and _predictors_disagree(summary.quality.get("speech", {})):
        return Cell("disputed", 0.75)
    return verdict


def _predictors_disagree(speech: dict[str, Quality]) -> bool:
    visqol, pesq = (speech.get(name, Quality()).estimate for name in (VISQOL_FIELD, "pesq_wb"))
    return visqol is not None and pesq is not None and visqol.mean - pesq.mean > DISPUTED_BEYOND


def _ratio_target(summary: Summary) -> Cell:
    ratio = summary.compression_ratio
    passed = None if ratio is None else ratio >= TARGET_RATIO
    return _verdict(passed, summary.clips_sized, summary.attempted)


TARGETS = (
    Column(
        "snr_target", f"SNR > {TARGET_SNR_DB:g}",
        "mean SNR over all clips; 1/10 where it would pass but only 1 clip of 10 has a figure",
        _snr_target,
    ),
    Column(
        "quality_target", f"Q > {TARGET_QUALITY:g}",
        "mean ViSQOL of every class, a prediction and not a listening test; disputed where "
        f"PESQ on speech is more than {DISPUTED_BEYOND:g} below it", _quality_target,
    ),
    Column("ratio_target", f"ratio >= {TARGET_RATIO:g}", "compression ratio", _ratio_target),
)  # fmt: skip
