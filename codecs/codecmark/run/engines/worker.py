"""What every engine's worker does with an item: measure some clips with one codec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.errors import CodecmarkError, InputError
from codecmark.measure import content_key, row_builder
from codecmark.measure.codec_rows import CodecRows
from codecmark.measure.impairments import keys
from codecmark.measure.impairments.treatment import UNTREATED, Treatment
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import Input, Output, Timed, Timer, perf_counter_timer, turns
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow
from codecmark.run.planned_clip import PlannedClip
from codecmark.spec import Spec


@dataclass(frozen=True)
class Item:
    """A part of a plan: clips that are measured together with one codec."""

    run_id: str
    spec: str
    clips: tuple[PlannedClip, ...]
    first: PlannedClip
    condition: Condition
    timed: bool
    setup: Setup
    treatment: Treatment = UNTREATED

    def singly(self) -> list[Item]:
        """Return an item for each clip."""
        return [replace(self, clips=(clip,)) for clip in self.clips]


@dataclass(frozen=True)
class Outcome:
    """The rows of an item; `settled` if its codec will have no others."""

    item: Item
    rows: list[ResultRow]
    settled: bool = False


@dataclass(frozen=True)
class Stage:
    """What a worker is doing; `clip` is empty where it has several clips or none."""

    spec: str
    phase: Literal["load", "encode", "decode", "score"]
    clip: str = ""


Watch = Callable[[Stage], None]


class Worker:
    """Keeps one codec loaded, that of the last item.

    Parameters
    ----------
    scorer : Scorer
    watch : callable
        Called whenever the worker turns to something else: loading the codec, a call, scoring.
        Before each call of the codec, timed or not, it is called again.
    """

    def __init__(self, scorer: Scorer, watch: Watch = lambda _: None) -> None:
        self._scorer = scorer
        self._watch = watch
        self._stage: Stage | None = None
        self._codec: CodecRows | None = None
        self._loaded: tuple[str, str, Treatment] | None = None

    def measure(self, item: Item) -> Outcome:
        """Return the rows of an item; what a codec raises becomes a row."""
        codec = self._codec
        if codec is None or self._loaded != (item.run_id, item.spec, item.treatment):
            self._codec = codec = None  # the last one's memory is needed
            self._turn_to(Stage(item.spec, "load"))
            try:
                first = item.first.read(item.condition)
            except InputError as error:
                return lost(item, str(error))
            codec = CodecRows(
                item.run_id, item.spec, first, item.condition, item.setup, item.treatment
            )
            codec.sign_of_life(self._goes_on)
            self._codec = codec
            self._loaded = item.run_id, item.spec, item.treatment
        rows: list[ResultRow] = []
        clips: list[PreparedClip] = []
        for clip in () if codec.is_settled else item.clips:
            try:
                clips.append(clip.read(item.condition))
            except InputError as error:
                rows.append(_lost_row(item, clip, str(error)))
        if clips or codec.is_settled:
            codec.take(clips)
            codec.encode(self._timer(item, "encode", clips))
            codec.decode(self._timer(item, "decode", clips))
            self._turn_to(Stage(item.spec, "score", _only_name(clips)))
            rows += codec.rows(self._scorer, memory=item.timed)
        return Outcome(item, rows, settled=codec.is_settled)

    def _turn_to(self, stage: Stage) -> None:
        self._stage = stage
        self._watch(stage)

    def _goes_on(self) -> None:
        """Say that the same still goes on: another call of it begins."""
        if self._stage is not None:
            self._watch(self._stage)

    def _timer(
        self, item: Item, phase: Literal["encode", "decode"], clips: Sequence[PreparedClip]
    ) -> Timer | None:
        """Return a timer that says before each call what is called; None for an untimed item."""
        self._turn_to(Stage(item.spec, phase, clips[0].name if clips else ""))
        if not item.timed:
            return None

        def timer(
            call: Callable[[Input], Output],
            inputs: Sequence[Input],
            *,
            before: Callable[[], None],
            rounds: int,
        ) -> list[Timed[Output]]:
            # a clip that could not be encoded is not decoded: then nobody knows which is which
            names = [clip.name if len(inputs) == len(clips) else "" for clip in clips]
            upcoming = turns(len(inputs), rounds)

            def prepare() -> None:
                index = next(upcoming)
                self._turn_to(Stage(item.spec, phase, names[index] if names else ""))
                before()

            return perf_counter_timer(call, inputs, before=prepare, rounds=rounds)

        return timer


def _only_name(clips: Sequence[PreparedClip]) -> str:
    return clips[0].name if len(clips) == 1 else ""


def lost(item: Item, reason: str) -> Outcome:
    """Return failed rows for an item whose measurement did not come to an end."""
    return Outcome(item, [_lost_row(item, clip, reason) for clip in item.clips])


def lost_codec(item: Item, reason: str) -> Outcome:
    """Return the one row of a codec that did not come as far as a clip."""
    codec = content_key.codec_key(item.spec, item.condition, None, item.setup)
    builder = row_builder.for_missing_codec(
        item.run_id, item.spec, item.condition, CodecmarkError(reason)
    )
    family = Spec.parse(item.spec).family
    key = keys.row_key(codec, None, item.treatment, item.setup, family)
    return Outcome(item, [builder.put(key=key, **item.treatment.axes).finish()], settled=True)


def _lost_row(item: Item, clip: PlannedClip, reason: str) -> ResultRow:
    codec = content_key.codec_key(item.spec, item.condition, None, item.setup)
    builder = row_builder.for_missing_codec(
        item.run_id, item.spec, item.condition, CodecmarkError(reason)
    )
    return builder.put(
        clip=clip.entry.name,
        clip_sha256=clip.sha256,
        clip_s=clip.duration_s,
        source=clip.entry.source,
        clip_class=clip.entry.clip_class,
        key=keys.row_key(
            codec, clip.keyed, item.treatment, item.setup, Spec.parse(item.spec).family
        ),
        **item.treatment.axes,
    ).finish()
