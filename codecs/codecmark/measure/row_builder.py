"""Builders of rows: of a measured clip, and of a codec that could not be built."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codecmark.bitstream import frame
from codecmark.clip import AudioClip
from codecmark.codec import CodecInfo
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.errors import CodecmarkError, UnavailableError
from codecmark.measure.timing import Timed
from codecmark.metrics import rate
from codecmark.metrics.score import Scores
from codecmark.results.builder import RowBuilder
from codecmark.spec import Spec
from codecmark.system import host

_RATE_FIELDS = ("bitrate_kbps", "stream_bytes", "payload_bytes", "compression_ratio")


@dataclass(frozen=True)
class Failure:
    """What a call raised, in place of its output."""

    reason: str


@dataclass(frozen=True)
class ClipMeasurement:
    """One clip's calls and scores.

    Attributes
    ----------
    decoded : Timed or None
        None where it was not decoded in this run.
    peak_mib : float or Failure
        Peak memory of a process of the codec's own.
    first_call_s : Mapping
        How long the codec's first call of each phase took.
    """

    clip: PreparedClip
    encoded: Timed[bytes | Failure]
    decoded: Timed[AudioClip | Failure] | None
    scores: Scores
    peak_mib: float | Failure
    first_call_s: Mapping[str, float]


def for_clip(
    run_id: str, info: CodecInfo, condition: Condition, measured: ClipMeasurement
) -> RowBuilder:
    """Return the builder of a clip's row; what is not known stays empty, with a reason."""
    clip, scores = measured.clip, measured.scores
    audio = clip.audio
    builder = RowBuilder(
        run_id=run_id, spec=info.spec, family=info.family, condition=condition.name
    )
    builder.put(
        weights=info.weights.evidence,
        weights_sha256=info.weights.sha256,
        clip=clip.name,
        clip_sha256=audio.sha256(),
        clip_s=audio.duration_s,
        source=clip.source,
        clip_class=clip.clip_class,
        nominal_bitrate_kbps=info.nominal_kbps(audio.channels),
        pcm16_bytes=rate.pcm16_bytes(audio.n_samples, audio.channels),
        lag_samples=scores.lag_samples,
        visqol_mode=scores.visqol_mode,
        parameters=info.parameters,
        algorithmic_delay_ms=info.delay_ms(audio.sample_rate_hz),
        device=info.device,
        threads=condition.threads,
        backend=info.backend,
        dtype=info.dtype,
        host=host.host(),
        versions=host.versions(),
        **scores.values,
    )
    for name, reason in scores.reasons.items():
        builder.explain(reason, name)
    if info.algorithmic_delay_samples is None:
        builder.explain("the codec states none: not made for live use", "algorithmic_delay_ms")
    if info.parameters is None:
        builder.explain("the published files do not tell", "parameters")
    if info.weights.evidence == "published" and info.weights.note:
        builder.explain(info.weights.note, "weights")
    if clip.level_note:
        builder.note("level", clip.level_note)
    _put_outputs(builder, info, measured)
    _put_times(builder, "encode", measured.encoded, measured)
    _put_times(builder, "decode", measured.decoded, measured)
    if isinstance(measured.peak_mib, Failure):
        builder.explain(measured.peak_mib.reason, "peak_memory_mib")
    else:
        builder.put(peak_memory_mib=measured.peak_mib)
    return builder


def for_missing_codec(
    run_id: str, spec: str, condition: Condition, error: CodecmarkError
) -> RowBuilder:
    """Return the builder of the row of a codec that could not be built.

    Its status is unavailable, with the remedy, if something it needs is missing, else failed.
    """
    builder = RowBuilder(
        run_id=run_id, spec=spec, family=Spec.parse(spec).family, condition=condition.name
    )
    builder.put(host=host.host(), versions=host.versions())
    is_absent = isinstance(error, UnavailableError)
    return builder.lack(str(error)) if is_absent else builder.fail(str(error))


def _put_outputs(builder: RowBuilder, info: CodecInfo, measured: ClipMeasurement) -> None:
    """Sizes and digests of what the codec returned, or with what it failed."""
    stream = measured.encoded.output
    decoded = None if measured.decoded is None else measured.decoded.output
    for output in (stream, decoded):
        if isinstance(output, Failure):
            builder.fail(output.reason)
    if isinstance(decoded, AudioClip):
        builder.put(decoded_sha256=decoded.on_pcm16_grid().sha256())
    elif decoded is None:
        builder.explain("not decoded in this run", "decoded_sha256")
    if not isinstance(stream, bytes):
        return
    audio = measured.clip.audio
    builder.put(stream_sha256=hashlib.sha256(stream).hexdigest())
    untrained = info.weights.evidence == "random"
    if untrained and (info.entropy_coded or info.nominal_bitrate_kbps is None):
        # an entropy coder's rate depends on what it codes, and untrained values say nothing
        reason = f"variable rate: {measured.scores.reasons['snr_db']}"
        builder.explain(reason, *_RATE_FIELDS)
        return
    builder.put(
        stream_bytes=len(stream),
        payload_bytes=len(frame.unpack(info.spec, stream)[1]),
        bitrate_kbps=rate.bitrate_kbps(len(stream), audio.duration_s),
        compression_ratio=rate.compression_ratio(
            rate.pcm16_bytes(audio.n_samples, audio.channels), len(stream)
        ),
    )


def _put_times(
    builder: RowBuilder,
    phase: str,
    timed: Timed[bytes | Failure] | Timed[AudioClip | Failure] | None,
    measured: ClipMeasurement,
) -> None:
    builder.put(**{f"{phase}_first_call_s": measured.first_call_s.get(phase)})
    if timed is None or isinstance(timed.output, Failure) or not timed.seconds:
        has_failed = isinstance(measured.encoded.output, Failure) or (
            timed is not None and isinstance(timed.output, Failure)
        )
        reason = "the codec failed" if has_failed else "not timed in this run"
        builder.explain(reason, f"{phase}_s", f"{phase}_rtf")
        return
    median_s = statistics.median(timed.seconds)
    builder.put(
        **{
            f"{phase}_s": median_s,
            f"{phase}_rtf": rate.real_time_factor(median_s, measured.clip.audio.duration_s),
            f"{phase}_min_s": min(timed.seconds),
            f"{phase}_p95_s": float(np.quantile(timed.seconds, 0.95)),
            f"{phase}_rounds": len(timed.seconds),
        }
    )
