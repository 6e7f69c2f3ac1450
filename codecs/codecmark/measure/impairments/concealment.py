"""Decoding with packets missing: what stands for them, and how long the decoder takes to recover.

- `own`: what the codec's decoder makes of the knowledge that a packet is missing.
- `silence`: zeros; the decoder is not told.
- `repetition`: the last 20 ms of sound again and again, as it is for 10 ms, then 20 % of it less
  for every 10 ms, so that nothing is left after 60 ms (the fading of ITU-T G.711, Appendix I); the
  decoder is not told.
"""

from __future__ import annotations

import numpy as np

from codecmark.clip import Samples
from codecmark.errors import CodecmarkError
from codecmark.measure.impairments.loss_patterns import Lost
from codecmark.measure.impairments.packets import PacketStream

OWN, SILENCE, REPETITION = "own", "silence", "repetition"
KINDS = (OWN, SILENCE, REPETITION)
_REPEATED_S = 0.02
_FULL_S, _FADED_S = 0.01, 0.06
_WINDOW_S = 0.01
_RECOVERED_DB = 20.0  # the difference is this far below the undisturbed sound


def decode(stream: PacketStream, lost: Lost, concealment: str) -> Samples:
    """Decode a stream of which some packets are lost to `[channels, n]`, delay included."""
    decoder = stream.open()
    sound = _Sound(stream, concealment)
    for index, packet in enumerate(stream.packets):
        if lost[index]:
            following = index + 1
            arrived = following < len(stream.packets) and not lost[following]
            copy = stream.packets[following] if arrived else None
            sound.add(decoder.conceal(copy) if concealment == OWN else None)
        else:
            sound.add(decoder.decode(packet))
    return sound.joined()


def decode_damaged(stream: PacketStream, packets: list[bytes], *, conceals: bool) -> Samples:
    """Decode packets with wrong bits; one that the decoder refuses counts as lost.

    Parameters
    ----------
    conceals : bool
        Whether the decoder itself fills in for it; else its sound is repeated.
    """
    decoder = stream.open()
    sound = _Sound(stream, REPETITION)
    for packet in packets:
        try:
            sound.add(decoder.decode(packet))
        except CodecmarkError:
            sound.add(decoder.conceal(None) if conceals else None)
    return sound.joined()


class _Sound:
    """Decoded packets, and what is put in place of those that are missing."""

    def __init__(self, stream: PacketStream, concealment: str) -> None:
        self._stream = stream
        self._repeats = concealment == REPETITION
        self._blocks: list[Samples] = []
        self._missing = 0  # samples since the last packet that arrived
        self._last = np.zeros((stream.header.channels, 0), np.float32)

    def add(self, block: Samples | None) -> None:
        """Go on with a decoded packet; None for one that is missing."""
        if block is not None:
            self._missing = 0
            kept = round(_REPEATED_S * self._stream.rate_hz)
            self._last = np.concatenate([self._last, block], axis=1)[:, -kept:]
            self._blocks.append(block)
            return
        size = self._stream.packet_samples
        times = np.arange(self._missing, self._missing + size)
        filled = np.zeros((self._stream.header.channels, size), np.float32)
        if self._repeats and self._last.shape[1]:
            seconds = times / self._stream.rate_hz
            fade = np.clip((_FADED_S - seconds) / (_FADED_S - _FULL_S), 0, 1)
            filled += self._last[:, times % self._last.shape[1]] * fade.astype(np.float32)
        self._missing += size
        self._blocks.append(filled)

    def joined(self) -> Samples:
        return np.concatenate(self._blocks, axis=1)


def recovery_s(stream: PacketStream, lost: Lost, decoded: Samples, whole: Samples) -> float | None:
    """Return how long after a loss the sound is still another, in seconds, as a mean over losses.

    Until, in every 10 ms up to the next loss or the end, the difference to the undisturbed sound
    is 20 dB below that sound. Silent windows are passed over.

    Parameters
    ----------
    decoded, whole : np.ndarray, shape=(channels, n)
        Decoded with the packets lost, and with all of them.

    Returns
    -------
    float or None
        None if nothing was lost.
    """
    window = round(_WINDOW_S * stream.rate_hz)
    count = min(decoded.shape[1], whole.shape[1]) // window
    difference, sound = (
        np.square(part[:, : count * window].astype(float))
        .reshape(part.shape[0], count, window)
        .sum(axis=(0, 2))
        for part in (decoded[:, : count * window] - whole[:, : count * window], whole)
    )
    wrong = difference * 10 ** (_RECOVERED_DB / 10) > np.maximum(sound, 1e-12 * window)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lost.astype(np.int8), [0]])))
    begins, ends = edges[::2], edges[1::2]
    times = []
    for index, end in enumerate(ends):
        start = end * stream.packet_samples // window
        upto = count
        if index + 1 < len(begins):
            upto = begins[index + 1] * stream.packet_samples // window
        late = np.flatnonzero(wrong[start:upto])
        times.append((late[-1] + 1) * _WINDOW_S if len(late) else 0.0)
    return float(np.mean(times)) if times else None
