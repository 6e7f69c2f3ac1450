"""Comparison of the wrappers with the reference: tokens from streams, and decoded audio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codecmark import catalog
from codecmark.bitstream import bitpacking, frame
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec
from codecmark.networks.setup import Setup
from codecmark.neural.dac import PUBLISHED as DAC
from codecmark.neural.dac import DacCodec
from codecmark.neural.encodec_network import PUBLISHED as ENCODEC
from codecmark.studies.parity import reference

TOLERANCE = 1e-5
TOKEN_BITS = 10
AWKWARD_SAMPLES = 2 * 47_520 + 100  # at 48 kHz, so that the last two segments are short
DAC_S = 1.234  # DAC is slow, so only the start of the clip is used,
PARTIAL_S = 0.1  # and even less with fewer than all codebooks


@dataclass(frozen=True)
class TensorComparison:
    """One codec setting on one clip.

    Attributes
    ----------
    samples : int
        Length of the clip at the codec's rate.
    tokens, differing, distinct : int
        Number of tokens, of those that differ from the reference's, and of distinct values.
    levels, ecdc, twin : bool or None
        Whether levels, the package's own stream, and the stream of `#original` agree; None if
        there is nothing to compare.
    rms, deviation : float
        RMS of the reference's decoded audio, and the largest difference of a sample from it.
    """

    spec: str
    codebooks: int
    samples: int
    tokens: int
    differing: int
    distinct: int
    levels: bool | None
    ecdc: bool | None
    twin: bool | None
    rms: float
    deviation: float

    @property
    def holds(self) -> bool:
        """Whether everything is equal, with the audio within `TOLERANCE`."""
        agreements = {self.levels, self.ecdc, self.twin}
        return self.differing == 0 and False not in agreements and self.deviation <= TOLERANCE


def encodec(variant: str, model: Any, clip: AudioClip, setup: Setup) -> Iterator[TensorComparison]:
    """Compare every published bitrate of EnCodec on a clip at its sample rate and channels."""
    clips = [clip]
    if variant == "48khz":
        clips.append(AudioClip(clip.samples[:, :AWKWARD_SAMPLES], clip.sample_rate_hz))
    for bitrate_kbps in ENCODEC[variant]["target_bandwidths"]:
        spec = f"encodec:{variant}@{bitrate_kbps:g}k"
        codec, twin = (catalog.create(name, setup) for name in (spec, f"{spec}#original"))
        for part in clips:
            expected = reference.encodec(model, part, bitrate_kbps)
            payload, audio = _through_bytes(codec, part)
            segments = len(expected.levels)
            levels = np.frombuffer(payload[: 4 * segments], "<f4")
            unpacked = _unpacked if segments else _frames_first
            tokens = unpacked(payload[4 * segments :], expected.tokens.shape)
            written = reference.ecdc(model, part, bitrate_kbps, _frame_counts(model, part))
            same_ecdc = np.array_equal(written.tokens, tokens) and np.array_equal(
                written.levels, levels
            )
            yield _compared(
                spec, tokens, expected, audio, expected.audio,
                levels=np.array_equal(levels, expected.levels) if segments else None,
                ecdc=same_ecdc,
                twin=_same_through_bytes(twin, part, payload, audio),
            )  # fmt: skip


def descript(variant: str, model: Any, clip: AudioClip, setup: Setup) -> Iterator[TensorComparison]:
    """Compare DAC at each number of codebooks, from one to all, on the start of a clip."""
    config = DAC[variant]
    books = int(config["n_codebooks"])
    all_kbps = books * TOKEN_BITS * config["sampling_rate"] / config["hop_length"] / 1000
    spec = f"dac:{variant}@{all_kbps:.4g}k"
    codec = catalog.create(spec, setup)
    if not isinstance(codec, DacCodec):
        raise TypeError(f"{spec} is not a DacCodec")
    start = clip.cropped(PARTIAL_S)
    for codebooks in range(1, books):
        codec.codebooks = codebooks
        yield _descript(spec, codec, model, start, codebooks, twin=None)
    codec.codebooks = books
    whole = clip.cropped(DAC_S)
    twin = catalog.create(f"{spec}#original", setup)
    yield _descript(spec, codec, model, whole, books, twin=twin)


def _descript(
    spec: str, codec: DacCodec, model: Any, clip: AudioClip, codebooks: int, twin: Codec | None
) -> TensorComparison:
    expected = reference.descript(model, clip, codebooks)
    payload, audio = _through_bytes(codec, clip)
    tokens = _frames_first(payload, expected.tokens.shape)
    early = codec.early_samples
    return _compared(
        spec, tokens, expected, audio[:, early:], expected.audio[:, : clip.n_samples - early],
        twin=None if twin is None else _same_through_bytes(twin, clip, payload, audio),
    )  # fmt: skip


def _through_bytes(codec: Codec, clip: AudioClip) -> tuple[bytes, Samples]:
    stream = codec.encode(clip)
    _, payload = frame.unpack(codec.info.spec, stream)
    return payload, codec.decode(stream).samples


def _same_through_bytes(twin: Codec, clip: AudioClip, payload: bytes, audio: Samples) -> bool:
    twin_payload, twin_audio = _through_bytes(twin, clip)
    return twin_payload == payload and float(np.abs(twin_audio - audio).max()) <= TOLERANCE


def _unpacked(payload: bytes, shape: tuple[int, ...]) -> NDArray[np.int64]:
    return bitpacking.unpack_integers(payload, int(np.prod(shape)), TOKEN_BITS).reshape(shape)


def _frames_first(payload: bytes, shape: tuple[int, ...]) -> NDArray[np.int64]:
    return _unpacked(payload, shape[::-1]).T


def _frame_counts(model: Any, clip: AudioClip) -> list[int]:
    length = model.segment_length or clip.n_samples
    stride = model.segment_stride or clip.n_samples
    starts = range(0, clip.n_samples, stride)
    hop = model.encoder.hop_length
    return [-(-min(length, clip.n_samples - start) // hop) for start in starts]


def _compared(
    spec: str,
    tokens: NDArray[np.int64],
    expected: reference.Coded,
    audio: Samples,
    expected_audio: Samples,
    *,
    levels: bool | None = None,
    ecdc: bool | None = None,
    twin: bool | None = None,
) -> TensorComparison:
    return TensorComparison(
        spec=spec,
        codebooks=tokens.shape[0],
        samples=audio.shape[1],
        tokens=tokens.size,
        differing=int((tokens != expected.tokens).sum()),
        distinct=sum(len(np.unique(book)) for book in expected.tokens),
        levels=levels,
        ecdc=ecdc,
        twin=twin,
        rms=float(np.sqrt(np.mean(np.square(expected_audio, dtype=np.float64)))),
        deviation=float(np.abs(audio - expected_audio).max()),
    )
