"""The columns, as data: heading, what it means, how a codec's summary becomes a cell.

A new column is one line here; terminal, Markdown and sorting follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from codecmark import catalog
from codecmark.analysis.aggregation import ALL, Quality
from codecmark.analysis.listeners import rated
from codecmark.analysis.statistics import FEWEST_SOURCES
from codecmark.analysis.summary import Summary
from codecmark.leaderboard.cell import NOTHING, Cell, Column, figure
from codecmark.metrics.table import METRICS, TABLE, VISQOL_FIELD
from codecmark.results.row import OCCASIONAL
from codecmark.system.counting import counted


def _quality_cell(quality: Quality | None, decimals: int) -> Cell:
    """The mean with its interval, and in brackets which clips are not in it."""
    if quality is None or not quality.scored:
        return Cell(NOTHING)
    found, remarks = quality.estimate, []
    if found is None:
        text, rank = "exact", float("inf")
    else:
        text, rank = f"{found.mean:.{decimals}f}", found.mean
        if 1 < found.n_sources < FEWEST_SOURCES and found.lowest is not None:
            remarks.append(f"{found.lowest:.{decimals}f} to {found.highest:.{decimals}f}")
        elif found.half_width is not None:
            text += f" ±{found.half_width:.{decimals}f}"
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


def quality_column(clip_class: str, field: str, suffix: str = "") -> Column:
    """Return the column of one metric over one class of clips, `suffix` after its heading."""
    metric = TABLE[field]
    direction = "higher" if metric.higher_is_better else "lower"
    key = field if clip_class == ALL else f"{clip_class}.{field}"
    return Column(
        key,
        f"{metric.heading} {suffix}".strip(),
        f"mean over sources, ± half of its 95 % interval, below {FEWEST_SOURCES} sources the "
        f"lowest and the highest of them in brackets; {direction} is better",
        lambda s: _quality_cell(s.quality.get(clip_class, {}).get(field), metric.decimals),
        metric.higher_is_better,
    )


def _cost_column(field: str, meaning: str, value: Callable[[Summary], float | None]) -> Column:
    metric = TABLE[field]
    return Column(
        field, metric.heading, meaning, lambda s: figure(value(s), field), metric.higher_is_better
    )


def _same_in_all(field: str, meaning: str) -> Column:
    """Return the column of a cost that every row of a codec has alike."""
    return _cost_column(field, meaning, lambda s: s.first(field))


def _evidence(summary: Summary) -> Cell:
    if not summary.ok:
        return Cell(summary.rows[0].status)
    if catalog.is_sentinel(summary.rows[0].family):
        return Cell("sentinel")
    return Cell({"none": "nothing trained"}.get(summary.weights or "", summary.weights or ""))


CODEC = Column("codec", "codec", "spec string", lambda s: Cell(s.spec), is_text=True)
EVIDENCE = Column(
    "evidence", "evidence",
    "where the learned part comes from, if anything is learned; sentinels only check the scales",
    _evidence, is_text=True,
)  # fmt: skip
RATE = _cost_column(
    "bitrate_kbps", "bits of the whole streams over seconds of audio",
    lambda s: s.bitrate_kbps,
)  # fmt: skip
RATIO = _cost_column(
    "compression_ratio", "bytes of 16-bit PCM over bytes of the streams",
    lambda s: s.compression_ratio,
)  # fmt: skip
ENCODE_RTF = _cost_column(
    "encode_rtf", "seconds to encode one second of audio, below 1 beats real time",
    lambda s: s.real_time_factor("encode"),
)  # fmt: skip
DECODE_RTF = _cost_column(
    "decode_rtf", "seconds to decode one second of audio",
    lambda s: s.real_time_factor("decode"),
)  # fmt: skip
SCORED = Column(
    "n", "n", "clips scored of clips attempted",
    lambda s: Cell(f"{s.scored}/{s.attempted}", s.scored) if s.attempted else Cell(NOTHING),
)  # fmt: skip


def of_channels(columns: Sequence[Column], channels: int) -> tuple[Column, ...]:
    """Return columns that tell the rate of several channels and the rate of one apart."""
    if channels == 1:
        return tuple(columns)
    total = replace(RATE, heading=f"{RATE.heading} in all", meaning=f"{RATE.meaning}, all channels")

    def share(summary: Summary) -> float | None:
        return None if (rate := summary.bitrate_kbps) is None else rate / channels

    one = Column(
        f"{RATE.key}_a_channel", f"{RATE.heading} a channel", f"the rate in all over {channels}",
        lambda s: figure(share(s), RATE.key), higher_is_better=False,
    )  # fmt: skip
    found: list[Column] = []
    for column in columns:
        found += (total, one) if column is RATE else (column,)
    return tuple(found)


def rating_column(field: str) -> Column:
    """Return the column of what listeners said."""
    metric = TABLE[field]

    def cell(summary: Summary) -> Cell:
        heard = rated(summary.rows, field)
        if heard is None:
            return Cell(NOTHING)
        reach = "" if heard.low is None else f" ±{heard.mean - heard.low:.{metric.decimals}f}"
        return Cell(
            f"{heard.mean:.{metric.decimals}f}{reach} ({counted(heard.listeners, 'listener')})",
            heard.mean,
        )

    return Column(
        field, metric.heading,
        "mean of listeners' ratings, ± half of its 95 % interval over listeners and sources",
        cell, metric.higher_is_better,
    )  # fmt: skip


def overall(
    clip_classes: Sequence[str], targets: Sequence[Column] = (), ratings: Sequence[Column] = ()
) -> tuple[Column, ...]:
    """Return the columns of the main table; predicted quality for each class that is there.

    `targets` are the columns that say what requirements are met, `ratings` what listeners said.
    """
    return (
        CODEC,
        EVIDENCE,
        RATE,
        RATIO,
        quality_column(ALL, "snr_db"),
        *(quality_column(name, VISQOL_FIELD, name) for name in clip_classes),
        *ratings,
        ENCODE_RTF,
        DECODE_RTF,
        SCORED,
        *targets,
    )


def published(clip_classes: Sequence[str], targets: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns of audio that others decoded: no bytes, no time, clips of its own."""
    return (
        CODEC,
        NOMINAL_RATE,
        quality_column(ALL, "snr_db"),
        *(quality_column(name, VISQOL_FIELD, name) for name in clip_classes),
        SCORED,
        *targets,
    )


