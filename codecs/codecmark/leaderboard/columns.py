"""The columns, as data: heading, what it means, how a codec's summary becomes a cell.

A new column is one line here; terminal, Markdown and sorting follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codecmark.leaderboard.summary import ALL, Quality, Summary
from codecmark.metrics.table import METRICS, VISQOL_FIELD

TARGET_SNR_DB = 10.0
TARGET_QUALITY = 4.0
TARGET_RATIO = 2.0
DISPUTED_BEYOND = 1.5  # points of MOS-LQO between two predictors on the same clips
NOTHING = "-"


@dataclass(frozen=True)
class Cell:
    """What is shown, and by what it sorts (None last)."""

    text: str
    rank: float | None = None


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    key: str
    heading: str
    meaning: str
    cell: Callable[[Summary], Cell]
    higher_is_better: bool = True
    is_text: bool = False


def _number(value: float | None, digits: int) -> Cell:
    return Cell(NOTHING) if value is None else Cell(f"{value:,.{digits}f}", value)


def _significant(value: float | None) -> Cell:
    """Two significant digits or so: real-time factors span six decades."""
    if value is None:
        return Cell(NOTHING)
    if value < 0.0001:
        return Cell(f"{value:.0e}", value)
    digits = 4 if value < 0.01 else 3 if value < 0.1 else 2
    return Cell(f"{value:.{digits}f}", value)


def _quality_cell(quality: Quality | None, digits: int, *, best: float = float("inf")) -> Cell:
    if quality is None:
        return Cell(NOTHING)
    if quality.infinite:
        return Cell("exact", best)
    if quality.estimate is None:
        return Cell(NOTHING)
    found = quality.estimate
    reach = "" if found.half_width is None else f" ±{found.half_width:.{digits}f}"
    return Cell(f"{found.mean:.{digits}f}{reach}", found.mean)


def quality_column(
    clip_class: str, field: str, label: str, digits: int, *, higher_is_better: bool = True
) -> Column:
    """Return the column of one metric over one class of clips."""
    direction = "higher" if higher_is_better else "lower"
    key = field if clip_class == ALL else f"{clip_class}.{field}"
    return Column(
        key,
        label,
        f"mean over sources, ± half of its 95 % interval; {direction} is better",
        lambda s: _quality_cell(s.quality.get(clip_class, {}).get(field), digits),
        higher_is_better,
    )


def _verdict(passed: bool | None) -> Cell:
    if passed is None:
        return Cell(NOTHING)
    return Cell("pass" if passed else "fail", float(passed))


def _above(quality: Quality | None, threshold: float) -> bool | None:
    if quality is None or (quality.estimate is None and not quality.infinite):
        return None
    return quality.infinite or (quality.estimate is not None and quality.estimate.mean > threshold)


def _snr_target(summary: Summary) -> Cell:
    return _verdict(_above(summary.quality[ALL]["snr_db"], TARGET_SNR_DB))


def _quality_target(summary: Summary) -> Cell:
    """Pass if every class passes on its own scale; otherwise the classes that fail.

    Where PESQ, which knows speech better, is far below ViSQOL, the pass is disputed: ViSQOL
    compares magnitudes only and does not hear a wrong phase.
    """
    verdicts = {
        name: _above(fields[VISQOL_FIELD], TARGET_QUALITY)
        for name, fields in summary.quality.items()
        if name != ALL
    }
    failed = [name for name, passed in verdicts.items() if passed is False]
    if not verdicts or None in verdicts.values():
        return Cell(NOTHING)
    if not failed:
        disputed = _predictors_disagree(summary.quality.get("speech", {}))
        return Cell("disputed", 0.5) if disputed else Cell("pass", 1.0)
    text = "fail" if len(failed) == len(verdicts) else f"fail: {', '.join(failed)}"
    return Cell(text, -len(failed) / len(verdicts))


def _predictors_disagree(speech: dict[str, Quality]) -> bool:
    visqol, pesq = (speech.get(name, Quality()).estimate for name in (VISQOL_FIELD, "pesq_wb"))
    return visqol is not None and pesq is not None and visqol.mean - pesq.mean > DISPUTED_BEYOND


def _ratio_target(summary: Summary) -> Cell:
    ratio = summary.compression_ratio
    return _verdict(None if ratio is None else ratio >= TARGET_RATIO)


def _evidence(summary: Summary) -> Cell:
    if not summary.ok:
        return Cell(summary.rows[0].status)
    return Cell({"none": "no weights"}.get(summary.weights or "", summary.weights or ""))


CODEC = Column("codec", "codec", "spec string", lambda s: Cell(s.spec), is_text=True)
EVIDENCE = Column(
    "evidence", "evidence", "where the learned part comes from", _evidence, is_text=True
)
RATE = Column(
    "kbps", "kbit/s", "bits of the whole streams over seconds of audio",
    lambda s: _number(s.bitrate_kbps, 1), higher_is_better=False,
)  # fmt: skip
RATIO = Column(
    "ratio", "ratio", "bytes of 16-bit PCM over bytes of the streams",
    lambda s: _number(s.compression_ratio, 1),
)  # fmt: skip
ENCODE_RTF = Column(
    "encode_rtf", "enc RTF", "seconds to encode one second of audio, below 1 beats real time",
    lambda s: _significant(s.real_time_factor("encode")), higher_is_better=False,
)  # fmt: skip
DECODE_RTF = Column(
    "decode_rtf", "dec RTF", "seconds to decode one second of audio",
    lambda s: _significant(s.real_time_factor("decode")), higher_is_better=False,
)  # fmt: skip
SCORED = Column(
    "n", "n", "clips scored of clips attempted",
    lambda s: Cell(f"{s.scored}/{s.attempted}", s.scored),
)  # fmt: skip

TARGETS = (
    Column("snr_target", f"SNR > {TARGET_SNR_DB:g}", "mean SNR over all clips", _snr_target),
    Column(
        "quality_target", f"Q > {TARGET_QUALITY:g}",
        "mean ViSQOL of every class, a prediction and not a listening test; disputed where "
        f"PESQ on speech is more than {DISPUTED_BEYOND:g} below it", _quality_target,
    ),
    Column("ratio_target", f"ratio >= {TARGET_RATIO:g}", "compression ratio", _ratio_target),
)  # fmt: skip


def overall(clip_classes: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of the main table; predicted quality for each class that is there."""
    return (
        CODEC,
        EVIDENCE,
        RATE,
        RATIO,
        quality_column(ALL, "snr_db", "SNR dB", 1),
        *(quality_column(name, VISQOL_FIELD, f"ViSQOL {name}", 2) for name in clip_classes),
        ENCODE_RTF,
        DECODE_RTF,
        SCORED,
        *TARGETS,
    )


