"""What was measured of one clip as the row that is stored, and the row of a missing codec."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from codecmark.bitstream import frame
from codecmark.clip import AudioClip
from codecmark.codec import CodecInfo
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.errors import CodecmarkError, UnavailableError
from codecmark.measure.timing import Timed
from codecmark.metrics import rate
from codecmark.metrics.score import Scores
from codecmark.results.row import ResultRow
from codecmark.spec import Spec
from codecmark.system import host


@dataclass(frozen=True)
class Failure:
    """What a call raised, in place of its output."""

    reason: str


@dataclass(frozen=True)
class Measured:
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


def row_of(run_id: str, info: CodecInfo, condition: Condition, measured: Measured) -> ResultRow:
    """Return the row: what is not known stays empty, with a reason."""
    clip, encoded, decoded, scores = (
        measured.clip, measured.encoded, measured.decoded, measured.scores,
    )  # fmt: skip
    audio, untrained = clip.audio, info.weights.evidence == "random"
    row = ResultRow(
        run_id=run_id,
        spec=info.spec,
        family=info.family,
        weights=info.weights.evidence,
        weights_sha256=info.weights.sha256,
        clip=clip.name,
        clip_sha256=audio.sha256(),
        clip_s=audio.duration_s,
        source=clip.source,
        clip_class=clip.clip_class,
        condition=condition.name,
        status="ok",
        nominal_bitrate_kbps=info.nominal_kbps(audio.channels),
        pcm16_bytes=rate.pcm16_bytes(audio.n_samples, audio.channels),
        lag_samples=scores.lag_samples,
        visqol_mode=scores.visqol_mode,
        encode_first_call_s=measured.first_call_s.get("encode"),
        decode_first_call_s=measured.first_call_s.get("decode"),
        encode_rounds=len(encoded.seconds) or None,
        decode_rounds=(len(decoded.seconds) or None) if decoded else None,
        parameters=info.parameters,
        algorithmic_delay_ms=info.delay_ms(audio.sample_rate_hz),
        device=info.device,
        threads=condition.threads,
        backend=info.backend,
        dtype=info.dtype,
        host=host.host(),
        versions=host.versions(),
        reasons=dict(scores.reasons),
        **scores.values,  # type: ignore[arg-type]
    )
    for outcome in (encoded, decoded):
        if outcome is not None and isinstance(outcome.output, Failure):
            row.status, row.reason = "failed", outcome.output.reason
    if isinstance(encoded.output, bytes):
        row.stream_bytes = len(encoded.output)
        row.payload_bytes = len(frame.unpack(info.spec, encoded.output)[1])
        row.bitrate_kbps = rate.bitrate_kbps(row.stream_bytes, audio.duration_s)
        row.compression_ratio = rate.compression_ratio(row.pcm16_bytes or 0, row.stream_bytes)
        if untrained and (info.entropy_coded or info.nominal_bitrate_kbps is None):
            _withhold_rate(row)
    row.encode_s, row.encode_rtf = _median(row, "encode", encoded, audio.duration_s)
    row.decode_s, row.decode_rtf = _median(row, "decode", decoded, audio.duration_s)
    if isinstance(measured.peak_mib, Failure):
        row.reasons["peak_memory_mib"] = measured.peak_mib.reason
    else:
        row.peak_memory_mib = measured.peak_mib
    if info.weights.evidence == "published" and info.weights.note:
        row.reasons["weights"] = info.weights.note
    if row.algorithmic_delay_ms is None:
        row.reasons["algorithmic_delay_ms"] = "the codec states none: not made for live use"
    if info.parameters is None:
        row.reasons["parameters"] = "the published files do not tell"
    return row


def missing_row(run_id: str, spec: str, condition: Condition, error: CodecmarkError) -> ResultRow:
    """Return the row of a codec that could not be built, with the remedy in its reason.

    It is unavailable if something it needs is missing, and has failed otherwise.
    """
    return ResultRow(
        run_id=run_id,
        spec=spec,
        family=Spec.parse(spec).family,
        condition=condition.name,
        status="unavailable" if isinstance(error, UnavailableError) else "failed",
        reason=str(error),
        host=host.host(),
        versions=host.versions(),
    )


def _withhold_rate(row: ResultRow) -> None:
    """An entropy coder's rate depends on what it codes, and untrained values say nothing."""
    for name in ("bitrate_kbps", "stream_bytes", "payload_bytes", "compression_ratio"):
        setattr(row, name, None)
        row.reasons[name] = f"variable rate: {row.reasons['snr_db']}"


def _median(
    row: ResultRow, phase: str, timed: Timed[bytes | Failure] | Timed[AudioClip | Failure] | None,
    audio_s: float,
) -> tuple[float | None, float | None]:  # fmt: skip
    if timed is None or isinstance(timed.output, Failure) or not timed.seconds:
        reason = "the codec failed" if row.status == "failed" else "not timed in this run"
        row.reasons[f"{phase}_s"] = row.reasons[f"{phase}_rtf"] = reason
        return None, None
    seconds = statistics.median(timed.seconds)
    return seconds, rate.real_time_factor(seconds, audio_s)
