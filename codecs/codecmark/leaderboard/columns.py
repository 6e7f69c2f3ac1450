"""The columns, as data: heading, what it means, how a codec's summary becomes a cell.

A new column is one line here; terminal, Markdown and sorting follow.
"""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.analysis.summary import ALL, Quality, Summary
from codecmark.leaderboard.cell import NOTHING, Cell, Column, number, significant
from codecmark.metrics.table import METRICS, VISQOL_FIELD

_DIGITS = {"correlation": 3, "pesq_wb": 2, "estoi": 3, "mrstft_distance": 2, VISQOL_FIELD: 2}


def digits(field: str) -> int:
    """Return how many decimals of a quality field are shown."""
    return _DIGITS.get(field, 1)


def _quality_cell(quality: Quality | None, decimals: int) -> Cell:
    """The mean with its interval, and in brackets which clips are not in it."""
    if quality is None or not quality.scored:
        return Cell(NOTHING)
    found, remarks = quality.estimate, []
    if found is None:
        text, rank = "exact", float("inf")
    else:
        reach = "" if found.half_width is None else f" ±{found.half_width:.{decimals}f}"
        text, rank = f"{found.mean:.{decimals}f}{reach}", found.mean
        if quality.exact:
            remarks.append(f"{quality.exact} exact")
    if quality.scored < quality.attempted:
        remarks.append(f"{quality.scored}/{quality.attempted}")
    return Cell(f"{text} ({', '.join(remarks)})" if remarks else text, rank)


def _worst_cell(quality: Quality | None, decimals: int) -> Cell:
    if quality is None or not quality.scored:
        return Cell(NOTHING)
    if quality.worst is None:
        return Cell("exact")
    figure, median = (f"{v:.{decimals}f}" for v in (quality.worst.value, quality.worst.median))
    return Cell(f"{figure} on {quality.worst.clip} (median {median})")


def quality_column(
    clip_class: str, field: str, label: str, *, higher_is_better: bool = True
) -> Column:
    """Return the column of one metric over one class of clips."""
    direction = "higher" if higher_is_better else "lower"
    key = field if clip_class == ALL else f"{clip_class}.{field}"
    return Column(
        key,
        label,
        f"mean over sources, ± half of its 95 % interval; {direction} is better",
        lambda s: _quality_cell(s.quality.get(clip_class, {}).get(field), digits(field)),
        higher_is_better,
    )


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
    lambda s: number(s.bitrate_kbps, 1), higher_is_better=False,
)  # fmt: skip
RATIO = Column(
    "ratio", "ratio", "bytes of 16-bit PCM over bytes of the streams",
    lambda s: number(s.compression_ratio, 1),
)  # fmt: skip
ENCODE_RTF = Column(
    "encode_rtf", "enc RTF", "seconds to encode one second of audio, below 1 beats real time",
    lambda s: significant(s.real_time_factor("encode")), higher_is_better=False,
)  # fmt: skip
DECODE_RTF = Column(
    "decode_rtf", "dec RTF", "seconds to decode one second of audio",
    lambda s: significant(s.real_time_factor("decode")), higher_is_better=False,
)  # fmt: skip
SCORED = Column(
    "n", "n", "clips scored of clips attempted",
    lambda s: Cell(f"{s.scored}/{s.attempted}", s.scored) if s.attempted else Cell(NOTHING),
)  # fmt: skip


def overall(clip_classes: Sequence[str], targets: Sequence[Column] = ()) -> tuple[Column, ...]:
    """Return the columns of the main table; predicted quality for each class that is there.

    `targets` are the columns that say what requirements are met.
    """
    return (
        CODEC,
        EVIDENCE,
        RATE,
        RATIO,
        quality_column(ALL, "snr_db", "SNR dB"),
        *(quality_column(name, VISQOL_FIELD, f"ViSQOL {name}") for name in clip_classes),
        ENCODE_RTF,
        DECODE_RTF,
        SCORED,
        *targets,
    )


COST = (
    CODEC,
    RATE,
    Column(
        "nominal_kbps", "nominal kbit/s", "what the label promises",
        lambda s: number(s.first("nominal_bitrate_kbps"), 2), higher_is_better=False,
    ),
    ENCODE_RTF,
    DECODE_RTF,
    Column(
        "encode_first", "first enc s", "first call after loading, seconds",
        lambda s: significant(s.first("encode_first_call_s")), higher_is_better=False,
    ),
    Column(
        "decode_first", "first dec s", "first call after loading, seconds",
        lambda s: significant(s.first("decode_first_call_s")), higher_is_better=False,
    ),
    Column(
        "memory", "peak MiB", "resident memory of a process that codes one clip, all of it",
        lambda s: number(s.first("peak_memory_mib"), 0), higher_is_better=False,
    ),
    Column(
        "parameters", "M params", "learned parameters that run, in millions",
        lambda s: number(None if (p := s.first("parameters")) is None else p / 1e6, 1),
        higher_is_better=False,
    ),
    Column(
        "delay", "delay ms", "declared algorithmic delay",
        lambda s: number(s.first("algorithmic_delay_ms"), 1), higher_is_better=False,
    ),
)  # fmt: skip


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
                higher_is_better=m.higher_is_better,
            )
            for m in metrics
        ),
        quality_column(clip_class, VISQOL_FIELD, "ViSQOL"),
    )


def worst(clip_classes: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of the table of worst clips: what a mean over a class can hide."""
    metrics = (("snr_db", "SNR dB"), ("pesq_wb", "PESQ-WB"), (VISQOL_FIELD, "ViSQOL"))
    return (CODEC, *(
        _worst_column(clip_class, field, f"{label} {clip_class}")
        for clip_class in clip_classes
        for field, label in metrics
        if field != "pesq_wb" or clip_class == "speech"
    ))  # fmt: skip


def _worst_column(clip_class: str, field: str, heading: str) -> Column:
    return Column(
        f"{clip_class}.{field}.worst",
        heading,
        "worst figure, its clip, median over clips",
        lambda s: _worst_cell(s.quality.get(clip_class, {}).get(field), digits(field)),
        is_text=True,
    )
