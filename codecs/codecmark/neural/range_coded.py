"""`+ac`: the tokens of another codec, range coded with adaptive models instead of packed."""

from __future__ import annotations

from dataclasses import replace

from codecmark.bitstream import token_coding
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec
from codecmark.errors import InputError
from codecmark.neural.tokens import TokenPayloadCodec
from codecmark.spec import Spec


class RangeCodedCodec(Codec):
    """Decodes to what the codec itself decodes to; only the size differs.

    The nominal rate stays that of packed tokens, so that a row shows both. No bound of the delay is
    stated, whatever the codec's own: the gain of each codebook's model suits all tokens of the
    clip, and one range code holds them all.
    """

    def __init__(self, codec: Codec) -> None:
        if not isinstance(codec, TokenPayloadCodec):
            raise InputError(
                f"spec: {codec.info.spec}+ac: {codec.info.family} has no tokens to range code; "
                "leave out +ac"
            )
        self._codec = codec
        notes = (codec.info.notes, "tokens range coded, the nominal rate is that of packed ones")
        self.info = replace(
            codec.info,
            spec=str(replace(Spec.parse(codec.info.spec), range_coded=True)),
            algorithmic_delay_samples=None,
            entropy_coded=True,
            notes="; ".join(filter(None, notes)),
        )

    def reset(self) -> None:
        """Reset the codec itself."""
        self._codec.reset()

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return what the codec puts before its tokens, and them range coded."""
        codec = self._codec
        head, tokens = codec.encode_parts(clip)
        return head + token_coding.encode(tokens, codec.bits, codec.codebook_of_row)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the channels at the header's rate and length."""
        codec = self._codec
        head, coded = codec.split(payload, header)
        shape = codec.token_shape(header)
        tokens = token_coding.decode(coded, shape, codec.bits, codec.codebook_of_row)
        return codec.decode_parts(head, tokens, header)
