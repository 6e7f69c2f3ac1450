"""A level sweep: the same speech at several levels, coded and scored; what the level alone decides.

Rows carry their distance to the condition's level in `level_db`, so a stored sweep is read like any
other rows, one level at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from codecmark import catalog
from codecmark.corpus.condition import Condition, PreparedClip, prepare
from codecmark.corpus.entry import CorpusClip
from codecmark.errors import InputError
from codecmark.measure import content_key
from codecmark.measure.codec_rows import CodecRows
from codecmark.measure.content_key import KeyedClip
from codecmark.measure.scoring import Scorer
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow

LEVELS_DBOV = (-16.0, -26.0, -36.0, -46.0)
SPECS = (
    "opus@12k", "opus@24k", "lyra@9.2k", "mel:16k-64/griffinlim-64", "lc3@32k", "mp3@48k",
    "aac@32k",
)  # fmt: skip


def level_db(level_dbov: float, condition: Condition) -> float | None:
    """Return the axis of a level: None is the condition's own."""
    own_dbov = condition.speech_dbov
    if own_dbov is None:
        raise InputError(f"condition: {condition.name} sets no level of speech")
    return level_dbov - own_dbov or None


def clips_by_level(
    entries: Sequence[CorpusClip], condition: Condition
) -> dict[float, list[PreparedClip]]:
    """Return the speech of a corpus, prepared at each level."""
    speech = [entry for entry in entries if entry.clip_class == "speech"]
    return {
        level: prepare(speech, replace(condition, speech_dbov=level))[0] for level in LEVELS_DBOV
    }


def measure(
    run_id: str,
    clips: dict[float, list[PreparedClip]],
    condition: Condition,
    stored: Sequence[ResultRow],
    setup: Setup,
) -> Iterator[list[ResultRow]]:
    """Yield the rows of each setting and level that `stored` lacks."""
    known = {row.key for row in stored if row.status == "ok"}
    with Scorer() as scorer:
        for spec in SPECS:
            first = next(iter(clips.values()))[0]
            codec = CodecRows(run_id, spec, first, condition, setup)
            shared_key = _codec_key(spec, condition, setup)
            for level, at_level in clips.items():
                offset_db = level_db(level, condition)
                keys = {clip.name: _key(shared_key, clip, offset_db) for clip in at_level}
                lacking = [clip for clip in at_level if keys[clip.name] not in known]
                if codec.error is not None or not lacking:
                    continue
                rows = codec.measure(lacking, None, scorer)
                yield [
                    msgspec.structs.replace(row, level_db=offset_db, key=keys[clip.name])
                    for row, clip in zip(rows, lacking, strict=True)
                ]


def _codec_key(spec: str, condition: Condition, setup: Setup) -> str:
    recording = setup.recording_afresh()
    catalog.create(spec, recording)
    weight_sets = ",".join(recording.weights.asked_names) or None
    return content_key.codec_key(spec, condition, weight_sets, recording)


def _key(codec_key: str, clip: PreparedClip, offset_db: float | None) -> str:
    return content_key.row_key(codec_key, KeyedClip.of(clip), level_db=offset_db)
