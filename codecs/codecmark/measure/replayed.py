"""Measure a replayed codec: its published audio is looked up, aligned and scored; nothing is timed.

Its rows have neither sizes nor times, and say why.
"""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.codec import Codec
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.errors import CodecmarkError, UnavailableError
from codecmark.measure.decoded_files import PreparedPair, clip_fields, without_codec
from codecmark.measure.decoding_worker import DecodingWorker
from codecmark.measure.measurement import Measurement
from codecmark.measure.pairing import pair
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import Timer
from codecmark.networks.setup import Setup
from codecmark.replay.codec import FAMILY, NO_STREAM, NO_TIME, Replayed, ReplayedCodec
from codecmark.results.builder import RowBuilder


def measurement_of(
    codec: Codec,
    clips: Sequence[PreparedClip],
    condition: Condition,
    setup: Setup,
    worker: DecodingWorker | None = None,
    *,
    is_impaired: bool = False,
    is_plugin: bool = False,
) -> Measurement:
    """Return what measures a codec, of which replayed ones have their own; see `Measurement`.

    A codec of others that is made like a replayed one has to give bytes, like any other.
    """
    if type(codec) is ReplayedCodec and codec.info.family == FAMILY:
        return ReplayedMeasurement(codec, clips, condition, setup)
    return Measurement(
        codec, clips, condition, setup, worker, is_impaired=is_impaired, is_plugin=is_plugin
    )


class ReplayedMeasurement(Measurement):
    """Look up, align and score the published audio of `clips`."""

    def __init__(
        self,
        codec: ReplayedCodec,
        clips: Sequence[PreparedClip],
        condition: Condition,
        setup: Setup,
    ) -> None:
        super().__init__(codec, clips, condition, setup)
        self._replayed = codec
        self._lookups: list[tuple[PreparedPair, Replayed] | CodecmarkError] = []

    def take(self, clips: Sequence[PreparedClip]) -> None:
        """Go on with other clips."""
        super().take(clips)
        self._lookups = []

    def encode(self, timer: Timer | None = None) -> None:
        """Do nothing: there is no stream."""

    def decode(self, timer: Timer | None = None) -> None:  # noqa: ARG002 - there is no call to time
        """Look up every clip."""
        self._lookups = [self._look_up(clip) for clip in self.clips]

    def failures(self) -> list[str]:
        """Return what could not be looked up, clip by clip."""
        return [
            f"{clip.name}: {lookup}"
            for clip, lookup in zip(self.clips, self._lookups, strict=False)
            if isinstance(lookup, CodecmarkError)
        ]

    def row_builders(self, run_id: str, scorer: Scorer, *, memory: bool = True) -> list[RowBuilder]:  # noqa: ARG002
        """Return the builders of the rows; there is no process whose memory could be measured."""
        jobs = [
            lookup[0].job(self._setup.weights)
            for lookup in self._lookups
            if not isinstance(lookup, CodecmarkError)
        ]
        scores = iter(scorer.score(jobs))
        builders = []
        for clip, lookup in zip(self.clips, self._lookups, strict=False):
            if not self._replayed.covers(clip, self.condition):
                builders.append(self._bare(run_id).lack(str(lookup)))
                continue
            builder = self._builder(run_id, clip)
            if isinstance(lookup, UnavailableError):
                builder.lack(str(lookup))
            elif isinstance(lookup, CodecmarkError):
                builder.fail(str(lookup))
            else:
                prepared, replayed = lookup
                for topic, text in replayed.notes.items():
                    builder.note(topic, text)
                prepared.put(builder, prepared.complete(next(scores), replayed.refused))
            builders.append(builder)
        return builders

    def _look_up(self, clip: PreparedClip) -> tuple[PreparedPair, Replayed] | CodecmarkError:
        try:
            replayed = self._replayed.replay(clip, self.condition)
            aligned_pair = pair(clip.audio, replayed.audio)
            return (
                PreparedPair(clip, replayed.audio, aligned_pair, self.condition.predictors),
                replayed,
            )
        except CodecmarkError as error:
            return error

    def _builder(self, run_id: str, clip: PreparedClip) -> RowBuilder:
        info = self.codec.info
        builder = self._bare(run_id).put(
            **clip_fields(clip),
            weights=info.weights.evidence,
            weights_sha256=info.weights.sha256,
            nominal_bitrate_kbps=info.nominal_kbps(clip.audio.channels),
        )
        return without_codec(builder, NO_STREAM, NO_TIME)

    def _bare(self, run_id: str) -> RowBuilder:
        """Return the builder of a row without a clip."""
        info = self.codec.info
        return RowBuilder(
            run_id=run_id, spec=info.spec, family=info.family, condition=self.condition.name
        )
