"""The one path to a row: a codec built from its spec, measured on clips, gives finished rows.

`codecmark run` with any of its engines, pytest and the studies all use it. They differ only in the
timer that they pass, so their rows have the same keys and any of them can finish another's run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from codecmark import catalog
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.errors import CodecError, CodecmarkError
from codecmark.measure import content_key, plugin_code, row_builder
from codecmark.measure.decoded_files import clip_fields
from codecmark.measure.decoding_worker import DecodingWorker
from codecmark.measure.impairments import keys
from codecmark.measure.impairments.impaired import ImpairedCodec
from codecmark.measure.impairments.treatment import UNTREATED, Treatment
from codecmark.measure.measurement import Measurement
from codecmark.measure.replayed import ReplayedMeasurement, measurement_of
from codecmark.measure.scoring import Scorer
from codecmark.measure.time_probe import probe_s
from codecmark.measure.timing import Timer
from codecmark.networks.setup import Setup
from codecmark.results.builder import RowBuilder
from codecmark.results.row import TIME_PROBE, ResultRow
from codecmark.spec import Spec
from codecmark.system import threads


class CodecRows:
    """One codec, and the rows that measuring it gives.

    Parameters
    ----------
    run_id : str
    spec : str
        As the user wrote it; rows carry the codec's own form of it.
    first : PreparedClip
        What the codec is warmed up with; a network without trained weights is measured on the
        start of this one only.
    condition : Condition
    setup : Setup
        Where weights are, and the device of a codec whose spec names none.
    treatment : Treatment
        What the clips go through beside the codec; clips are given as the condition presents them.

    Attributes
    ----------
    error : CodecmarkError or None
        Why the codec could not be built, which its one row says.
    """

    def __init__(
        self,
        run_id: str,
        spec: str,
        first: PreparedClip,
        condition: Condition,
        setup: Setup,
        treatment: Treatment = UNTREATED,
    ) -> None:
        self.run_id = run_id
        self.spec = spec
        self.error: CodecmarkError | None = None
        self._condition = condition
        self._treatment = treatment
        self._impaired: ImpairedCodec | None = None
        self._clips = [first]
        self._measurement: Measurement | None = None
        self._probes_s: list[float] = []
        self._start = perf_counter()
        threads.limit(condition.threads)
        self._setup = setup.recording_afresh()
        try:
            codec = catalog.create(spec, self._setup)
            is_plugin = treatment.has_plugin(codec.info.spec)
            worker: DecodingWorker | None = None
            if not treatment.needs_packets:  # what happens to packets, happens in this process
                worker = DecodingWorker(
                    codec, setup, condition.threads, condition.decode_limits, is_plugin=is_plugin
                )
            if treatment:
                codec = self._impaired = ImpairedCodec(codec, treatment, self._setup)
            clips = [treatment.changed(first)]
            self._measurement = measurement_of(
                codec, clips, condition, self._setup, worker,
                is_impaired=bool(treatment), is_plugin=is_plugin,
            )  # fmt: skip
        except CodecmarkError as error:
            self.error = error
        self._weight_sets = ",".join(self._setup.weights.asked_names) or None

    @property
    def is_settled(self) -> bool:
        """Whether one row is all that it gets: it could not be built, or has no trained weights."""
        return self._measurement is None or self._measurement.untrained

    @property
    def is_replayed(self) -> bool:
        """Whether there is only published audio, and nothing to time."""
        return isinstance(self._measurement, ReplayedMeasurement)

    @property
    def canonical_spec(self) -> str:
        """The codec's own form of its spec: `opus@24k` for `opus@24.0k`."""
        return self.spec if self._measurement is None else self._measurement.codec.info.spec

    def measure(
        self, clips: Sequence[PreparedClip], timer: Timer | None, scorer: Scorer
    ) -> list[ResultRow]:
        """Encode, decode and score clips; without a timer for quality and size only."""
        self.take(clips)
        self.encode(timer)
        self.decode(timer)
        return self.rows(scorer, memory=timer is not None)

    def sign_of_life(self, sign: Callable[[], None]) -> None:
        """Have `sign` called before every call of the codec; see `Measurement.sign_of_life`."""
        if self._measurement is not None:
            self._measurement.sign_of_life(sign)

    def take(self, clips: Sequence[PreparedClip]) -> None:
        """Go on with these clips, all of which the next calls measure."""
        self._start = perf_counter()
        self._probes_s = []
        if self._measurement is not None and not self._measurement.untrained:
            self._clips = list(clips)
            changed = [self._treatment.changed(clip) for clip in clips]
            if self._impaired is not None:
                self._impaired.expect(zip(clips, changed, strict=True))
            self._measurement.take(changed)

    def encode(self, timer: Timer | None) -> None:
        """Encode every clip; see `Measurement.encode`."""
        if self._measurement is not None:
            self._measurement.encode(timer)
            self._probe(timer)

    def decode(self, timer: Timer | None) -> None:
        """Decode every stream; see `Measurement.decode`."""
        if self._measurement is not None:
            self._measurement.decode(timer)
            self._probe(timer)

    def _probe(self, timer: Timer | None) -> None:
        """Time the run's probe beside this codec's own calls."""
        if timer is not None and not self.is_replayed:
            self._probes_s.append(probe_s())

    def failures(self) -> list[str]:
        """Return what went wrong, clip by clip."""
        if self._measurement is None:
            return [str(self.error)]
        return self._measurement.failures()

    def rows(self, scorer: Scorer, *, memory: bool) -> list[ResultRow]:
        """Score what was decoded and return the rows, finished and with their keys.

        Parameters
        ----------
        memory : bool
            Whether to measure the peak memory of a process of the codec's own.
        """
        if self._measurement is None:
            error = self.error or CodecmarkError("no codec was built")
            builder = row_builder.for_missing_codec(self.run_id, self.spec, self._condition, error)
            return [self._keyed(builder, None)]
        builders = self._measurement.row_builders(self.run_id, scorer, memory=memory)
        if self._impaired is not None:
            for builder in builders:
                builder.put(**self._impaired.facts(builder.value("stream_sha256")))
        row_s = (perf_counter() - self._start) / max(1, len(builders))
        if self._probes_s:
            times = " ".join(f"{seconds:.3g}" for seconds in self._probes_s)
            builders = [builder.note(TIME_PROBE, times) for builder in builders]
        return [
            self._keyed(builder.put(row_s=row_s), clip)
            for builder, clip in zip(builders, self._clips, strict=False)
        ]

    def _keyed(self, builder: RowBuilder, clip: PreparedClip | None) -> ResultRow:
        family = Spec.parse(self.spec).family
        named = str(builder.value("spec")), str(builder.value("family"))
        if (Spec.parse(named[0]).family, named[1]) != (family, family):  # it changed its name since
            error = CodecError(f"its info names {named[0]} of the family {named[1]} by now")
            builder = row_builder.for_missing_codec(self.run_id, self.spec, self._condition, error)
            builder.put(**({} if clip is None else clip_fields(clip)))
        codec = content_key.codec_key(self.spec, self._condition, self._weight_sets, self._setup)
        keyed = None if clip is None else content_key.KeyedClip.of(clip)
        key = keys.row_key(codec, keyed, self._treatment, self._setup, family)
        builder.put(**self._treatment.axes)
        specs = filter(None, (self.spec, self._treatment.passed_through))
        added = plugin_code.versions(Spec.parse(each).family for each in specs)
        builder.put(versions={**(builder.value("versions") or {}), **added})
        return builder.put(key=key, weight_sets=self._weight_sets).finish()
