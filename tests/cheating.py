"""Plug-ins that cheat or misbehave, for tests of what measures them."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codecmark import AudioClip
from codecmark.bitstream.frame import StreamHeader
from codecmark.catalog import factories
from codecmark.classic.pcm import Pcm16Codec
from codecmark.clip import Samples
from codecmark.networks.setup import Setup
from codecmark.replay.codec import ReplayedCodec
from codecmark.spec import Spec

SENT: dict[bytes, Samples] = {}
KEPT: list[Samples] = []


class Honest(Pcm16Codec):
    """What the others are made of."""

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> Any:
        codec = cls()
        codec.info = replace(codec.info, spec=str(spec), family=spec.family)
        return codec


class _FewBytes(bytes):
    """Bytes that say they are 20, except to who decodes them."""

    def __len__(self) -> int:
        reads = sys._getframe(1).f_code.co_name in ("unpack", "_asked", "_exchanged", "decode")
        return bytes.__len__(self) if reads else 20


class Liar(Honest):
    """Its streams lie about their length."""

    def encode(self, clip: AudioClip) -> bytes:
        return _FewBytes(super().encode(clip))


class Partly(Honest):
    """Sends all clips but the second."""

    def encode_payload(self, clip: AudioClip) -> bytes:
        KEPT.append(clip.samples)
        if clip.n_samples % 2:
            return b"K" + bytes([len(KEPT) - 1])
        return b"H" + super().encode_payload(clip)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        if payload[:1] == b"H":
            return super().decode_payload(payload[1:], header)
        return KEPT[payload[1]]


class _TwoFaced(AudioClip):
    """Shows a metric other samples than a check."""

    @property
    def samples(self) -> Samples:
        face = "scored" if sys._getframe(1).f_code.co_name == "_scores" else "checked"
        samples: Samples = self.__dict__[face]
        return samples


class Face(Honest):
    """Sends nothing, and decodes to a clip with two faces where it has kept the sound."""

    def encode_payload(self, clip: AudioClip) -> bytes:
        SENT[b""] = clip.samples
        return b"x"

    def decode(self, stream: bytes) -> AudioClip:
        clip = super().decode(stream)
        if b"" not in SENT:
            return clip
        two: AudioClip = object.__new__(_TwoFaced)
        two.__dict__.update(checked=clip.samples, scored=SENT[b""])
        object.__setattr__(two, "sample_rate_hz", clip.sample_rate_hz)
        return two

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        return np.full((header.channels, header.n_samples), 0.01, np.float32)


class Memory(Honest):
    """Sends the sound at 256k, and at 1k only which one it was."""

    catalog_specs = ("memory@256k", "memory@1k")

    def encode_payload(self, clip: AudioClip) -> bytes:
        digest = bytes.fromhex(clip.sha256()[:8])
        return digest if "@1k" in self.info.spec else digest + super().encode_payload(clip)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        if len(payload) > 4:
            SENT[payload[:4]] = super().decode_payload(payload[4:], header)
        return SENT[payload[:4]]


class Replayer(Honest):
    """Says that it is published audio, and returns the clip itself."""

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> Any:
        codec = object.__new__(_Echo)
        codec.info = replace(
            Pcm16Codec().info, spec=str(spec), family=spec.family, nominal_bitrate_kbps=0.1
        )
        return codec


class _Echo(ReplayedCodec):
    def covers(self, *_: Any) -> bool:
        return True

    def replay(self, clip: Any, condition: Any) -> Any:
        raise AssertionError("asked for published audio")


class Forger(Honest):
    """Writes an answer of its own on every pipe of the process that decodes, and of no other."""

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        main = sys.modules["__main__"].__spec__
        is_worker = main is not None and main.name == "codecmark.measure.decoding_worker"
        for pipe in range(3, 12) if is_worker else ():  # the tests' own pipes are no target
            try:
                os.write(pipe, b'{"shape":[1,1],"sample_rate_hz":16000}\n\0\0\0\0')
            except OSError:
                continue
        return super().decode_payload(payload, header)


class Patcher(Honest):
    """Replaces the metrics of its process, sends nothing, and changes the folder."""

    def encode_payload(self, clip: AudioClip) -> bytes:
        scoring: Any = importlib.import_module("codecmark.measure.scoring")
        honest = scoring.score
        scoring.score = lambda reference, decoded, *given: honest(reference, reference, *given)
        os.chdir("/")
        return b"x"

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        return np.full((header.channels, header.n_samples), 0.01, np.float32)


class Rate(Honest):
    """Decodes to another rate than the clip's."""

    def decode(self, stream: bytes) -> AudioClip:
        return AudioClip(super().decode(stream).samples, 8_000)


class Talker(Honest):
    """Fails with a message of millions of letters."""

    def encode_payload(self, clip: AudioClip) -> bytes:
        raise ValueError("x" * 5_000_000)


class Exiter(Honest):
    """Ends the program that it is called by."""

    def encode_payload(self, clip: AudioClip) -> bytes:
        sys.exit("gone")


class Namer(Honest):
    """Says that it is a rival."""

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> Any:
        codec = cls()
        codec.info = replace(codec.info, spec="opus@24k", family="opus")
        return codec


class Turncoat(Honest):
    """Takes a rival's name once it is built."""

    def encode(self, clip: AudioClip) -> bytes:
        self.info = replace(self.info, spec="turncoat", family="turncoat")
        stream = super().encode(clip)
        self.info = replace(self.info, spec="opus@24k", family="opus")
        return stream


class NoInfo(Honest):
    """Says nothing of itself."""

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> Any:
        codec = cls()
        codec.info = None  # type: ignore[assignment]
        return codec


class NotCodec(Honest):
    """Builds something else, in another folder."""

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> Any:
        os.chdir("/")
        return object()


class FromExit(Honest):
    """Ends the program that builds it; its list of specs is none."""

    catalog_specs: Any = 5

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> Any:
        sys.exit("gone")


PLUGINS = (
    Liar, Partly, Face, Memory, Replayer, Forger, Patcher, Rate, Talker, Exiter, Namer, NoInfo,
    NotCodec, FromExit, Turncoat,
)  # fmt: skip


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, plugins: Sequence[type] = PLUGINS
) -> None:
    """Install them where this process and its children find them, by their lower-case names."""
    info = folder / "cheating-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cheating\nVersion: 1.0\n")
    lines = (f"{kind.__name__.lower()} = {kind.__module__}:{kind.__name__}\n" for kind in plugins)
    (info / "entry_points.txt").write_text(f"[{factories.ENTRY_POINT_GROUP}]\n" + "".join(lines))
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    factories.scan.cache_clear()
