"""A codec of one's own: the class, what every codec promises, and its figures on a recording.

`codecmark check add_a_codec:TwelveBits --spec twelvebits` makes the same check, from this folder.
"""

from __future__ import annotations

import numpy as np

import codecmark
from codecmark import AudioClip, BitstreamError, Codec, CodecInfo
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import Samples
from codecmark.corpus import bundled_folder
from codecmark.corpus.audio_files import read_audio
from codecmark.measure import contract

LARGEST = 2**11 - 1


class TwelveBits(Codec):
    """PCM with twelve bits a sample: two samples in three bytes."""

    def __init__(self) -> None:
        self.info = CodecInfo(
            spec="twelvebits",
            family="twelvebits",
            algorithmic_delay_samples=0,
            licence="MIT",
            reference="an example",
        )

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the samples of all channels, one channel after the other."""
        levels = np.rint(np.clip(clip.samples, -1, 1) * LARGEST).astype(np.int32).ravel() + LARGEST
        first, second = np.pad(levels, (0, len(levels) % 2)).reshape(-1, 2).T
        three = first >> 4, (first & 15) << 4 | second >> 8, second & 255
        return np.stack(three, axis=1).astype(np.uint8).tobytes()

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the samples, once the payload has as many bytes as the header promises."""
        count = header.channels * header.n_samples
        if len(payload) != 3 * ((count + 1) // 2):
            raise BitstreamError("payload", f"{len(payload)} bytes, not those of {count} samples")
        high, middle, low = np.frombuffer(payload, np.uint8).reshape(-1, 3).astype(np.int32).T
        pairs = np.stack([high << 4 | middle >> 4, (middle & 15) << 8 | low], axis=1)
        levels = pairs.ravel()[:count].reshape(header.channels, header.n_samples) - LARGEST
        return (levels / LARGEST).astype(np.float32)


def main() -> None:
    codec = TwelveBits()
    contract.check(codec)  # raises where a promise is broken
    print("twelvebits keeps every promise")
    clip = read_audio(bundled_folder() / "en_male_1.flac")
    stream = codec.encode(clip)
    scored = codecmark.score(clip, codec.decode(stream), clip_class="speech")
    print(f"{len(stream) * 8 / clip.duration_s / 1000:.1f} kbit/s")
    print(f"SNR {scored.values['snr_db']:.1f} dB, PESQ {scored.values['pesq_wb']:.2f}")


if __name__ == "__main__":
    main()
