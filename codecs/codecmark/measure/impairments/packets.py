"""The packets of a stream, and decoders that take them one by one and may conceal lost ones.

A codec that is sent over networks is given packets here by the function that `_FAMILIES` names;
decoding all of a stream's packets in order gives what `decode` does.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np

from codecmark.bitstream import frame
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples, fit_length, resample
from codecmark.codec import Codec
from codecmark.spec import Spec

_ROOM = "codecmark.measure.impairments"
_FAMILIES = {
    "opus": "opus_packets",
    "lc3": "lc3_packets",
    "amr": "telephone_packets",
    "g722": "telephone_packets",
    "lyra": "token_packets",
}
_CONCEALING = ("opus", "lc3", "amr")  # whose decoders here fill in for lost packets


class PacketDecoder(Protocol):
    """Decodes consecutive packets to float32 `[channels, n]`, delay included."""

    def decode(self, packet: bytes) -> Samples:
        """Return the sound of a packet that arrived."""
        ...

    def conceal(self, following: bytes | None) -> Samples:
        """Return what stands for a lost one; the next packet, if it arrived, may hold a copy."""
        ...


@dataclass(frozen=True)
class PacketStream:
    """A stream in packets.

    Attributes
    ----------
    packets : list of bytes
    packet_samples : int
        Samples per channel of each, at `rate_hz`; the last may have fewer.
    delay_samples : int
        By how many the decoded sound comes late.
    open : callable
        Returns a fresh decoder.
    """

    header: StreamHeader
    packets: list[bytes]
    packet_samples: int
    rate_hz: int
    delay_samples: int
    open: Callable[[], PacketDecoder]

    @property
    def packet_s(self) -> float:
        """Seconds of sound in a packet."""
        return self.packet_samples / self.rate_hz

    def finished(self, decoded: Samples) -> AudioClip:
        """Return decoded `[channels, n]` without its delay, at the clip's rate and length."""
        header = self.header
        length = -(-header.n_samples * self.rate_hz // header.sample_rate_hz)
        kept = decoded[:, max(0, self.delay_samples) :]
        if self.delay_samples < 0:
            kept = np.pad(kept, ((0, 0), (-self.delay_samples, 0)))
        at_rate = fit_length(kept, length)
        samples = resample(at_rate, self.rate_hz, header.sample_rate_hz, header.n_samples)
        return AudioClip(samples.astype(np.float32), header.sample_rate_hz)


def module_of(family: str) -> str | None:
    """Return the module that makes packets of a family's streams; None without packets."""
    name = _FAMILIES.get(family)
    return None if name is None else f"{_ROOM}.{name}"


def refusal(spec: str, concealment: str | None) -> str | None:
    """Return why packets of a codec cannot be lost, or concealed in this way; None if they can."""
    family = Spec.parse(spec).family
    if family not in _FAMILIES:
        return f"it has no packets to lose here, as {', '.join(_FAMILIES)} have"
    if concealment == "own" and family not in _CONCEALING:
        return "its decoder conceals nothing here; use silence or repetition"
    return None


def of(codec: Codec, stream: bytes) -> PacketStream:
    """Split what `codec.encode` returned.

    Raises
    ------
    InputError
        If the clip has more channels than the packets can hold.
    """
    header, payload = frame.unpack(codec.info.spec, stream)
    name = module_of(codec.info.family)
    if name is None:
        raise AssertionError(f"{codec.info.spec} has no packets")  # refused before
    split = cast(
        "Callable[[Codec, bytes, StreamHeader], PacketStream]",
        importlib.import_module(name).split,
    )
    return split(codec, payload, header)
