"""What every engine's worker does with an item: measure some clips with one codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

from codecmark import catalog
from codecmark.corpus.condition import Condition, PreparedClip, prepared
from codecmark.errors import CodecmarkError, InputError
from codecmark.measure import content_key
from codecmark.measure.measurement import Measurement
from codecmark.measure.row_builder import missing_row
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import perf_counter_timer
from codecmark.networks.setup import Setup
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
            row = missing_row(item.run_id, item.spec, item.condition, codec)
            self._sign(item, [row], [None])
            return Outcome(item, [row], settled=True)
        start = perf_counter()
        clips: Sequence[PlannedClip] = (item.first,) if codec.untrained else item.clips
        try:
            codec.take([_read(clip, item.condition) for clip in clips])
        except InputError as error:
            return lost(item, str(error))
        timer = perf_counter_timer if item.timed else None
        codec.encode(timer)
        codec.decode(timer)
        rows = codec.rows(item.run_id, self._scorer, memory=item.timed)
        for row in rows:
            row.row_s = (perf_counter() - start) / len(rows)
        self._sign(item, rows, [clip.sha256 for clip in clips])
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

    def _sign(self, item: Item, rows: list[ResultRow], clips: Sequence[str | None]) -> None:
        codec = content_key.codec_key(item.spec, item.condition, self._weight_sets)
        for row, clip in zip(rows, clips, strict=True):
            row.key = content_key.row_key(codec, clip)
            row.weight_sets = self._weight_sets


def lost(item: Item, reason: str) -> Outcome:
    """Return failed rows for an item whose measurement did not come to an end."""
    return Outcome(item, [_lost_row(item, clip, reason) for clip in item.clips])


def _lost_row(item: Item, clip: PlannedClip, reason: str) -> ResultRow:
    row = missing_row(item.run_id, item.spec, item.condition, CodecmarkError(reason))
    row.clip, row.clip_sha256, row.clip_s = clip.entry.name, clip.sha256, clip.duration_s
    row.source, row.clip_class = clip.entry.source, clip.entry.clip_class
    row.key = content_key.row_key(
        content_key.codec_key(item.spec, item.condition, None), clip.sha256
    )
    return row


@lru_cache(maxsize=_CLIPS_KEPT)
def _read(clip: PlannedClip, condition: Condition) -> PreparedClip:
    found = prepared(clip.entry, condition)
    if found.audio.sha256() != clip.sha256:
        raise InputError(f"{clip.entry.path}: the file has changed since the run was planned")
    return found