NOMINAL_RATE = _same_in_all("nominal_bitrate_kbps", "what the label promises")
COST = (
    CODEC,
    RATE,
    NOMINAL_RATE,
    ENCODE_RTF,
    DECODE_RTF,
    _same_in_all("encode_first_call_s", "first call after loading, seconds"),
    _same_in_all("decode_first_call_s", "first call after loading, seconds"),
    _same_in_all("peak_memory_mib", "resident memory of a process that codes one clip, all of it"),
    _cost_column(
        "parameters", "learned parameters that run, in millions",
        lambda s: None if (count := s.first("parameters")) is None else count / 1e6,
    ),
    _same_in_all("algorithmic_delay_ms", "declared algorithmic delay"),
)  # fmt: skip


def by_class(clip_class: str, summaries: Sequence[Summary]) -> tuple[Column, ...]:
    """Return the columns of the quality table of one class of clips.

    Without those of predictors that no row has: they may not be here, or are younger than the rows.
    """
    columns = {
        metric.field: quality_column(clip_class, metric.field)
        for metric in METRICS
        if metric.applies_to(clip_class)
    }
    shown = [
        column
        for field, column in columns.items()
        if field not in OCCASIONAL or any(column.cell(s).rank is not None for s in summaries)
    ]
    return (CODEC, RATE, *shown)


def worst(clip_classes: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of the table of worst clips: what a mean over a class can hide."""
    return (CODEC, *(
        _worst_column(clip_class, field)
        for clip_class in clip_classes
        for field in ("snr_db", "pesq_wb", VISQOL_FIELD)
        if TABLE[field].applies_to(clip_class)
    ))  # fmt: skip


def _worst_column(clip_class: str, field: str) -> Column:
    metric = TABLE[field]
    return Column(
        f"{clip_class}.{field}.worst",
        f"{metric.heading} {clip_class}",
        "worst figure, its clip, median over clips",
        lambda s: _worst_cell(s.quality.get(clip_class, {}).get(field), metric.decimals),
        is_text=True,
    )
