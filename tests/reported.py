"""A small results folder and its corpus, made for the tests of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from msgspec.structs import replace

from codecmark import catalog, corpus
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.results import store
from codecmark.results.row import ResultRow

HOSTILE = '"><script>alert(1)</script>.wav'
OPUS = ("opus@6k", "opus@9.2k", "opus@12k", "opus@16k")
VORBIS = ("vorbis@q0", "vorbis@q1", "vorbis@q3", "vorbis@q5")
UNTRAINED = "dac:44khz@8k"
NEEDS = "weights of descript/dac_44khz are not here; fetch them"


def make_corpus(folder: Path) -> Path:
    """Write a second of noise and of a tone; the first has the hostile name."""
    path = folder / "corpus" / "speech" / HOSTILE
    path.parent.mkdir(parents=True)
    rng = np.random.default_rng(7)
    soundfile.write(path, 0.1 * rng.standard_normal(16_000), 16_000)
    tone = folder / "corpus" / "music" / "tone.wav"
    tone.parent.mkdir()
    soundfile.write(tone, 0.3 * np.sin(2 * np.pi * 1_000 * np.arange(16_000) / 16_000), 16_000)
    return folder / "corpus"


def prepared(folder: Path) -> list[PreparedClip]:
    clips, _ = condition.prepare(corpus.load(folder), condition.named("16k-mono"))
    return clips


def rows(clips: list[PreparedClip]) -> list[ResultRow]:
    """Return made-up figures; sizes of Opus are those that it has."""
    found = []
    for rank, spec in enumerate((*OPUS, *VORBIS)):
        for clip in clips:
            stream_bytes = 1_000 * (rank % 4 + 1)
            if spec in OPUS:
                stream_bytes = len(catalog.create(spec).encode(clip.audio))
            found.append(row(spec, clip, stream_bytes, rank % 4))
    for clip in clips[:1]:
        absent = dict.fromkeys(("snr_db", "visqol_mos_lqo", "pesq_wb", "lsd_db"))
        reasons = dict.fromkeys(("snr_db", "visqol_mos_lqo"), f"seeded random weights: {NEEDS}")
        measured = row(UNTRAINED, clip, 900, 0)
        found.append(replace(measured, weights="random", reasons=reasons, **absent))
    lacking = "lyra@6k <b>needs</b> weights; fetch them"
    found.append(
        ResultRow(
            run_id="r1", spec="lyra@6k", family="lyra", condition="16k-mono",
            status="unavailable", reason=lacking,
        )
    )  # fmt: skip
    return found


def row(spec: str, clip: PreparedClip, stream_bytes: int, step: int) -> ResultRow:
    speech = clip.clip_class == "speech"
    return ResultRow(
        run_id="r1", spec=spec, family=spec.partition("@")[0].partition(":")[0], weights="none",
        clip=clip.name, clip_sha256=clip.audio.sha256(), clip_s=1.0, source=clip.source,
        clip_class=clip.clip_class,  # type: ignore[arg-type]
        condition="16k-mono", status="ok", stream_bytes=stream_bytes,
        bitrate_kbps=8 * stream_bytes / 1000, pcm16_bytes=32_000, snr_db=6.0 + 3 * step,
        lsd_db=5.0 - step, visqol_mos_lqo=3.6 + 0.3 * step,
        pesq_wb=3.0 + step / 2 if speech else None,
        encode_s=0.01, decode_s=0.001 * (step + 1), encode_rtf=0.01, decode_rtf=0.001 * (step + 1),
        host="machine", device="cpu", threads=1, versions={"codecmark": "0"},
    )  # fmt: skip


def make_results(folder: Path) -> tuple[Path, Path]:
    """Return a results folder of one run, and the corpus that it measured."""
    where = make_corpus(folder)
    store.append(folder / "results", rows(prepared(where)))
    return folder / "results", where
