"""The committed rows of published audio against a first scoring of the same files."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from statistics import fmean

import pytest

from codecmark.corpus.published import built_in
from codecmark.results import store
from codecmark.results.row import ResultRow
from places import COMMITTED

PUBLISHED = COMMITTED / "published"
# speech: codec, pairs, PESQ-WB, SNR dB, SI-SDR dB; scored outside of this suite, means over pairs
FIRST_SCORING = [
    ("audiodec:24khz", 4, 2.05, -0.42, -11.98), ("audiodec:24khz-sym", 4, 1.89, -0.86, -16.12),
    ("audiodec:48khz", 1, 2.00, -0.17, -6.37), ("audiodec:48khz-sym", 1, 2.46, -2.09, -14.47),
    ("audioldm2:48k/hifigan", 1, 3.59, -1.87, -14.21), ("bigcodec", 6, 2.65, 3.18, 0.14),
    ("dac:16khz@1k", 6, 1.11, -0.28, -14.63), ("dac:16khz@4k", 6, 2.76, 6.70, 6.01),
    ("dac:16khz@6k", 6, 4.09, 13.77, 13.69), ("dac:24khz@24k", 5, 4.53, 17.10, 17.05),
    ("dac:44khz@8k", 5, 4.14, 14.51, 14.42), ("encodec:24khz@1.5k", 20, 1.58, 2.72, 0.24),
    ("encodec:24khz@12k", 3, 3.37, 6.73, 5.74), ("encodec:24khz@24k", 3, 3.68, 7.43, 6.59),
    ("encodec:24khz@3k", 11, 2.10, 5.14, 3.78), ("encodec:24khz@6k", 20, 2.78, 6.71, 5.83),
    ("evs@7.2k", 5, 3.19, 9.71, 9.29), ("hifigan:v1", 4, 3.47, -2.85, -20.09),
    ("lyra@3.2k", 8, 2.21, 5.62, 4.91), ("lyra@6k", 5, 2.88, 7.69, 7.20),
    ("mimi@0.55k", 7, 1.75, 2.21, -1.35), ("mimi@1.1k", 21, 2.31, 4.85, 2.91),
    ("opus@6k", 13, 2.42, 7.99, 7.21), ("opus@9k", 8, 3.09, 9.86, 9.43),
    ("semanticodec@0.68k", 4, 1.82, -2.35, -27.01), ("snac:24khz", 9, 2.17, 2.19, -0.51),
    ("speechtokenizer@4k", 15, 2.72, 4.77, 3.43), ("stable-codec@0.7k", 6, 2.35, 1.94, 7.44),
    ("wavtokenizer@0.5k", 7, 1.83, -2.71, -28.40), ("wavtokenizer@0.9k", 21, 2.39, 3.55, 1.57),
    ("xcodec2", 6, 2.17, 2.73, 0.56), ("xcodec:speech@0.5k", 1, 1.41, -2.40, -51.77),
]  # fmt: skip
# there the method differs, and `published_audio.md` says in what: clips cut to 10 s, and shorter
# files judged where both are instead of padded with silence
PESQ_OTHERWISE = {
    "audioldm2:48k/hifigan": 3.26, "encodec:24khz@24k": 3.72, "lyra@3.2k": 2.25,
}  # fmt: skip


@cache
def rows() -> list[ResultRow]:
    return store.read(PUBLISHED, store.run_ids(PUBLISHED))


@cache
def speech() -> dict[str, list[ResultRow]]:
    """The rows of speech at 16 kHz by codec; the listening set was no part of the first scoring."""
    found: dict[str, list[ResultRow]] = defaultdict(list)
    for row in rows():
        is_counted = row.family == "replay" and (row.condition, row.clip_class) == (
            "16k-mono", "speech",
        )  # fmt: skip
        if is_counted and not (row.clip or "").startswith("mushra-2024/"):
            found[row.spec.removeprefix("replay:")].append(row)
    return found


def test_every_decoded_file_has_a_row_with_quality_and_no_size() -> None:
    replayed = [r for r in rows() if r.family == "replay" and r.condition == "16k-mono"]
    manifest = built_in()
    assert len({(r.spec, r.clip) for r in replayed}) == len(replayed) == len(manifest.decoded)
    assert {r.status for r in replayed} == {"ok"}
    assert all(r.si_sdr_db is not None for r in replayed)
    unheard = [r for r in replayed if r.visqol_mos_lqo is None]
    assert {r.clip for r in unheard} == {"audiocodec-hub/121_121726_000000_000000"}  # 0.5 s
    assert all("too short" in r.reasons["visqol_mos_lqo"] for r in unheard)
    assert all(r.stream_bytes is None and r.encode_s is None for r in replayed)


def test_snr_is_refused_where_files_were_normalised_one_by_one() -> None:
    normalised = [
        row
        for row in rows()
        if row.family == "replay" and (row.clip or "").startswith("semanticodec/")
    ]
    assert len(normalised) == 34
    assert all(row.snr_db is None and "by itself" in row.reasons["snr_db"] for row in normalised)


@pytest.mark.parametrize(("codec", "pairs", "pesq", "snr_db", "si_sdr_db"), FIRST_SCORING)
def test_means_agree_with_the_first_scoring(
    codec: str, pairs: int, pesq: float, snr_db: float, si_sdr_db: float
) -> None:
    found = speech()[codec]
    assert len(found) == pairs
    expected = PESQ_OTHERWISE.get(codec, pesq)
    assert fmean(r.pesq_wb for r in found if r.pesq_wb is not None) == pytest.approx(
        expected, abs=0.03
    )
    with_level = [r.snr_db for r in found if r.snr_db is not None]
    assert fmean(with_level) == pytest.approx(snr_db, abs=0.1)
    assert fmean(r.si_sdr_db for r in found if r.si_sdr_db is not None) == pytest.approx(
        si_sdr_db, abs=0.1
    )
