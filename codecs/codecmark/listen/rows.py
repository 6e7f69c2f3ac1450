"""Ratings as rows: of each clip and codec the mean, who was asked, how, and by which plan.

Where the run measured the codec on that very clip, its row is written again with the ratings;
otherwise the row holds what is known from making the stimulus.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from msgspec.structs import replace

from codecmark.corpus.condition import named
from codecmark.errors import InputError
from codecmark.listen.design import Design, KeyEntry
from codecmark.listen.ratings import FIELDS, ListeningSet
from codecmark.listen.statistics import mean_of
from codecmark.results.builder import RowBuilder
from codecmark.results.row import ResultRow
from codecmark.spec import Spec

NOT_RUN = "heard only: this run did not measure the codec on this clip"


def rows_of(
    design: Design, listening: ListeningSet, stored: Iterable[ResultRow], run_id: str
) -> list[ResultRow]:
    """Return a row for each codec and clip that was rated, references and anchors by role left out.

    A low-pass anchor is a codec of the catalog and has a row; the hidden reference is none.

    Raises
    ------
    InputError
        If the key is not that of a test of codecs, so that no leaderboard could read the rows.
    """
    by_clip = {
        (row.spec, row.clip_sha256): row
        for row in stored
        if row.condition == design.key.condition and row.status == "ok" and row.clip_sha256
    }
    entries = {(e.clip, e.system): e for e in design.key.stimuli.values()}
    cube = listening.cube()
    try:
        named(design.key.condition)
    except InputError as error:
        raise InputError(f"key.json: {error}; no row can be of it") from error
    sources = [listening.sources[clip] for clip in listening.clips]
    rows = []
    for at, system in enumerate(listening.systems):
        table = cube[:, :, at]
        if np.isnan(table).all():
            continue
        listener_se = mean_of(table, sources).listener_se
        for number, clip in enumerate(listening.clips):
            votes = table[:, number][~np.isnan(table[:, number])]
            entry = entries.get((clip, system))
            if entry is None or entry.role == "reference" or not len(votes):
                continue
            _check(entry)
            row = by_clip.get((system, entry.clip_sha256)) or _bare(design, entry, run_id)
            given: Mapping[str, object] = {
                FIELDS[listening.method]: round(float(votes.mean()), 4),
                "listeners": len(votes), "ratings": len(votes), "listener_se": listener_se,
                "listening_method": listening.method,
                "listening_plan_sha256": listening.plan_sha256,
            }  # fmt: skip
            rows.append(replace(row, run_id=run_id, **given))
    return rows


def _check(entry: KeyEntry) -> None:
    try:
        Spec.parse(entry.system)
    except InputError as error:
        raise InputError(f"key.json: system: {error}; no row can be of it") from error
    if min(entry.clip_s, entry.pcm16_bytes, entry.stream_bytes) <= 0:
        raise InputError(
            f"key.json: {entry.system} on {entry.clip}: clip_s, pcm16_bytes and stream_bytes have "
            "to be above 0; plan the test anew"
        )


def _bare(design: Design, entry: KeyEntry, run_id: str) -> ResultRow:
    builder = RowBuilder(
        run_id=run_id, spec=entry.system, family=entry.family, condition=design.key.condition
    )
    builder.put(
        weights=entry.weights, clip=entry.clip, clip_sha256=entry.clip_sha256,
        clip_s=entry.clip_s, source=entry.source, clip_class=entry.clip_class,
        stream_bytes=entry.stream_bytes, pcm16_bytes=entry.pcm16_bytes,
        bitrate_kbps=8 * entry.stream_bytes / entry.clip_s / 1000,
        compression_ratio=entry.pcm16_bytes / entry.stream_bytes,
    )  # fmt: skip
    lacking = [name for name in ResultRow.__struct_fields__ if name in _MEASURED]
    return builder.explain(NOT_RUN, *lacking).finish()


_MEASURED = (
    "snr_db", "snr_raw_db", "si_sdr_db", "segmental_snr_db", "correlation", "lsd_db",
    "mel_distance_db", "mrstft_distance", "pesq_wb", "estoi", "visqol_mos_lqo", "encode_s",
    "decode_s", "peak_memory_mib",
)  # fmt: skip
