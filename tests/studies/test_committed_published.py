"""The committed rows of published audio against a first scoring of the same files."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from statistics import fmean

import pytest

from codecmark.corpus.published import built_in
from codecmark.results import store
from codecmark.results.row import ResultRow
from first_scoring import FIRST_SCORING
from places import COMMITTED

PUBLISHED = COMMITTED / "published"
# there the method differs, and `published_audio.md` says in what: clips cut to 10 s, shorter files
# judged where both are instead of padded with silence, and what is below 20 Hz removed
PESQ_OTHERWISE = {
    "audioldm2:48k/hifigan": 3.26, "encodec:24khz@24k": 3.72, "lyra@3.2k": 2.25,
}  # fmt: skip
SNR_AND_SI_SDR_OTHERWISE = {"opus@9k": (9.99, 9.57)}
NO_WAVEFORM_DB = -10  # an SI-SDR below says so, and by how much is chance


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
    expected_snr_db, expected_si_sdr_db = SNR_AND_SI_SDR_OTHERWISE.get(codec, (snr_db, si_sdr_db))
    with_level = [r.snr_db for r in found if r.snr_db is not None]
    assert fmean(with_level) == pytest.approx(expected_snr_db, abs=0.1)
    mean_db = fmean(r.si_sdr_db for r in found if r.si_sdr_db is not None)
    if expected_si_sdr_db < NO_WAVEFORM_DB:
        assert mean_db < NO_WAVEFORM_DB
    else:
        assert mean_db == pytest.approx(expected_si_sdr_db, abs=0.1)


def test_every_row_has_the_predictors_of_its_class() -> None:
    for row in rows():
        assert row.zimtohrli is not None, (row.spec, row.clip)
        if row.clip_class == "speech":
            assert row.distillmos is not None, (row.spec, row.clip)
            assert row.distillmos_reference is not None, (row.spec, row.clip)
