"""The one interface every codec has: PCM in, bytes out; bytes in, the same number of samples out.

A codec implements `encode_payload` and `decode_payload`; the base class frames the payload, checks
both directions and turns any library's exception into this package's errors. So the promises
below hold for every codec, a plug-in's too:

- `decode` needs nothing but the bytes and returns exactly the channels and samples that went in;
- the same clip gives the same bytes;
- only `CodecmarkError` leaves, and the instance stays usable after one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np

from codecmark.bitstream import frame
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples
from codecmark.errors import BitstreamError, CodecError, CodecmarkError, InputError
from codecmark.system.execution import EAGER, MARK, Execution

Evidence = Literal["none", "published", "trained", "replayed", "elsewhere", "random"]


@dataclass(frozen=True)
class Weights:
    """What a codec's learned part is, and so what its rows may claim.

    Attributes
    ----------
    evidence : str
        `none`: the codec has no learned part. `published`: the published file, from a folder, the
        cache or the network. `trained`: weights that this project trained and ships. `replayed`:
        decoded audio that was published stands for the codec; quality is real, the rate is the
        nominal one, and there are neither bytes nor times. `elsewhere`: files that somebody
        decoded elsewhere, of which no more is known.
        `random`: seeded random numbers in the published architecture; speed, memory and rate are
        real, quality is never computed.
    sha256 : str or None
        Digest of the file, or of the sorted lines "path digest" where there are several.
    note : str
        Where they were found; for `random`, what is missing and how to get it.
    """

    evidence: Evidence
    sha256: str | None = None
    note: str = ""


NO_WEIGHTS = Weights("none")


@dataclass(frozen=True)
class CodecInfo:
    """What a codec says about itself; none of it is measured.

    Attributes
    ----------
    spec : str
        The spec string that builds it; labels every row.
    family : str
        First part of the spec.
    sample_rate_hz : int or None
        The rate it works at inside; None where it follows the clip.
    channels : int or None
        The channel count it works with inside; None where it follows the clip.
    nominal_bitrate_kbps : float or None
        The rate its label promises, for one channel where `channels` is 1; None where quality,
        not rate, is set.
    algorithmic_delay_samples : int or None
        Frame, look-ahead and overlap at `sample_rate_hz` (at the clip's rate where that is None),
        removed by `decode`; None for a codec that is not made for live use, because it looks at
        the whole clip or states no bound.
    parameters : int or None
        Learned parameters that encode and decode use; 0 without a learned part, None where the
        published files do not tell.
    weights : Weights
        Where the learned part comes from, and so what its rows may claim.
    licence : str
        Licence of the implementation, and of the weights where it differs.
    reference : str
        Paper, standard or source.
    entropy_coded : bool
        Whether its size depends on what the learned part makes of the clip, although a nominal
        rate is stated.
    notes : str
        What a reader of its figures must know, e.g. resampling or a container that counts.
    device : str
        Where its network runs.
    backend : str
        `native` for a library's own code, `eager` for PyTorch, else see `system.execution`.
    dtype : str or None
        What the network's products are in; None for a library's own code.
    """

    spec: str
    family: str
    sample_rate_hz: int | None
    channels: int | None
    nominal_bitrate_kbps: float | None
    algorithmic_delay_samples: int | None
    licence: str
    reference: str
    parameters: int | None = 0
    weights: Weights = NO_WEIGHTS
    entropy_coded: bool = False
    notes: str = ""
    device: str = "cpu"
    backend: str = "native"
    dtype: str | None = None

    def delay_ms(self, clip_rate_hz: int) -> float | None:
        """Return the algorithmic delay for clips of a rate."""
        if self.algorithmic_delay_samples is None:
            return None
        return 1000 * self.algorithmic_delay_samples / (self.sample_rate_hz or clip_rate_hz)

    def nominal_kbps(self, channels: int) -> float | None:
        """Return the nominal rate; a codec that works on one channel spends it on each of them."""
        if self.nominal_bitrate_kbps is None or self.channels != 1:
            return self.nominal_bitrate_kbps
        return self.nominal_bitrate_kbps * channels


class Codec(ABC):
    """Base of every codec; see the module's promises.

    Attributes
    ----------
    info : CodecInfo
    """

    info: CodecInfo

    @property
    def execution(self) -> Execution:
        """How its network runs, as its spec says."""
        _, marked, way = self.info.spec.partition(MARK)
        return Execution.parse(way) if marked else EAGER

    @abstractmethod
    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the coded form of a valid clip, without any frame."""

    @abstractmethod
    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return float32 `[header.channels, header.n_samples]` from an intact payload.

        The checksum has held, but a hostile writer can make one that holds: check every length
        before allocating for it, and raise `BitstreamError`.
        """

    def reset(self) -> None:  # noqa: B027 - most codecs keep no state
        """Return to the initial state, where a codec keeps one between calls.

        `encode` and `decode` do so themselves when needed; calling it before keeps the cost out
        of a timed call.
        """

    def encode(self, clip: AudioClip) -> bytes:
        """Encode one clip.

        Returns
        -------
        bytes
            The whole stream, frame included; its length is the codec's size.

        Raises
        ------
        InputError
            If `clip` is not an `AudioClip`, or has a form this codec refuses.
        CodecError
            If the codec fails on it.
        """
        if not isinstance(clip, AudioClip):
            raise InputError(
                f"clip: must be an AudioClip, got {type(clip).__name__}; "
                "wrap the array: AudioClip(samples, sample_rate_hz)"
            )
        try:
            payload = self.encode_payload(clip)
        except CodecmarkError:
            raise
        except Exception as error:
            raise CodecError(f"{self.info.spec} failed to encode: {_describe(error)}") from error
        header = StreamHeader(clip.sample_rate_hz, clip.channels, clip.n_samples)
        return frame.pack(self.info.spec, header, payload)

    def decode(self, stream: bytes) -> AudioClip:
        """Decode a stream that `encode` of the same spec wrote, in this process or another.

        Raises
        ------
        BitstreamError
            If the bytes are not such a stream; names the field.
        CodecError
            If the codec fails on an intact stream.
        """
        header, payload = frame.unpack(self.info.spec, stream)
        try:
            samples = self.decode_payload(payload, header)
        except CodecmarkError:
            raise
        except Exception as error:
            raise BitstreamError(
                "payload", f"{self.info.spec} could not decode it: {_describe(error)}"
            ) from error
        if samples.shape != (header.channels, header.n_samples):
            raise CodecError(
                f"{self.info.spec} decoded shape {samples.shape}, the stream holds "
                f"{(header.channels, header.n_samples)}"
            )
        if not np.isfinite(samples).all():
            raise CodecError(f"{self.info.spec} decoded to NaN or Inf")
        return AudioClip(samples.astype(np.float32, copy=False), header.sample_rate_hz)


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
