"""A codec with what is done to clips around it, so that it is measured like any other."""

from __future__ import annotations

from codecmark import catalog
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec
from codecmark.errors import UnavailableError
from codecmark.measure.impairments import tandem
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
        self._before = tandem.earlier_passes(codec, other, treatment.passes or 1)

    @property
    def execution(self) -> Execution:
        """As if on eager: nothing is timed, and no output compared between backends."""
        return EAGER

    def reset(self) -> None:
        """Reset the codec, and what takes turns with it."""
        for codec in {id(codec): codec for codec in (self._codec, *self._before)}.values():
            codec.reset()

    def encode(self, clip: AudioClip) -> bytes:
        """Return the stream of the last pass."""
        return self._codec.encode(tandem.passed_through(self._before, clip))

    def decode(self, stream: bytes) -> AudioClip:
        """Decode it."""
        return self._codec.decode(stream)

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the codec's own payload."""
        return self._codec.encode_payload(clip)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Decode the codec's own payload."""
        return self._codec.decode_payload(payload, header)


def _require_trained(codec: Codec) -> None:
    if codec.info.weights.evidence == "random":
        raise UnavailableError(
            f"passed_through: {codec.info.spec} has no trained weights here",
            codec.info.weights.note,
        )
