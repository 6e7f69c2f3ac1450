"""Side information that makes a network's spectrogram usable for the waveform layer's models.

Models that differ between encoder and decoder decode noise, and the output of a network differs in
its last digits between processors and libraries. The models are therefore conditioned on the
spectrogram rounded to quarter octaves. For each superframe, the grid of quarter octaves is shifted
by a multiple of 1/16 of its step, chosen so that all 256 values are as far as possible from the
grid's borders, and the shift is sent in 4 bits, so both sides round alike. A checksum of the
rounded integers detects a network that drifts by more than this margin; the layer is then refused.

Bytes: the CRC-32 of the integers, then the shifts, two per byte.
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
_VALUES = coefficient_coding.FRAMES * BANDS  # per superframe
_CRC_BYTES = 4


@dataclass(frozen=True)
class Condition:
    """What the waveform layer's models are conditioned on.

    Attributes
    ----------
    envelope : Ints, shape=(frames, 640)
        See `coefficient_coding.envelope`.
    side_information : bytes
        What a decoder needs, besides its own spectrogram, to get the same envelope.
    """

    envelope: Ints
    side_information: bytes = b""


def choose(log2_mel: Floats) -> Condition:
    """Return an encoder's condition for the log2-mel `[frames, 64]` of its network."""
    shifts = np.stack([margins(log2_mel, shift) for shift in range(SHIFTS)]).argmax(axis=0)
    mel = rounded(log2_mel, shifts)
    padded = np.pad(shifts, (0, len(shifts) % 2)).astype(np.uint8)
    sent = struct.pack("<I", _check(mel)) + (padded[::2] | padded[1::2] << 4).tobytes()
    return Condition(coefficient_coding.envelope(mel), sent)


def read(log2_mel: Floats, data: bytes) -> Condition:
    """Return a decoder's condition; its side information is the part of `data` that was read.

    Raises
    ------
    BitstreamError
        If `data` is too short, or the rounded integers differ from the encoder's.
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
            "the network on this machine decodes the base layer to another spectrogram than the "
            "one that the waveform layer was coded with; decode on the machine that encoded it, or "
            "decode the base layer alone: decode_layers(stream, 1)",
        )
    return Condition(coefficient_coding.envelope(mel), data[:end])


def margins(log2_mel: Floats, shift: int) -> Floats:
    """Return each superframe's smallest distance from a border of the grid, in octaves."""
    past = (log2_mel.reshape(-1, _VALUES) * STEPS_PER_OCTAVE + shift / SHIFTS) % 1.0
    nearest: Floats = np.minimum(past, 1 - past).min(axis=1) / STEPS_PER_OCTAVE
    return nearest


def rounded(log2_mel: Floats, shifts: Ints) -> Ints:
    """Return the centres of the values' quarter octaves, in 1/1024 octave."""
    by_frame = np.repeat(shifts, coefficient_coding.FRAMES)[:, None]
    index = np.floor(log2_mel * STEPS_PER_OCTAVE + by_frame / SHIFTS).astype(np.int64)
    middles: Ints = index * _STEP + _STEP // 2 - by_frame * (_STEP // SHIFTS)
    return middles


def _check(mel: Ints) -> int:
    return zlib.crc32(mel.astype("<i2").tobytes())
