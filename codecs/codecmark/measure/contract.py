"""What every codec promises, as one call for the tests of a plug-in: `contract.check(codec)`.

`codecmark check SPEC` makes the same call.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from codecmark.bitstream import frame
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, CodecError, CodecmarkError, InputError
from codecmark.replay.codec import ReplayedCodec
from codecmark.spec import Spec

_RATE_HZ = 16_000
_LENGTHS = (1, 2, 319, 320, 4_099)
_FORMS = ((44_100, 2), (48_000, 1), (8_000, 2))  # rate in Hz, channels
_HOSTILE_PAYLOADS = 100


def check(codec: Codec) -> None:
    """Hold a codec to the promises of `codecmark.codec`; takes some two hundred short calls.

    Raises
    ------
    CodecError
        If it breaks one; says which.
    """
    for promise, kept in promises(codec):
        if not kept:
            raise CodecError(f"{codec.info.spec} breaks the contract of codecs: {promise}")


def promises(codec: Codec) -> Iterator[tuple[str, bool]]:
    """Yield each promise, and whether it was kept.

    Raises
    ------
    CodecmarkError
        If the codec fails where it must not.
    """
    info = codec.info
    yield "info.family is the first part of info.spec", info.family == Spec.parse(info.spec).family
    yield "info names licence and reference", bool(info.licence and info.reference)
    if isinstance(codec, ReplayedCodec):  # has no bytes to hold to the rest
        return
    clip = _clip(4_000)
    stream = codec.encode(clip)
    decoded = codec.decode(stream)
    yield "decoding returns the channels and samples that went in", _same_form(decoded, clip)
    codec.encode(_clip(1_000))
    yield "the same clip gives the same bytes", codec.encode(clip) == stream
    again = codec.decode(stream)
    yield (
        "the same bytes give the same samples",
        bool(np.array_equal(again.samples, decoded.samples)),
    )
    for length in _LENGTHS:
        short = _clip(length)
        yield (
            f"a clip of {length} samples keeps its length",
            _same_form(codec.decode(codec.encode(short)), short),
        )
    for rate_hz, channels in _FORMS:
        other = _clip(2_003, rate_hz, channels)
        try:
            kept = _same_form(codec.decode(codec.encode(other)), other)
        except InputError:
            continue  # a codec may refuse a form by name
        yield f"{channels} channels at {rate_hz} Hz keep their form", kept
    for damage, data in _damaged(stream):
        yield f"a stream {damage} is refused with BitstreamError", _refused(codec, data)
    yield (
        "whatever a payload with a valid checksum holds, only CodecmarkError leaves, or samples",
        _survives(codec, len(stream)),
    )
    yield (
        "it stays usable after an error",
        bool(np.array_equal(codec.decode(stream).samples, decoded.samples)),
    )


def _clip(n_samples: int, rate_hz: int = _RATE_HZ, channels: int = 1) -> AudioClip:
    noise = np.random.default_rng(n_samples).uniform(-0.5, 0.5, (channels, n_samples))
    return AudioClip(noise.astype(np.float32), rate_hz).on_pcm16_grid()


def _same_form(decoded: AudioClip, clip: AudioClip) -> bool:
    is_alike = decoded.samples.shape == clip.samples.shape
    return is_alike and decoded.sample_rate_hz == clip.sample_rate_hz


def _damaged(stream: bytes) -> Iterator[tuple[str, bytes]]:
    for length in (0, 4, len(stream) // 2, len(stream) - 1):
        yield f"cut to {length} bytes", stream[:length]
    yield "with a byte too many", stream + b"\0"
    for position in np.linspace(0, len(stream) - 1, 30).astype(int):
        flipped = bytearray(stream)
        flipped[position] ^= 1
        yield f"with a flipped bit in byte {position}", bytes(flipped)


def _refused(codec: Codec, stream: bytes) -> bool:
    try:
        codec.decode(stream)
    except BitstreamError:
        return True
    except Exception:
        return False
    return False


def _survives(codec: Codec, stream_bytes: int) -> bool:
    chance = np.random.default_rng(0)
    for _ in range(_HOSTILE_PAYLOADS):
        payload = chance.bytes(int(chance.integers(0, stream_bytes + 1)))
        n_samples = int(chance.choice([1, 320, 4_000, 10**9, frame.MAX_SAMPLES]))
        header = StreamHeader(_RATE_HZ, int(chance.integers(1, 9)), n_samples)
        try:
            codec.decode(frame.pack(codec.info.spec, header, payload))
        except CodecmarkError:
            continue
        except Exception:
            return False
    return True
