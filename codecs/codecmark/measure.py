"""Measure one codec under one condition: the one place that times, and the one that fills rows."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

from codecmark import bitstream, environment, threads
from codecmark.agreement import Comparison
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.condition import Condition, PreparedClip
from codecmark.errors import CodecmarkError, MetricError, UnavailableError
from codecmark.memory import peak_memory_mib
from codecmark.metrics import rate
from codecmark.metrics.table import QUALITY_FIELDS, Scores
from codecmark.result import ResultRow
from codecmark.scoring import Job, Scorer
from codecmark.spec import Spec
from codecmark.timing import Timed, Timer, perf_counter_timer, warming

Input = TypeVar("Input")
Output = TypeVar("Output")
_LENGTHS_WARM = 4  # a backend keeps what it compiled for more, see `exporters`


@dataclass(frozen=True)
class Failure:
    """What a call raised, in place of its output."""

    reason: str


class Measurement:
    """Encode, decode and score `clips` with `codec`.

    A network without trained weights is run on the start of the first clip only, for speed,
    memory and rate; its quality is not computed.
    """

    def __init__(self, codec: Codec, clips: Sequence[PreparedClip], condition: Condition) -> None:
        self.codec = codec
        self.condition = condition
        self.untrained = codec.info.weights.evidence == "random"
        self.clips = list(clips)
        if self.untrained:
            self.clips = [clips[0].cropped(condition.untrained_clip_s)]
        self._first = self.clips[0].audio
        self._encoded: list[Timed[bytes | Failure]] = []
        self._decoded: list[Timed[AudioClip | Failure]] = []
        self._comparison = Comparison(codec)
        self._warmed: deque[Hashable] = deque(maxlen=_LENGTHS_WARM)
        self._first_call_s: dict[str, float] = {}
        self._rounds: dict[str, int] = {}
        self._peak: float | Failure | None = None

    def take(self, clips: Sequence[PreparedClip]) -> None:
        """Go on with other clips; the warm-up has been done and the peak memory is known."""
        if not self.untrained:
            self.clips = list(clips)
        self._encoded, self._decoded = [], []

    def encode(self, timer: Timer | None = None) -> None:
        """Encode every clip; without a timer only to have the streams."""
        audio = [clip.audio for clip in self.clips]
        self._encoded = self._run("encode", self.codec.encode, audio, timer)

    def decode(self, timer: Timer | None = None) -> None:
        """Decode what `encode` returned, encoding first if that has not been done."""
        if not self._encoded:
            self.encode()
        streams = [timed.output for timed in self._encoded]
        usable = [stream for stream in streams if isinstance(stream, bytes)]
        lengths = []
        if self.codec.execution.compiles_each_length:  # of decoders, encoders are as on eager
            lengths = [bitstream.unpack(self.codec.info.spec, stream)[0] for stream in usable]
        run = self._run("decode", self.codec.decode, usable, timer, lengths) if usable else []
        decoded = iter(run)
        self._decoded = [
            next(decoded, Timed(Failure("not reached"), ()))
            if isinstance(stream, bytes)
            else Timed(stream, ())
            for stream in streams
        ]

    def failures(self) -> list[str]:
        """Return what went wrong, clip by clip."""
        outcomes: Sequence[Timed[Any]] = self._decoded or self._encoded
        return [
            f"{clip.name}: {timed.output.reason}"
            for clip, timed in zip(self.clips, outcomes, strict=False)
            if isinstance(timed.output, Failure)
        ]

    def rows(self, run_id: str, scorer: Scorer, *, memory: bool = True) -> list[ResultRow]:
        """Return a row for each clip that was encoded or decoded."""
        scores = iter(self._scores(scorer))
        peak = self._peak_memory() if memory else Failure("not measured in this run")
        rows = []
        for index, encoded in enumerate(self._encoded):
            decoded = self._decoded[index] if self._decoded else None
            scored = next(scores) if self._is_scored(decoded) else self._unscored(decoded)
            row = self._row(run_id, self.clips[index], encoded, decoded, scored, peak)
            self._compare(row, encoded.output, decoded.output if decoded else None)
            rows.append(row)
        if self._rounds:  # a second network would be in memory while the next clips are timed
            self._comparison.forget()
        return rows

    def _run(
        self,
        phase: str,
        call: Callable[[Input], Output],
        inputs: Sequence[Input],
        timer: Timer | None,
        lengths: Sequence[Hashable] = (),
    ) -> list[Timed[Output | Failure]]:
        def guarded(item: Input) -> Output | Failure:
            try:
                return call(item)
            except CodecmarkError as error:
                return Failure(f"{phase}: {error}")

        threads.limit(self.condition.threads)  # again: the codec may have loaded a library
        if timer is None:
            run = perf_counter_timer(guarded, inputs, before=self.codec.reset, rounds=1)
            return [Timed(timed.output, ()) for timed in run]
        if phase not in self._rounds:
            self._warm_up(phase, lambda: guarded(inputs[0]))
            self._warmed.extend(lengths[:1])
        before = self.codec.reset
        if lengths:
            before = warming(guarded, inputs, lengths, self._warmed, before=before)
        return timer(guarded, inputs, before=before, rounds=self._rounds[phase])

    def _warm_up(self, phase: str, call: Callable[[], Any]) -> None:
        """Time the first call as a user meets it, and settle the rounds by it."""
        self.codec.reset()
        start = perf_counter()
        call()
        usual = self._first_call_s[phase] = perf_counter() - start
        if usual > self.condition.slow_call_s:  # or was it only cold?
            self.codec.reset()
            start = perf_counter()
            call()
            usual = perf_counter() - start
        self._rounds[phase] = 1 if usual > self.condition.slow_call_s else self.condition.rounds

    def _is_scored(self, decoded: Timed[AudioClip | Failure] | None) -> bool:
        return not self.untrained and decoded is not None and isinstance(decoded.output, AudioClip)

    def _scores(self, scorer: Scorer) -> list[Scores]:
        jobs = [
            Job(
                clip.audio.samples, timed.output.samples, clip.audio.sample_rate_hz, clip.clip_class
            )
            for clip, timed in zip(self.clips, self._decoded, strict=False)
            if self._is_scored(timed) and isinstance(timed.output, AudioClip)
        ]
        return scorer.score(jobs)

    def _unscored(self, decoded: Timed[AudioClip | Failure] | None) -> Scores:
        if self.untrained:
            reason = self.codec.info.weights.note
        elif decoded is None:
            reason = "not decoded in this run"
        else:
            reason = "the codec failed"
        return Scores(reasons=dict.fromkeys(QUALITY_FIELDS, reason))

    def _compare(self, row: ResultRow, stream: object, decoded: object) -> None:
        """Say how near the output comes to that of the same codec on eager."""
        if not self.codec.execution.changes_the_network or not isinstance(stream, bytes):
            return
        if not isinstance(decoded, AudioClip):
            row.reasons["agreement_db"] = "not decoded in this run"
            return
        try:
            row.agreement_db = self._comparison.db(stream, decoded)
        except CodecmarkError as error:
            row.reasons["agreement_db"] = str(error)

    def _peak_memory(self) -> float | Failure:
        if self._peak is None:
            try:
                self._peak = peak_memory_mib(self.codec.info.spec, self._first)
            except MetricError as error:
                self._peak = Failure(str(error))
        return self._peak

    def _row(
        self,
        run_id: str,
        clip: PreparedClip,
        encoded: Timed[bytes | Failure],
        decoded: Timed[AudioClip | Failure] | None,
        scores: Scores,
        peak: float | Failure,
    ) -> ResultRow:
        info, audio = self.codec.info, clip.audio
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
            condition=self.condition.name,
            status="ok",
            nominal_bitrate_kbps=info.nominal_kbps(audio.channels),
            pcm16_bytes=rate.pcm16_bytes(audio.n_samples, audio.channels),
            lag_samples=scores.lag_samples,
            visqol_mode=scores.visqol_mode,
            encode_first_call_s=self._first_call_s.get("encode"),
            decode_first_call_s=self._first_call_s.get("decode"),
            encode_rounds=len(encoded.seconds) or None,
            decode_rounds=(len(decoded.seconds) or None) if decoded else None,
            parameters=info.parameters,
            algorithmic_delay_ms=info.delay_ms(audio.sample_rate_hz),
            device=info.device,
            threads=self.condition.threads,
            backend=info.backend,
            dtype=info.dtype,
            host=environment.host(),
            versions=environment.versions(),
            reasons=dict(scores.reasons),
            **scores.values,  # type: ignore[arg-type]
        )
        for outcome in (encoded, decoded):
            if outcome is not None and isinstance(outcome.output, Failure):
                row.status, row.reason = "failed", outcome.output.reason
        if isinstance(encoded.output, bytes):
            row.stream_bytes = len(encoded.output)
            row.payload_bytes = len(bitstream.unpack(info.spec, encoded.output)[1])
            row.bitrate_kbps = rate.bitrate_kbps(row.stream_bytes, audio.duration_s)
            row.compression_ratio = rate.compression_ratio(row.pcm16_bytes or 0, row.stream_bytes)
            if self.untrained and (info.entropy_coded or info.nominal_bitrate_kbps is None):
                _withhold_rate(row)
        row.encode_s, row.encode_rtf = _median(row, "encode", encoded, audio.duration_s)
        row.decode_s, row.decode_rtf = _median(row, "decode", decoded, audio.duration_s)
        if isinstance(peak, Failure):
            row.reasons["peak_memory_mib"] = peak.reason
        else:
            row.peak_memory_mib = peak
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
        host=environment.host(),
        versions=environment.versions(),
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
