"""What is published of AudioLDM2's own VAE and HiFi-GAN, from stored rows, for the chain's page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from codecmark.corpus.published import built_in
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.replay.codec import FAMILY
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.system.markdown import table as markdown_table

CODEC = "audioldm2:48k/hifigan"
FOLDER = "published"  # of the published audio's rows, below the folder of results
_FIELDS = ("snr_db", "si_sdr_db", "pesq_wb", VISQOL_FIELD, "mel_distance_db")


def read(results: Path) -> list[ResultRow]:
    """Return the stored rows of published audio in a folder of results, none if there are none."""
    folder = results / FOLDER
    return store.read(folder, store.run_ids(folder)) if folder.is_dir() else []


def section(rows: Iterable[ResultRow]) -> list[str]:
    """Return the paragraphs on the decoded files of `CODEC`, none without a row of it.

    One row of the table is one published file under one condition: these are no means.
    """
    replayed = [row for row in rows if row.spec == f"{FAMILY}:{CODEC}" and row.status == "ok"]
    if not replayed:
        return []
    clips = sorted({row.clip or "" for row in replayed})
    sets = sorted({clip.partition("/")[0] for clip in clips})
    about = [
        f"`{published.repository}` ({published.about}; {published.codecs[CODEC].variant}). "
        f"{published.caution}"
        for published in (built_in().sets[name] for name in sets)
    ]
    number = "one pair" if len(clips) == 1 else f"{len(clips)} pairs"
    lines = [
        [row.clip or "", row.condition or "", *(_cell(row, name) for name in _FIELDS)]
        for row in sorted(replayed, key=lambda row: (row.clip or "", row.condition or ""))
    ]
    headings = ["clip", "condition", *(TABLE[name].heading for name in _FIELDS)]
    return [
        "## AudioLDM2's own VAE and HiFi-GAN, as published",
        f"All there is of real output of `{CODEC}` is {number} of an original and its decoded "
        f"version: {', '.join(f'`{clip}`' for clip in clips)}, from {' '.join(about)} Other clips "
        "than those above, so the figures cannot be compared with the table; and so few say how "
        "the chain can sound, not how it does on average.",
        markdown_table(headings, lines, numbers=len(_FIELDS)),
    ]


def _cell(row: ResultRow, name: str) -> str:
    value = getattr(row, name)
    return "-" if value is None else f"{value:.{TABLE[name].decimals}f}"
