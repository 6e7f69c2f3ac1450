"""Decoders: one of each form of payload, with mutations below valid checksums."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from codecmark.bitstream import frame
from codecmark.bitstream.frame import StreamHeader
from codecmark.classic import ogg
from codecmark.codec import Codec
from codecmark.corpus import condition
from codecmark.errors import BitstreamError, CodecmarkError, InputError
from codecmark.layered import container
from contract_specs import ONE_OF_EACH
from entries import fresh, noise, tone
from fuzzing.mutation import damaged
from fuzzing.targets import FoundError, Outcome

# beside one of each: range-coded tokens, other rates of one library, a layer beside a codec
_MORE = (
    "pcm@3bit", "encodec:24khz@6k+ac", "encodec:48khz@6k+ac", "snac:24khz+ac", "lyra@6k+ac",
    "lyra@6k", "opus@24k", "opus@24k-vbr-fec10", "aac@32k", "vorbis@q5", "amr@4.75k",
    "codec2@1.3k", "opus@6k+wave@snr10",
    "mel:16k-64+wave+shaped@11k", "mel:16k-64/griffinlim-64@int8",
    "mel:16k-64/griffinlim-64@q0.5", "audioldm2:compact/griffinlim-64@q0.5",
)  # fmt: skip
_SPECS = tuple(spec for spec in dict.fromkeys((*ONE_OF_EACH, *_MORE)) if spec != "command:top-byte")
_RATES_HZ = (0, 500, 8_000, 16_000, 24_000, 31_337, 44_100, 48_000, 768_000, 2**32)
_LENGTHS = (0, 1, 7, 80, 320, 640, 641, 4_000, 48_000, 10**6, 10**9, frame.MAX_SAMPLES)


def names() -> list[str]:
    """Return the specs."""
    return list(_SPECS)


class StreamTarget:
    """The decoder of a spec; its network is tiny."""

    kind = "streams"
    apart = False

    def __init__(self, spec: str) -> None:
        self.name = spec
        self._codec: Codec = fresh(spec)
        # those of a run, where streams of others are decoded too
        self._codec.limits = condition.named("16k-mono").decode_limits
        self._layered = "+wave" in spec

    def seeds(self) -> list[bytes]:
        """Return streams of short clips, as far as the codec takes them."""
        clips = [
            tone(0.05), noise(1_000, seed=1), noise(4_000, seed=2), tone(0.05, rate_hz=48_000),
            noise(900, channels=2, rate_hz=48_000), tone(0.02, rate_hz=8_000),
        ]  # fmt: skip
        silent = noise(800)
        clips.append(type(silent)(np.zeros_like(silent.samples), 16_000))
        found = []
        for clip in clips:
            try:
                found.append(self._codec.encode(clip))
            except (InputError, CodecmarkError):
                continue
        return found

    def mutated(self, pool: Sequence[bytes], chance: random.Random) -> bytes:
        """Return a stream whose payload, header or layers are changed and sealed again."""
        stream = chance.choice(pool)
        if chance.random() < 0.05:  # nobody sealed it
            return damaged(stream, pool, chance)
        try:
            header, payload = frame.unpack(self.name, stream, strict=False)
            payloads = [payload, frame.unpack(self.name, chance.choice(pool), strict=False)[1]]
        except BitstreamError:  # kept though nobody sealed it
            return damaged(stream, pool, chance)
        if chance.random() < 0.2:
            header = _other_header(header, chance)
        if chance.random() < 0.9:
            if self._layered and chance.random() < 0.8:
                payload = self._other_layers(payload, payloads, header.channels, chance)
            else:
                payload = damaged(payload, payloads, chance)
            if payload.startswith(ogg.CAPTURE_PATTERN) and chance.random() < 0.8:
                payload = _sealed_pages(payload)
        return frame.pack(self.name, header, payload)

    def _other_layers(
        self, payload: bytes, pool: Sequence[bytes], channels: int, chance: random.Random
    ) -> bytes:
        """Damage one layer below its checksum."""
        count = getattr(self._codec, "layers", 2)
        try:
            layers, _ = container.unpack(payload, channels, count, count)
        except CodecmarkError:
            return damaged(payload, pool, chance)
        bodies = [[body or b"" for body in of_channel] for of_channel in layers]
        of_channel = chance.choice(bodies)
        number = chance.randrange(len(of_channel))
        others = [body for each in bodies for body in each]
        of_channel[number] = damaged(of_channel[number], others, chance)
        return container.pack([tuple(each) for each in bodies])

    def run(self, data: bytes) -> Outcome:
        """Decode; the instance goes on afterwards."""
        try:
            clip = self._codec.decode(data)
        except CodecmarkError as error:
            if "MemoryError" in str(error) or "Warning:" in str(error):
                raise FoundError(str(error)) from error
            return "refused"
        header, _ = frame.unpack(self.name, data)
        if clip.samples.shape != (header.channels, header.n_samples):
            raise FoundError(f"shape {clip.samples.shape}")
        return "taken"


def _other_header(header: StreamHeader, chance: random.Random) -> StreamHeader:
    rate, channels, length = header.sample_rate_hz, header.channels, header.n_samples
    kind = chance.randrange(4)
    if kind == 0:
        rate = chance.choice(_RATES_HZ)
    elif kind == 1:
        channels = chance.randint(1, 8)
    elif kind == 2:
        length = chance.choice(_LENGTHS)
    else:
        length = max(0, length + chance.choice((-320, -1, 1, 2, 319, 640, 5_000)))
    return StreamHeader(rate, channels, length)


def _sealed_pages(payload: bytes) -> bytes:
    """Return an Ogg file with page checksums that hold, as far as its pages can be told."""
    pages = payload.split(ogg.CAPTURE_PATTERN)[1:]
    out = bytearray()
    for page in pages:
        whole = bytearray(ogg.CAPTURE_PATTERN + page)
        whole[22:26] = bytes(4)
        if len(whole) >= 27:
            whole[22:26] = ogg._ogg_crc32(bytes(whole)).to_bytes(4, "little")
        out += whole
    return bytes(out)


def named(name: str) -> StreamTarget:
    """Build the target of a spec."""
    return StreamTarget(name)
