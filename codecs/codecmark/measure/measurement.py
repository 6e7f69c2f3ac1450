"""Measure one codec under one condition: the only place that times calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from codecmark.bitstream import frame
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.errors import CodecmarkError, MetricError
from codecmark.measure import decoding_worker, other_threads, row_builder, taken_over
from codecmark.measure.agreement import EagerReference
from codecmark.measure.calls import Calls
from codecmark.measure.decoding_worker import DecodingWorker
from codecmark.measure.memory import peak_memory_mib
from codecmark.measure.row_builder import ClipMeasurement, Failure
from codecmark.measure.scoring import Job, Scorer
from codecmark.measure.timing import Timed, Timer
from codecmark.measure.unseen_inputs import UnseenInputs
from codecmark.metrics.score import Scores
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.networks.setup import Setup
from codecmark.results.builder import RowBuilder
from codecmark.results.row import ResultRow


class Measurement:
    """Encode, decode and score `clips` with `codec`.

    A network without trained weights is run on the start of the first clip only, for speed,
    memory and rate; its quality is not computed. `setup` is what the codec was built with: its
    reference on eager and the process that measures its memory are given the same. `worker`
    decodes without having seen a clip: all that is scored and not timed, of the rest one clip, and
    all of a plug-in, see `unseen_inputs`.
    If another distribution's code takes part, `is_plugin`, scores are made apart from it. Unless
    `is_impaired`, rows of networks say what another number of threads would change.
    """

    def __init__(
        self,
        codec: Codec,
        clips: Sequence[PreparedClip],
        condition: Condition,
        setup: Setup,
        worker: DecodingWorker | None = None,
        *,
        is_impaired: bool = False,
        is_plugin: bool = False,
    ) -> None:
        self.codec = codec
        self.condition = condition
        self._is_plugin = is_plugin
        self.untrained = codec.info.weights.evidence == "random"
        self.clips = list(clips)
        if self.untrained:
            self.clips = [clips[0].cropped(condition.untrained_clip_s)]
        self._first = self.clips[0].audio
        self._encoded: list[Timed[bytes | Failure]] = []
        self._decoded: list[Timed[AudioClip | Failure]] = []
        self._setup = setup
        self._reference = EagerReference(codec, setup)
        self._calls = Calls(codec, condition)
        self._unseen: UnseenInputs | None = None
        if worker is not None and worker.is_plugin:
            self._unseen = UnseenInputs(codec, self._calls, worker)
        self._worker = None if self.untrained and self._unseen is None else worker
        self._peak: float | Failure | None = None
        on_threads = codec.info.backend != "native" and codec.info.device == "cpu"
        self._on_other_threads = None if on_threads and not is_impaired else ""

    def sign_of_life(self, sign: Callable[[], None]) -> None:
        """Have `sign` called before every call of the codec, those that are not timed included."""
        self._calls.sign = sign

    def take(self, clips: Sequence[PreparedClip]) -> None:
        """Go on with other clips; the warm-up has been done and the peak memory is known."""
        if not self.untrained:
            self.clips = list(clips)
        self._encoded, self._decoded = [], []

    def encode(self, timer: Timer | None = None) -> None:
        """Encode every clip; without a timer only to have the streams."""
        audio = [clip.audio for clip in self.clips]
        if timer is not None and self._unseen is not None:
            self._encoded = self._unseen.encode(audio, timer)
            return
        returned = self._calls.run("encode", self.codec.encode, audio, timer)
        self._encoded = taken_over.streams(returned, self.codec.info.spec)

    def decode(self, timer: Timer | None = None) -> None:
        """Decode what `encode` returned, encoding first if that has not been done."""
        if not self._encoded:
            self.encode()
        streams = [self._within_limits(timed.output) for timed in self._encoded]
        sent = [
            (clip.audio, stream)
            for clip, stream in zip(self.clips, streams, strict=False)
            if isinstance(stream, bytes)
        ]
        run = self._decoded_streams(sent, timer) if sent else []
        decoded = iter(run)
        self._decoded = [
            next(decoded, Timed(Failure("not reached"), ()))
            if isinstance(stream, bytes)
            else Timed(stream, ())
            for stream in streams
        ]

    def _decoded_streams(
        self, sent: Sequence[tuple[AudioClip, bytes]], timer: Timer | None
    ) -> list[Timed[AudioClip | Failure]]:
        """Decode streams, given with the clips that they are of."""
        if timer is not None and self._unseen is not None and self._worker is not None:
            run = self._unseen.decode(sent, timer)
            self._check_threads(self._worker)
            self._worker.forget()
            return run
        spec, streams = self.codec.info.spec, [stream for _, stream in sent]
        lengths = []
        if self.codec.execution.compiles_each_length:  # of decoders, encoders are as on eager
            lengths = [frame.unpack(spec, stream)[0] for stream in streams]
        call = self.codec.decode
        if timer is None and self._worker is not None:
            call = self._worker.decode
        returned = self._calls.run("decode", call, streams, timer, lengths)
        run = taken_over.clips(returned, spec, [clip for clip, _ in sent])
        if self._worker is not None:
            self._check_threads(self._worker)
            if timer is not None:
                self._calls.sign()
                why = decoding_worker.disagreement([t.output for t in run], streams, self._worker)
                run = [Timed(Failure(f"decode: {why}"), ()) for _ in run] if why else run
                self._worker.forget()
        return run

    def _check_threads(self, worker: DecodingWorker) -> None:
        """Find out once, on the start of the first clip, what another number of threads changes."""
        if self._on_other_threads is None:
            clip = self._first
            if not self.codec.execution.compiles_each_length:
                clip = clip.cropped(self.condition.untrained_clip_s)
            self._on_other_threads = other_threads.difference(
                self.codec, worker, clip, self.condition.threads, self._calls.sign
            )

    def _within_limits(self, stream: bytes | Failure) -> bytes | Failure:
        """Return the stream, or why it is not decoded: it claims more than any clip here has."""
        if isinstance(stream, Failure):
            return stream
        try:
            header, _ = frame.unpack(self.codec.info.spec, stream, strict=False)
            self.condition.decode_limits.require(header)
        except CodecmarkError as error:
            return Failure(f"decode: {error}")
        return stream

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
        return [builder.finish() for builder in self.row_builders(run_id, scorer, memory=memory)]

    def row_builders(self, run_id: str, scorer: Scorer, *, memory: bool = True) -> list[RowBuilder]:
        """Return the builders of the rows, for a caller that has fields to add."""
        scores, peak = self._scores_and_peak(scorer, memory)
        builders = []
        for index, encoded in enumerate(self._encoded):
            decoded = self._decoded[index] if self._decoded else None
            scored = next(scores) if self._is_scored(decoded) else self._unscored(decoded)
            measured = ClipMeasurement(
                self.clips[index], encoded, decoded, scored, peak, self._calls.first_call_s
            )
            builder = row_builder.for_clip(run_id, self.codec.info, self.condition, measured)
            self._compare(builder, encoded.output, decoded.output if decoded else None)
            if self._on_other_threads:
                builder.note(other_threads.NOTE, self._on_other_threads)
            builders.append(builder)
        if self._calls.are_timed:  # a second network would be in memory while others are timed
            self._reference.forget()
        return builders

    def _is_scored(self, decoded: Timed[AudioClip | Failure] | None) -> bool:
        return not self.untrained and decoded is not None and isinstance(decoded.output, AudioClip)

    def _scores_and_peak(
        self, scorer: Scorer, memory: bool
    ) -> tuple[Iterator[Scores], float | Failure]:
        """Score while a process of its own has its memory measured: neither is timed."""
        if not memory:
            return iter(self._scores(scorer)), Failure("not measured in this run")
        with ThreadPoolExecutor(1) as beside:
            peak = beside.submit(self._peak_memory)
            scores = self._scores(scorer)
            return iter(scores), peak.result()

    def _scores(self, scorer: Scorer) -> list[Scores]:
        jobs = [
            Job(
                clip.audio.samples,
                timed.output.samples,
                clip.audio.sample_rate_hz,
                clip.clip_class,
                self._setup.weights,
                self.condition.predictors,
            )
            for clip, timed in zip(self.clips, self._decoded, strict=False)
            if self._is_scored(timed) and isinstance(timed.output, AudioClip)
        ]
        return scorer.score(jobs, apart=self._is_plugin)

    def _unscored(self, decoded: Timed[AudioClip | Failure] | None) -> Scores:
        if self.untrained:
            reason = self.codec.info.weights.note
        elif decoded is None:
            reason = "not decoded in this run"
        else:
            reason = "the codec failed"
        return Scores(reasons=dict.fromkeys(QUALITY_FIELDS, reason))

    def _compare(self, builder: RowBuilder, stream: object, decoded: object) -> None:
        """Record how closely the output agrees with that of the same codec on eager."""
        if not self.codec.execution.changes_the_network or not isinstance(stream, bytes):
            return
        if not isinstance(decoded, AudioClip):
            builder.explain("not decoded in this run", "agreement_db")
            return
        try:
            builder.put(agreement_db=self._reference.agreement_db(stream, decoded))
        except CodecmarkError as error:
            builder.explain(str(error), "agreement_db")

    def _peak_memory(self) -> float | Failure:
        if self._peak is None:
            try:
                self._peak = peak_memory_mib(self.codec.info.spec, self._first, self._setup)
            except MetricError as error:
                self._peak = Failure(str(error))
        return self._peak
