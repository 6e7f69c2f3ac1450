"""The diagnosis of a mel chain as a Markdown page and a figure of spectrograms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from codecmark.clip import Samples
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.results.row import ResultRow
from codecmark.studies import chain_published
from codecmark.studies.chain import USERS_FIGURES, Stage, reading, summary
from codecmark.system import plotting
from codecmark.system.markdown import table as markdown_table

COLUMNS = (
    *((name, TABLE[name].heading, TABLE[name].decimals) for name in ("snr_db", "si_sdr_db")),
    ("correlation", "correlation", 2),
    *(
        (name, TABLE[name].heading, TABLE[name].decimals)
        for name in ("pesq_wb", VISQOL_FIELD, "mel_distance_db")
    ),
    ("waveform_retention", "waveform kept %", 0),
    ("quality_retention", "quality kept %", 0),
)
_RANGE_DB = 80.0
_BESIDE = (
    "Reported were SNR -0.45 to -1.51 dB, correlation about 0, and a retention of {reported}, "
    "with Griffin-Lim blamed for the loss. Above, too, SNR is below 0 dB and the output "
    "uncorrelated with the input, but no chain here is within the reported range: those of the "
    "table are 1 dB or more below it. The blame is not reproduced: from true magnitudes the same "
    "phase retrieval keeps most of the quality and none of the waveform, like every method that "
    "invents the phase, a trained HiFi-GAN included. What costs quality is an invented phase on "
    "top of magnitudes that came back from a mel; either alone costs much less. SNR asks for the "
    "phase, quality for either."
)


def table(clips: Sequence[Sequence[Stage]]) -> tuple[list[str], list[list[str]]]:
    """Return headings and one row per stage: means over clips, or `-` if not measured."""
    value = summary(clips)
    rows = []
    for stage in clips[0]:
        cells = []
        for field, _, digits in COLUMNS:
            mean = value(stage.name, field)
            if mean is None:
                exact = stage.scores is not None and stage.scores.reasons.get(field, "")
                cells.append("exact" if str(exact).startswith("infinite") else "-")
            else:
                cells.append(f"{mean:.{digits}f}")
        rows.append([stage.name, *cells])
    return ["stage", *(heading for _, heading, _ in COLUMNS)], rows


def missing(clips: Sequence[Sequence[Stage]]) -> list[str]:
    """Return the stages that could not be measured, with the reasons."""
    return [f"{stage.name}: {stage.reason}" for stage in clips[0] if stage.scores is None]


def markdown(
    names: Sequence[str],
    clips: Sequence[Sequence[Stage]],
    chain: str,
    published: Sequence[ResultRow] = (),
) -> str:
    """Return the page, which depends on the figures and on the rows of published audio only."""
    headings, rows = table(clips)
    reported = ", ".join(f"{name} {share} %" for name, share in USERS_FIGURES.items())
    parts = [
        "# Where the mel chain loses the signal",
        f"Chain `{chain}`; means over {len(clips)} clips of speech: {', '.join(names)}. Made by "
        "`codecmark diagnose`.",
        markdown_table(headings, rows, numbers=len(headings) - 1),
        "*Waveform kept* is correlation squared, *quality kept* is PESQ-WB's place in its range of "
        "1 to 4.64. Each stage is exchanged for the truth in turn; `original` is the transform and "
        "its inverse alone.",
        "## Reading",
        "\n".join(f"- {line}" for line in reading(clips)),
        *chain_published.section(published),
        "## Beside the figures that started this",
        _BESIDE.format(reported=reported),
        "'316 vs 80' was a mel of 80 bands and 316 frames in a network that takes its bands last: "
        "a missing transpose, and a mel of another format besides (hop, band limits, logarithm). "
        "codecmark refuses both by name.",
        "'2:1' counts elements: 16 mel values for 8 latent values. In bytes against 16-bit PCM the "
        "same latent is 2.5:1 as float32, 5:1 as float16 and 10:1 as int8.",
    ]
    absent = missing(clips)
    if absent:
        parts += ["## Not measured", "\n".join(f"- {line}" for line in absent)]
    return "\n\n".join(parts) + "\n"


def as_json(names: Sequence[str], clips: Sequence[Sequence[Stage]], chain: str) -> str:
    """Return the page's table and lists as JSON, for the report."""
    headings, rows = table(clips)
    record = {
        "chain": chain,
        "clips": list(names),
        "headings": headings,
        "stages": rows,
        "reading": reading(clips),
        "missing": missing(clips),
    }
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def figure(stages: Sequence[Stage], sample_rate_hz: int, path: Path) -> None:
    """Draw the spectrograms of all measured stages on one scale.

    Raises
    ------
    UnavailableError
        If matplotlib is not installed.
    """
    drawn = [stage for stage in stages if stage.output is not None and stage.output.any()]
    levels = [_level_db(stage.output) for stage in drawn if stage.output is not None]
    top = max(float(level.max()) for level in levels)
    sheet = plotting.sheet(10, 1.9 * len(drawn) + 0.6)
    axes: Any = sheet.subplots(len(drawn), 1, sharex=True, squeeze=False)[:, 0]
    for axis, stage, level in zip(axes, drawn, levels, strict=True):
        seconds = level.shape[1] * 160 / 16_000
        image = axis.imshow(
            level, origin="lower", aspect="auto", cmap="magma", vmin=top - _RANGE_DB, vmax=top,
            extent=(0, seconds, 0, sample_rate_hz / 2000),
        )  # fmt: skip
        snr, pesq = stage.value("snr_db"), stage.value("pesq_wb")
        scores = [
            "SNR exact" if snr is None or snr > 60 else f"SNR {snr:.1f} dB",
            "" if pesq is None else f"PESQ {pesq:.2f}",
        ]
        axis.set_title(
            f"{stage.name}   ({', '.join(filter(None, scores))})", fontsize=9, loc="left"
        )
        axis.set_ylabel("kHz", fontsize=8)
        axis.tick_params(labelsize=7)
    axes[-1].set_xlabel("seconds", fontsize=8)
    bar = sheet.colorbar(image, ax=list(axes), shrink=0.6, pad=0.01)
    bar.set_label("dB, one scale for all", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.savefig(path, dpi=80)


def _level_db(samples: Samples) -> np.ndarray[Any, np.dtype[np.float64]]:
    from scipy.signal import stft

    magnitude = np.abs(stft(samples[0].astype(float), nperseg=512, noverlap=352)[2])
    levels: np.ndarray[Any, np.dtype[np.float64]] = 20 * np.log10(np.maximum(magnitude, 1e-7))
    return levels
