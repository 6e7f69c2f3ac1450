"""Plug-ins that remember what they did, or print what nobody asked for, for tests of figures."""

from __future__ import annotations

import atexit
import time
from typing import Any, ClassVar

import numpy as np

from cheating import SENT, Honest
from codecmark import AudioClip
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import Samples

WORK_S = 0.05
NEAR_DB = 41.0


class Printer(Honest):
    """Says good-bye at exit, as a logger does."""

    farewell: Any = "bye."

    def __init__(self) -> None:
        super().__init__()
        atexit.register(lambda: print(self.farewell))


class MemLie(Printer):
    """Says at exit that it took half a mebibyte."""

    farewell = 0.5


class Memo(Honest):
    """Takes its time for what it has not coded before, as with `functools.lru_cache`."""

    streams: ClassVar[dict[str, bytes]] = {}
    decoded: ClassVar[dict[bytes, Samples]] = {}

    def encode_payload(self, clip: AudioClip) -> bytes:
        if clip.sha256() not in self.streams:
            time.sleep(WORK_S)
            self.streams[clip.sha256()] = super().encode_payload(clip)
        return self.streams[clip.sha256()]

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        if payload not in self.decoded:
            time.sleep(WORK_S)
            self.decoded[payload] = super().decode_payload(payload, header)
        return self.decoded[payload]


class Ahead(Memo):
    """Its encoder keeps what its decoder would compute."""

    def encode_payload(self, clip: AudioClip) -> bytes:
        payload = super().encode_payload(clip)
        self.decoded[payload] = clip.samples
        return payload


class Near(Honest):
    """Sends a sound with some noise, and decodes to the sound itself where it has kept it."""

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        clean: Samples = super().decode_payload(payload, header)
        if payload in SENT:
            return clean
        noise = np.random.default_rng(0).standard_normal(clean.shape).astype(np.float32)
        return clean + noise * np.float32(clean.std() / 10 ** (NEAR_DB / 20))

    def encode_payload(self, clip: AudioClip) -> bytes:
        payload = super().encode_payload(clip)
        SENT[payload] = clip.samples
        return payload


class Warm(Honest):
    """Is slow once in a process, as what compiles is."""

    def __init__(self) -> None:
        super().__init__()
        self.cold = {"encode", "decode"}

    def encode_payload(self, clip: AudioClip) -> bytes:
        self._work("encode")
        return super().encode_payload(clip)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        self._work("decode")
        return super().decode_payload(payload, header)

    def _work(self, phase: str) -> None:
        if phase in self.cold:
            time.sleep(5 * WORK_S)
        self.cold.discard(phase)


PLUGINS = (Printer, MemLie, Memo, Ahead, Near, Warm)
