"""Measure a replayed codec: its published sound is looked up, paired and scored; nothing is timed.

Its rows have no sizes and no times, and say why.
"""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.codec import Codec
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.errors import CodecmarkError, UnavailableError
from codecmark.measure.decoded_files import PreparedPair, about, without_codec
from codecmark.measure.measurement import Measurement
from codecmark.measure.pairing import pair
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import Timer
from codecmark.networks.setup import Setup
from codecmark.replay.codec import NO_STREAM, NO_TIME, Replayed, ReplayedCodec
from codecmark.results.builder import RowBuilder


def measurement_of(
    codec: Codec,
    clips: Sequence[PreparedClip],
    condition: Condition,
    setup: Setup,
) -> Measurement:
    """Return what measures a codec, of which replayed ones have their own; see `Measurement`."""
    if isinstance(codec, ReplayedCodec):
        return ReplayedMeasurement(codec, clips, condition, setup)
    return Measurement(codec, clips, condition, setup)


class ReplayedMeasurement(Measurement):
    """Look up, pair and score what was published of `clips`."""

    def __init__(
        self,
        codec: ReplayedCodec,
        clips: Sequence[PreparedClip],
        condition: Condition,
        setup: Setup,
    ) -> None:
        super().__init__(codec, clips, condition, setup)
        self._replayed = codec
        self._found: list[tuple[PreparedPair, Replayed] | CodecmarkError] = []

    def take(self, clips: Sequence[PreparedClip]) -> None:
        """Go on with other clips."""
        super().take(clips)
        self._found = []

    def encode(self, timer: Timer | None = None) -> None:
        """Do nothing: there is no stream."""

    def decode(self, timer: Timer | None = None) -> None:  # noqa: ARG002 - there is no call to time
        """Look up every clip."""
        self._found = [self._look_up(clip) for clip in self.clips]

    def failures(self) -> list[str]:
        """Return what could not be looked up, clip by clip."""
        return [
            f"{clip.name}: {found}"
            for clip, found in zip(self.clips, self._found, strict=False)
            if isinstance(found, CodecmarkError)
        ]

    def begun(self, run_id: str, scorer: Scorer, *, memory: bool = True) -> list[RowBuilder]:  # noqa: ARG002
        """Return what becomes the rows; there is no process whose memory could be measured."""
        jobs = [found[0].job for found in self._found if not isinstance(found, CodecmarkError)]
        scores = iter(scorer.score(jobs))
        builders = []
        for clip, found in zip(self.clips, self._found, strict=False):
            if not self._replayed.covers(clip, self.condition):
                builders.append(self._bare(run_id).lack(str(found)))
                continue
            builder = self._builder(run_id, clip)
            if isinstance(found, UnavailableError):
                builder.lack(str(found))
            elif isinstance(found, CodecmarkError):
                builder.fail(str(found))
            else:
                prepared, replayed = found
                for topic, text in replayed.notes.items():
                    builder.note(topic, text)
                prepared.put(builder, prepared.complete(next(scores), replayed.refused))
            builders.append(builder)
        return builders

    def _look_up(self, clip: PreparedClip) -> tuple[PreparedPair, Replayed] | CodecmarkError:
        try:
            replayed = self._replayed.replay(clip, self.condition)
            brought = pair(clip.audio, replayed.audio)
            return (
                PreparedPair(clip, replayed.audio, brought, self.condition.predictors),
                replayed,
            )
        except CodecmarkError as error:
            return error

    def _builder(self, run_id: str, clip: PreparedClip) -> RowBuilder:
        info = self.codec.info
        builder = self._bare(run_id).put(
            **about(clip),
            weights=info.weights.evidence,
            weights_sha256=info.weights.sha256,
            nominal_bitrate_kbps=info.nominal_kbps(clip.audio.channels),
        )
        return without_codec(builder, NO_STREAM, NO_TIME)

    def _bare(self, run_id: str) -> RowBuilder:
        """Return what becomes a row of no clip."""
        info = self.codec.info
        return RowBuilder(
            run_id=run_id, spec=info.spec, family=info.family, condition=self.condition.name
        )
