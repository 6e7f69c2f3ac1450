"""A codec with what is done to clips around it, so that it is measured like any other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from codecmark import catalog
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import UnavailableError
from codecmark.measure.impairments import (
    bit_errors,
    concealment,
    loss_patterns,
    packets,
    tandem,
    token_stability,
)
from codecmark.measure.impairments.treatment import Treatment
from codecmark.networks.setup import Setup
from codecmark.system.execution import EAGER, Execution


class ImpairedCodec(Codec):
    """Codes a clip that has already been changed: several times in a row, if the treatment says so.

    Its `info` and its streams are those of the codec itself.
    """

    def __init__(self, codec: Codec, treatment: Treatment, setup: Setup) -> None:
        self._codec = codec
        self._treatment = treatment
        self.info = codec.info
        other = codec
        if treatment.passed_through is not None:
            other = catalog.create(treatment.passed_through, setup)
            _require_trained(other)
        self._originals: dict[str, PreparedClip] = {}
        self._clip_of: dict[str, tuple[str, float]] = {}
        self._facts: dict[str, dict[str, float]] = {}
        self._before = tandem.earlier_passes(codec, other, treatment.passes or 1)

    @property
    def execution(self) -> Execution:
        """As if on eager: nothing is timed, and no output compared between backends."""
        return EAGER

    def reset(self) -> None:
        """Reset the codec, and what takes turns with it."""
        for codec in {id(codec): codec for codec in (self._codec, *self._before)}.values():
            codec.reset()

    def expect(self, clips: Iterable[tuple[PreparedClip, PreparedClip]]) -> None:
        """Take the clips that come next, as they were and as the treatment changed them.

        By their names it is drawn what happens to them.
        """
        self._originals = {changed.audio.sha256(): clip for clip, changed in clips}
        self._clip_of, self._facts = {}, {}

    def facts(self, stream_sha256: str | None) -> Mapping[str, float]:
        """Return the fields of a row that coding or decoding a stream has shown."""
        return self._facts.get(stream_sha256 or "", {})

    def encode(self, clip: AudioClip) -> bytes:
        """Return the stream of the last pass."""
        stream = self._codec.encode(tandem.passed_through(self._before, clip))
        original = self._originals.get(clip.sha256())
        digest = _digest(stream)
        self._clip_of[digest] = "" if original is None else original.name, clip.duration_s
        if original is not None and self._compares_tokens:
            share = token_stability.agreement(self._codec, original.audio, clip)
            self._facts[digest] = {} if share is None else {"token_agreement": share}
        return stream

    @property
    def _compares_tokens(self) -> bool:
        trained = self.info.weights.evidence != "random"
        return trained and token_stability.is_asked(self._treatment)

    def decode(self, stream: bytes) -> AudioClip:
        """Decode it, with what happens to it on the way."""
        if not self._treatment.needs_packets:
            return self._codec.decode(stream)
        name, duration_s = self._clip_of[_digest(stream)]
        sent = packets.of(self._codec, stream)
        rate = self._treatment.bit_error_rate
        arrived = sent.packets if rate is None else bit_errors.flipped(sent.packets, rate, name)
        if self._treatment.loss_pattern is None:
            conceals = packets.refusal(self.info.spec, concealment.OWN) is None
            return sent.finished(concealment.decode_damaged(sent, arrived, conceals=conceals))
        slots = self._treatment.lost_slots(duration_s, name)
        lost = loss_patterns.of_packets(
            slots, len(arrived), sent.packet_s, sent.delay_samples / sent.rate_hz
        )
        sound = concealment.decode(
            replace(sent, packets=arrived), lost, self._treatment.concealment or concealment.OWN
        )
        if lost.any():
            whole = concealment.decode(replace(sent, packets=arrived), ~lost & lost, "own")
            seconds = concealment.recovery_s(sent, lost, sound, whole)
            self._facts[_digest(stream)] = {} if seconds is None else {"recovery_s": seconds}
        return sent.finished(sound)

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the codec's own payload."""
        return self._codec.encode_payload(clip)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Decode the codec's own payload."""
        return self._codec.decode_payload(payload, header)


def _digest(stream: bytes) -> str:
    return hashlib.sha256(stream).hexdigest()


def _require_trained(codec: Codec) -> None:
    if codec.info.weights.evidence == "random":
        raise UnavailableError(
            f"passed_through: {codec.info.spec} has no trained weights here",
            codec.info.weights.note,
        )
