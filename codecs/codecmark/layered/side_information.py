"""Side information: integers for the waveform layer's models, of a network's spectrogram.

A model that has one number in the encoder and another in the decoder decodes noise. What a
network returns differs in its last digits between processors and libraries, so the models are not
given it: they get the quarter octaves that it lies in. The grid of quarter octaves is shifted,
for each superframe, by that sixteenth of its step which leaves all 256 values farthest from a
border; the shifts are sent (4 bits each), so neither side has to guess what the other rounded. A
checksum of the integers ends what can go wrong: where a network drifts farther than the margin,
the layer is refused.

Bytes: the low 32 bits of a CRC of the integers, then the shifts, two in each byte.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from codecmark.errors import BitstreamError
from codecmark.layered import coefficient_coding
from codecmark.layered.context_mixing import Ints
from codecmark.layered.mdct import Floats
from codecmark.layered.mel_coding import BANDS, UNIT

STEPS_PER_OCTAVE = 4
SHIFTS = 16

_STEP = UNIT // STEPS_PER_OCTAVE
_VALUES = coefficient_coding.FRAMES * BANDS  # of a superframe
_CRC_BYTES = 4


@dataclass(frozen=True)
class Condition:
    """What the models are conditioned on, `[frames, 640]`: see `coefficient_coding.envelope`.

    `side_information` is what a decoder needs, beside its own spectrogram, to have the same.
    """

    envelope: Ints
    side_information: bytes = b""


def choose(log2_mel: Floats) -> Condition:
    """Return an encoder's condition for the log2-mel `[frames, 64]` that its network gave."""
    shifts = np.stack([margins(log2_mel, shift) for shift in range(SHIFTS)]).argmax(axis=0)
    mel = rounded(log2_mel, shifts)
    padded = np.pad(shifts, (0, len(shifts) % 2)).astype(np.uint8)
    sent = struct.pack("<I", _check(mel)) + (padded[::2] | padded[1::2] << 4).tobytes()
    return Condition(coefficient_coding.envelope(mel), sent)


def read(log2_mel: Floats, data: bytes) -> Condition:
    """Return a decoder's condition; what it took of `data` is its side information.

    Raises
    ------
    BitstreamError
        If the bytes end inside it, or the integers are not those of the encoder.
    """
    superframes = len(log2_mel) // coefficient_coding.FRAMES
    end = _CRC_BYTES + (superframes + 1) // 2
    if len(data) < end:
        raise BitstreamError("condition", "the waveform layer ends inside it")
    (expected,) = struct.unpack_from("<I", data)
    packed = np.frombuffer(data[_CRC_BYTES:end], np.uint8)
    shifts = np.stack([packed & 15, packed >> 4], axis=1).ravel()[:superframes].astype(np.int64)
    mel = rounded(log2_mel, shifts)
    if _check(mel) != expected:
        raise BitstreamError(
            "condition",
            "the waveform layer was coded on another spectrogram than the one that this machine's "
            "network makes of the base layer; decode it where it was encoded, or the base layer "
            "alone: decode_layers(stream, 1)",
        )
    return Condition(coefficient_coding.envelope(mel), data[:end])


def margins(log2_mel: Floats, shift: int) -> Floats:
    """Return how far each superframe's nearest value is from a border of the grid, in octaves."""
    past = (log2_mel.reshape(-1, _VALUES) * STEPS_PER_OCTAVE + shift / SHIFTS) % 1.0
    nearest: Floats = np.minimum(past, 1 - past).min(axis=1) / STEPS_PER_OCTAVE
    return nearest


def rounded(log2_mel: Floats, shifts: Ints) -> Ints:
    """Return the middles of the quarter octaves, in 1/1024 of an octave."""
    by_frame = np.repeat(shifts, coefficient_coding.FRAMES)[:, None]
    index = np.floor(log2_mel * STEPS_PER_OCTAVE + by_frame / SHIFTS).astype(np.int64)
    middles: Ints = index * _STEP + _STEP // 2 - by_frame * (_STEP // SHIFTS)
    return middles


def _check(mel: Ints) -> int:
    return zlib.crc32(mel.astype("<i2").tobytes())