COST = (
    CODEC,
    RATE,
    Column(
        "nominal_kbps", "nominal kbit/s", "what the label promises",
        lambda s: _number(s.first("nominal_bitrate_kbps"), 2), higher_is_better=False,
    ),
    ENCODE_RTF,
    DECODE_RTF,
    Column(
        "encode_first", "first enc s", "first call after loading, seconds",
        lambda s: _significant(s.first("encode_first_call_s")), higher_is_better=False,
    ),
    Column(
        "decode_first", "first dec s", "first call after loading, seconds",
        lambda s: _significant(s.first("decode_first_call_s")), higher_is_better=False,
    ),
    Column(
        "memory", "peak MiB", "resident memory of a process that codes one clip, all of it",
        lambda s: _number(s.first("peak_memory_mib"), 0), higher_is_better=False,
    ),
    Column(
        "parameters", "M params", "learned parameters that run, in millions",
        lambda s: _number(None if (p := s.first("parameters")) is None else p / 1e6, 1),
        higher_is_better=False,
    ),
    Column(
        "delay", "delay ms", "declared algorithmic delay",
        lambda s: _number(s.first("algorithmic_delay_ms"), 1), higher_is_better=False,
    ),
)  # fmt: skip

_DIGITS = {"correlation": 3, "pesq_wb": 2, "estoi": 3, "mrstft_distance": 2, VISQOL_FIELD: 2}


def digits(field: str) -> int:
    """Return how many decimals of a quality field are shown."""
    return _DIGITS.get(field, 1)


def by_class(clip_class: str) -> tuple[Column, ...]:
    """Return the columns of the quality table of one class of clips."""
    is_speech = clip_class == "speech"
    metrics = [m for m in METRICS if is_speech or not m.speech_only]
    return (
        CODEC,
        RATE,
        *(
            quality_column(
                clip_class,
                m.field,
                f"{m.label} {m.unit}" if m.unit == "dB" else m.label,
                digits(m.field),
                higher_is_better=m.higher_is_better,
            )
            for m in metrics
        ),
        quality_column(clip_class, VISQOL_FIELD, "ViSQOL", digits(VISQOL_FIELD)),
    )
