"""The interface of every codec: PCM to bytes, and bytes to the same number of samples.

A codec implements `encode_payload` and `decode_payload`. The base class frames the payload, checks
both directions and turns the exceptions of libraries into this package's errors, so every codec,
plug-ins included, keeps these promises:

- `decode` needs nothing but the bytes, and returns as many channels and samples as went in;
- the same clip gives the same bytes;
- only `CodecmarkError` is raised, and the instance stays usable afterwards.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from codecmark.bitstream import frame
from codecmark.bitstream.frame import USUAL_LIMITS, DecodeLimits, StreamHeader
from codecmark.clip import AudioClip, Samples
from codecmark.errors import BitstreamError, CodecError, CodecmarkError, InputError
from codecmark.spec import Spec
from codecmark.system.execution import EAGER, MARK, Execution
from codecmark.system.text import shortened

Evidence = Literal["none", "published", "trained", "replayed", "elsewhere", "random"]


@dataclass(frozen=True)
class Weights:
    """Where a codec's learned weights come from, which decides what its rows may claim.

    Attributes
    ----------
    evidence : str
        `none`: the codec has no learned part. `published`: the published file, from a folder, the
        cache or the network. `trained`: weights that this project trained and ships. `replayed`:
        published decoded audio replaces the codec; quality is real, the rate is nominal, and there
        are neither bytes nor times. `elsewhere`: files that were decoded elsewhere, of unknown
        origin. `random`: seeded random numbers in the published architecture; speed, memory and
        rate are real, quality is never computed.
    sha256 : str or None
        Digest of the file, or of the sorted lines "path digest" of several files.
    note : str
        Where the weights were found; for `random`, what is missing and how to get it.
    """

    evidence: Evidence
    sha256: str | None = None
    note: str = ""


NO_WEIGHTS = Weights("none")


@dataclass(frozen=True, kw_only=True)
class CodecInfo:
    """What a codec declares about itself; nothing here is measured.

    Attributes
    ----------
    spec : str
        The spec string that builds the codec and labels its rows.
    family : str
        First part of the spec.
    sample_rate_hz : int or None
        The codec's internal rate; by default None: it works at the clip's rate.
    channels : int or None
        The codec's internal channel count; by default None: it works with the clip's.
    nominal_bitrate_kbps : float or None
        The rate that the setting promises, per channel if `channels` is 1; by default None: the
        setting fixes quality instead of rate.
    algorithmic_delay_samples : int or None
        Frame, look-ahead and overlap in samples at `sample_rate_hz` (at the clip's rate if that is
        None); `decode` removes the delay. None for a codec that is not meant for live use: it
        needs the whole clip, or states no bound.
    parameters : int or None
        Number of learned parameters that encoding and decoding use; 0 without a learned part, None
        if the published files do not say.
    weights : Weights
        Where the learned weights come from.
    licence : str
        Licence of the implementation, and of the weights if it differs.
    reference : str
        Paper, standard or source.
    entropy_coded : bool
        Whether entropy coding makes the actual size differ from the nominal rate.
    notes : str
        What a reader of the codec's figures must know, e.g. that it resamples, or that its
        container counts.
    device : str
        The device that the network runs on.
    backend : str
        `native` for a library's own code, `eager` for PyTorch; for others see `system.execution`.
    dtype : str or None
        The precision of the network's products; None for a library's own code.
    """

    spec: str
    family: str
    sample_rate_hz: int | None = None
    channels: int | None = None
    nominal_bitrate_kbps: float | None = None
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
        """Return the algorithmic delay in ms for clips at `clip_rate_hz`; None if undeclared."""
        if self.algorithmic_delay_samples is None:
            return None
        return 1000 * self.algorithmic_delay_samples / (self.sample_rate_hz or clip_rate_hz)

    def nominal_kbps(self, channels: int) -> float | None:
        """Return the nominal rate in kbit/s of a clip with this many channels.

        A codec that works on single channels spends its rate on each of them.
        """
        if self.nominal_bitrate_kbps is None or self.channels != 1:
            return self.nominal_bitrate_kbps
        return self.nominal_bitrate_kbps * channels


class Codec(ABC):
    """Base class of every codec; the module lists its promises.

    Attributes
    ----------
    info : CodecInfo
    limits : DecodeLimits
        What a stream may claim to hold for `decode` to go on: by default two hours and 2 GiB of
        samples. A caller may set others.
    """

    info: CodecInfo
    limits: DecodeLimits = USUAL_LIMITS

    @classmethod
    def from_spec(cls, spec: Spec, _setup: Any, /) -> Codec:
        """Build the codec, here one of a single form; override it for variants and settings.

        Parameters
        ----------
        spec : Spec
        _setup : codecmark.networks.setup.Setup
            Where weights are, and how and where a network runs.

        Raises
        ------
        InputError
            If the spec is more than a family.
        """
        spec.refuse_variant()
        spec.refuse_setting()
        return cls()

    @property
    def execution(self) -> Execution:
        """How the network runs, as the spec states."""
        _, mark, execution_text = self.info.spec.partition(MARK)
        return Execution.parse(execution_text) if mark else EAGER

    @abstractmethod
    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the coded form of a valid clip, without the stream header."""

    @abstractmethod
    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return float32 `[header.channels, header.n_samples]` from an intact payload.

        The checksum has been verified, but a hostile writer can forge one: check every length
        before allocating memory for it, and raise `BitstreamError`.
        """

    def reset(self) -> None:  # noqa: B027 - most codecs keep no state
        """Return a codec that keeps state between calls to its initial state.

        `encode` and `decode` reset the codec themselves when needed; an earlier call keeps the
        cost out of the timed one.
        """

    def encode(self, clip: AudioClip) -> bytes:
        """Encode one clip.

        Returns
        -------
        bytes
            The whole stream, header included; its length is the size that rows report.

        Raises
        ------
        InputError
            If `clip` is not an `AudioClip`, or the codec does not support its format.
        CodecError
            If the codec fails on the clip.
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
        except (Exception, SystemExit) as error:
            raise CodecError(f"{self.info.spec} failed to encode: {_describe(error)}") from error
        if type(payload) not in (bytes, bytearray):  # a kind of them can say another length
            raise CodecError(
                f"{self.info.spec} encoded to {type(payload).__name__}; it must be bytes"
            )
        header = StreamHeader(clip.sample_rate_hz, clip.channels, clip.n_samples)
        return frame.pack(self.info.spec, header, payload)

    def decode(self, stream: bytes) -> AudioClip:
        """Decode a stream that `encode` of the same spec wrote, in this process or another.

        Raises
        ------
        BitstreamError
            If the bytes are not such a stream, or claim more than the limits; names the field.
        CodecError
            If the codec fails on an intact stream.
        """
        header, payload = frame.unpack(self.info.spec, stream)
        self.limits.require(header)
        try:
            samples = self.decode_payload(payload, header)
        except CodecmarkError:
            raise
        except (Exception, SystemExit) as error:
            raise BitstreamError(
                "payload", f"{self.info.spec} could not decode it: {_describe(error)}"
            ) from error
        if not isinstance(samples, np.ndarray) or samples.dtype.kind != "f":
            kind = getattr(samples, "dtype", type(samples).__name__)
            raise CodecError(f"{self.info.spec} decoded to {kind}; it must be an array of floats")
        if samples.shape != (header.channels, header.n_samples):
            raise CodecError(
                f"{self.info.spec} decoded shape {samples.shape}, the stream holds "
                f"{(header.channels, header.n_samples)}"
            )
        with np.errstate(over="ignore"):
            samples = samples.astype(np.float32, copy=False)
        if not np.isfinite(samples).all():
            raise CodecError(f"{self.info.spec} decoded to NaN or Inf")
        return AudioClip(samples, header.sample_rate_hz)


def _describe(error: BaseException) -> str:
    return shortened(f"{type(error).__name__}: {error}")
