"""What can be heard on the page: a choice of codecs and clips, coded again for listening.

Rows hold no audio, so each codec codes each clip once more. Whether that is the stream that the
row measured is checked by the clip's digest and the stream's length, and said where it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import soundfile

from codecmark import catalog
from codecmark.analysis.summary import Summary
from codecmark.clip import AudioClip
from codecmark.corpus import CorpusClip, condition
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import CodecmarkError, InputError
from codecmark.metrics.table import VISQOL_FIELD
from codecmark.networks.setup import Setup
from codecmark.replay.codec import ReplayedCodec
from codecmark.results.row import ResultRow
from codecmark.review.judgement import Judged
from codecmark.spec import without_setting

CLIPS_A_CLASS = 2
# Opus at three rates, as it is used and, for runs without that, at constant bitrate
ANCHORS = tuple((f"opus@{kbps}k-vbr", f"opus@{kbps}k") for kbps in (6, 12, 24))
LOW_ANCHOR = "lowpass@3.5k"  # of MUSHRA tests: what a bad sound is
PASSING = 6
MOST = 12


@dataclass(frozen=True)
class Heard:
    """One clip as one codec returns it.

    Attributes
    ----------
    flac : bytes
        16 bits, at the condition's rate; empty if the codec failed.
    note : str
        Why there is nothing to hear, or how the stream differs from the measured one; empty where
        all is well.
    """

    spec: str
    flac: bytes
    note: str
    row: ResultRow | None


@dataclass(frozen=True)
class Listening:
    """A clip: the reference, and what the codecs make of it."""

    clip: PreparedClip
    flac: bytes
    heard: tuple[Heard, ...]


def default_specs(summaries: Sequence[Summary], judged: Judged | None) -> list[str]:
    """Return what is worth hearing first, of the codecs that were scored.

    The recommended one, of each codec the best setting that passes, what is in use today, Opus at
    three rates, of each learned codec the setting with the highest predicted quality, and MUSHRA's
    low anchor. None of a plug-in, whose code would run in this process: who wants to hear it asks.
    """
    scored = {
        summary.spec: summary
        for summary in summaries
        if summary.scored and not catalog.is_plugin(summary.rows[0].family)
    }
    passing: dict[str, str] = {}
    baseline: tuple[str, ...] = ()
    if judged is not None:
        baseline = judged.requirements.baseline
        for spec in (judged.recommended or "", *judged.candidates):
            if spec in scored and judged.candidates[spec].can_be_chosen:
                passing.setdefault(without_setting(spec), spec)
    best: dict[str, tuple[float, str]] = {}
    for spec, summary in scored.items():
        if summary.weights in {"published", "trained"}:
            family = summary.rows[0].family
            best[family] = max(best.get(family, (0.0, "")), (_predicted(summary), spec))
    anchors = [next((spec for spec in pair if spec in scored), "") for pair in ANCHORS]
    wanted = [*list(passing.values())[:PASSING], *baseline, *anchors]
    wanted += [spec for _, spec in best.values()]
    found = [spec for spec in dict.fromkeys(wanted) if spec in scored][: MOST - 1]
    return [*found, LOW_ANCHOR] if LOW_ANCHOR in scored else found


def default_clips(
    clips: Sequence[CorpusClip], rows: Iterable[ResultRow], a_class: int = CLIPS_A_CLASS
) -> list[CorpusClip]:
    """Return the first clips of each class that the rows know, each of another source if it can.

    Raises
    ------
    InputError
        If none of the clips is in the rows.
    """
    measured = {row.clip for row in rows}
    known = [clip for clip in clips if clip.name in measured]
    if not known:
        raise InputError("corpus: none of its clips is in these rows; name the corpus of the run")
    classes = dict.fromkeys(clip.clip_class for clip in known)
    chosen: list[CorpusClip] = []
    for name in classes:
        ours = [clip for clip in known if clip.clip_class == name]
        firsts = {clip.source: clip for clip in reversed(ours)}
        of_other_sources = [clip for clip in ours if firsts[clip.source] is clip]
        rest = [clip for clip in ours if firsts[clip.source] is not clip]
        chosen += [*of_other_sources, *rest][:a_class]
    return chosen


def listen(
    specs: Sequence[str],
    clips: Sequence[PreparedClip],
    rows: Sequence[ResultRow],
    setup: Setup,
) -> Iterator[tuple[str, dict[str, Heard] | str]]:
    """Code every clip with each codec; yield its spec, and by clip what came of it.

    In place of a codec that cannot be built, or has no trained weights, comes the reason.
    """
    by_key = {(row.spec, row.clip): row for row in rows}
    for spec in specs:
        try:
            codec = catalog.create(spec, setup)
        except CodecmarkError as error:
            yield spec, str(error)
            continue
        if codec.info.weights.evidence == "random":
            yield spec, codec.info.weights.note
            continue
        found = {}
        for clip in clips:
            row = by_key.get((codec.info.spec, clip.name))
            try:
                if isinstance(codec, ReplayedCodec):
                    decoded = codec.replay(clip, condition.named(rows[0].condition)).audio
                    note = "as it was published"
                else:
                    stream = codec.encode(clip.audio)
                    decoded = codec.decode(stream)
                    note = difference(row, clip, len(stream))
            except CodecmarkError as error:
                found[clip.name] = Heard(codec.info.spec, b"", f"failed: {error}", row)
            else:
                found[clip.name] = Heard(codec.info.spec, flac(decoded), note, row)
        yield spec, found


def difference(row: ResultRow | None, clip: PreparedClip, stream_bytes: int) -> str:
    """Say how what was coded now differs from what the row measured; empty if it does not."""
    if row is None or row.stream_bytes is None:
        return "heard only: the run has no figures of this codec on this clip"
    if row.clip_sha256 != clip.audio.sha256():
        return "not the clip that the run measured: its samples differ"
    if row.stream_bytes != stream_bytes:
        return (
            "not the stream that the run measured: "
            f"{stream_bytes:,} bytes now, {row.stream_bytes:,} then"
        )
    return ""


def flac(audio: AudioClip) -> bytes:
    """Return a 16-bit FLAC file; what exceeds full scale is clipped, as a player would."""
    file = BytesIO()
    soundfile.write(file, audio.pcm16().T, audio.sample_rate_hz, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def _predicted(summary: Summary) -> float:
    found = (q[VISQOL_FIELD].estimate for q in summary.quality.values() if VISQOL_FIELD in q)
    means = [one.mean for one in found if one is not None]
    return min(means, default=0.0)
