"""What every engine's worker does with an item: measure some clips with one codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

from codecmark import catalog
from codecmark.corpus.condition import Condition, PreparedClip, prepared
from codecmark.errors import CodecmarkError, InputError
from codecmark.measure import content_key, row_builder
from codecmark.measure.measurement import Measurement
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import perf_counter_timer
from codecmark.networks.setup import Setup
from codecmark.results.builder import RowBuilder
from codecmark.results.row import ResultRow
from codecmark.run.plan import PlannedClip
from codecmark.system import threads

_CLIPS_KEPT = 64  # 10 s of 16 kHz are 640 kB
_NOTHING = CodecmarkError("no codec is loaded")


@dataclass(frozen=True)
class Item:
    """A piece of a plan: clips that are measured together with one codec."""

    run_id: str
    spec: str
    clips: tuple[PlannedClip, ...]
    first: PlannedClip
    condition: Condition
    timed: bool

    def singly(self) -> list[Item]:
        """Return an item for each clip."""
        return [
            Item(self.run_id, self.spec, (clip,), self.first, self.condition, self.timed)
            for clip in self.clips
        ]


@dataclass(frozen=True)
class Outcome:
    """The rows of an item; `settled` if its codec needs no others."""

    item: Item
    rows: list[ResultRow]
    settled: bool = False


class Worker:
    """Keeps one codec loaded, that of the last item."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._spec: str | None = None
        self._codec: Measurement | CodecmarkError = _NOTHING
        self._weight_sets: str | None = None

    def measure(self, item: Item) -> Outcome:
        """Return the rows of an item; what a codec raises becomes a row."""
        if item.spec != self._spec:
            self._load(item)
        codec = self._codec
        if not isinstance(codec, Measurement):
            builder = row_builder.missing(item.run_id, item.spec, item.condition, codec)
            return Outcome(item, self._signed(item, [builder], [None]), settled=True)
        start = perf_counter()
        clips: Sequence[PlannedClip] = (item.first,) if codec.untrained else item.clips
        try:
            codec.take([_read(clip, item.condition) for clip in clips])
        except InputError as error:
            return lost(item, str(error))
        timer = perf_counter_timer if item.timed else None
        codec.encode(timer)
        codec.decode(timer)
        builders = codec.begun(item.run_id, self._scorer, memory=item.timed)
        row_s = (perf_counter() - start) / len(builders)
        for builder in builders:
            builder.put(row_s=row_s)
        rows = self._signed(item, builders, [clip.sha256 for clip in clips])
        return Outcome(item, rows, settled=codec.untrained)

    def _load(self, item: Item) -> None:
        self._codec = _NOTHING  # the last one's memory is needed
        threads.limit(item.condition.threads)
        setup = Setup.from_environment()
        try:
            codec = catalog.create(item.spec, setup)
            self._codec = Measurement(codec, [_read(item.first, item.condition)], item.condition)
        except CodecmarkError as error:
            self._codec = error
        self._spec = item.spec
        self._weight_sets = ",".join(setup.weights.asked_names) or None

    def _signed(
        self, item: Item, builders: Sequence[RowBuilder], clips: Sequence[str | None]
    ) -> list[ResultRow]:
        codec = content_key.codec_key(item.spec, item.condition, self._weight_sets)
        return [
            builder.put(
                key=content_key.row_key(codec, clip), weight_sets=self._weight_sets
            ).finish()
            for builder, clip in zip(builders, clips, strict=True)
        ]


def lost(item: Item, reason: str) -> Outcome:
    """Return failed rows for an item whose measurement did not come to an end."""
    return Outcome(item, [_lost_row(item, clip, reason) for clip in item.clips])


def _lost_row(item: Item, clip: PlannedClip, reason: str) -> ResultRow:
    codec = content_key.codec_key(item.spec, item.condition, None)
    builder = row_builder.missing(item.run_id, item.spec, item.condition, CodecmarkError(reason))
    return builder.put(
        clip=clip.entry.name,
        clip_sha256=clip.sha256,
        clip_s=clip.duration_s,
        source=clip.entry.source,
        clip_class=clip.entry.clip_class,
        key=content_key.row_key(codec, clip.sha256),
    ).finish()


@lru_cache(maxsize=_CLIPS_KEPT)
def _read(clip: PlannedClip, condition: Condition) -> PreparedClip:
    found = prepared(clip.entry, condition)
    if found.audio.sha256() != clip.sha256:
        raise InputError(f"{clip.entry.path}: the file has changed since the run was planned")
    return found
