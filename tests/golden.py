"""Golden streams: small streams that were committed once, and what they decode to.

A stream that somebody stored must decode for ever. Each case below has one under `data/golden`,
and `expected.json` says what is in it, in one of three ways:

- `exact`: the digest of the decoded samples, where decoding is integers or correctly rounded
  arithmetic;
- `tokens`: the digest of the integers that the payload holds, for codecs whose network makes the
  samples (its weights are random here, and its rounding differs from processor to processor);
- `close`: decoded samples at a few places, met within a tolerance.

Left out are the streams of libraries (FLAC, Opus, MP3, AAC, Vorbis, LC3, G.722, AMR, Codec 2):
their formats are standards, and their encoders' bits change with the library's version.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

from codecmark import create
from codecmark.bitstream import frame
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec
from codecmark.errors import UnavailableError
from codecmark.neural.tokens import TokenPayloadCodec
from entries import tiny
from places import TESTS

FOLDER = TESTS / "data" / "golden"
EXPECTED = FOLDER / "expected.json"
RENEW = "pytest tests/contract/test_golden.py --update-golden"
PLACES = 64  # of decoded samples, where they are compared one by one
NOTICE = (
    "Users have stored such streams: unless this mends an error that made them unusable, keep "
    f"reading the old form, and give the new one another spec. To renew on purpose: {RENEW}"
)


@dataclass(frozen=True)
class Case:
    """One stream.

    Attributes
    ----------
    spec : str
    kind : {"exact", "tokens", "close"}
        What is compared, see the module.
    encodes : bool
        Whether every machine's encoder makes these very bytes.
    tolerance : float
        Of a `close` sample, as a part of the largest one.
    rate_hz, channels, n_samples : int
        Of its clip.
    shipped : bool
        Whether it needs the networks that this project trained; others are tiny here.
    """

    spec: str
    kind: Literal["exact", "tokens", "close"]
    encodes: bool = False
    tolerance: float = 0.0
    rate_hz: int = 16_000
    channels: int = 1
    n_samples: int = 4_000
    shipped: bool = False

    @property
    def name(self) -> str:
        """The name of its file, and of it in `expected.json`."""
        form = "" if self.rate_hz == 16_000 else f"-{self.rate_hz}hz-{self.channels}ch"
        return self.spec.translate(str.maketrans(":/@#~+", "------")) + form

    def clip(self) -> AudioClip:
        """Return a clip made of integers alone, the same on every machine: a sweep and noise."""
        index = np.arange(self.n_samples, dtype=np.int64)
        phase = (index * (400 + index // 8)) % 65_536
        sweep = np.abs(phase - 32_768) - 16_384  # a triangle wave
        noise = (index * index * 7_919 + index * 104_729) % 1_021 - 510
        channels = [(sweep * (3 - number) // 4 + noise) for number in range(self.channels)]
        samples = np.stack(channels).astype(np.float32) / np.float32(32_768)
        return AudioClip(samples, self.rate_hz)


def _tokens(spec: str, rate_hz: int = 16_000, channels: int = 1, n_samples: int = 4_000) -> Case:
    return Case(spec, "tokens", True, rate_hz=rate_hz, channels=channels, n_samples=n_samples)


CASES = (
    Case("pcm16", "exact", encodes=True, n_samples=500),
    Case("pcm16", "exact", encodes=True, n_samples=300, rate_hz=31_337, channels=2),
    Case("pcm@8bit", "exact", encodes=True, n_samples=1_000),
    Case("pcm@3bit", "exact", encodes=True, n_samples=1_001),
    Case("silence", "exact", encodes=True),
    Case("lowpass@3.5k", "exact", n_samples=500),
    Case("noise@10db", "close", encodes=True, tolerance=1e-5, n_samples=500),
    _tokens("encodec:24khz@6k"),
    _tokens("encodec:24khz@6k+ac"),
    _tokens("encodec:48khz@6k", 48_000, channels=2, n_samples=48_500),
    _tokens("encodec:48khz@6k+ac", 48_000, channels=2, n_samples=48_500),
    _tokens("dac:44khz@8k", 44_100, n_samples=8_000),
    _tokens("mimi@1.1k"),
    _tokens("snac:24khz"),
    _tokens("snac:24khz+ac"),
    _tokens("xcodec:general@2k"),
    _tokens("wavtokenizer:unify-40"),
    _tokens("neucodec"),
    _tokens("lyra@6k"),
    _tokens("lyra@6k+ac"),
    # Griffin-Lim makes 0.006 of a relative change of 1e-6 in its mel
    Case("mel:16k-64/griffinlim-32", "close", tolerance=3e-2),
    Case("mel:16k-64/griffinlim-64@int8", "close", tolerance=3e-2),
    Case("mel:16k-64/griffinlim-64@q0.5", "close", tolerance=3e-2),
    Case("mel:16k-64+wave@snr10", "close", tolerance=1e-2),
    Case("mel:16k-64+wave@8k", "close", tolerance=1e-2),
    Case("mel:16k-64+wave@8k-16k", "close", tolerance=1e-2),
    Case("mel:16k-64+wave+shaped@11k", "close", tolerance=1e-2),
    Case("mel:16k-64+wave+anchored@8k", "close", tolerance=3e-2, shipped=True),
    Case("opus@6k+wave@snr10", "close", tolerance=1e-2),
    Case("audioldm2:compact/griffinlim-64@q0.5", "close", tolerance=3e-2, shipped=True),
    Case("audioldm2:compact+wave@snr10", "close", tolerance=1e-2, shipped=True),
)


def built(case: Case) -> Codec:
    """Return the codec of a case, tiny where its network does not matter."""
    if not case.shipped:
        return tiny(case.spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CODECMARK_TRAINED", raising=False)
        return create(case.spec)


def encoded(case: Case, codec: Codec) -> bytes:
    """Encode the clip of a case; tokens are made up, so that no network has a say in them."""
    clip = case.clip()
    if case.kind != "tokens":
        return codec.encode(clip)
    inner = token_codec(codec)
    header = StreamHeader(clip.sample_rate_hz, clip.channels, clip.n_samples)
    head = np.full(inner.head_bytes(header) // 4, 0.25, "<f4").tobytes()
    shape = inner.token_shape(header)
    index = np.arange(math.prod(shape), dtype=np.int64)
    skewed = (index * index * 7_919 + index * 104_729) % 97 % (1 << inner.bits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inner, "encode_parts", lambda _: (head, skewed.reshape(shape)))
        return codec.encode(clip)


def token_codec(codec: Codec) -> TokenPayloadCodec:
    """Return the codec itself, or the one whose tokens it range codes."""
    inner = getattr(codec, "_codec", codec)
    assert isinstance(inner, TokenPayloadCodec)
    return inner


def tokens_of(codec: Codec, stream: bytes) -> str:
    """Return the digest of the integers in a stream of a token codec, and of what precedes them."""
    inner = token_codec(codec)
    digest = hashlib.sha256()
    seen = []

    def instead(head: bytes, tokens: Any, header: StreamHeader) -> Samples:
        digest.update(head + np.asarray(tokens.shape, "<i8").tobytes())
        digest.update(np.ascontiguousarray(tokens, "<i8").tobytes())
        seen.append(tokens.shape)
        return np.zeros((header.channels, header.n_samples), np.float32)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inner, "decode_parts", instead)
        codec.decode(stream)
    assert len(seen) == 1
    return digest.hexdigest()


def places(samples: Samples) -> list[float]:
    """Return some of the samples, from all over the clip."""
    flat = samples.ravel()
    at = np.linspace(0, flat.size - 1, PLACES).astype(int)
    return [round(float(value), 6) for value in flat[at]]


def content(case: Case, codec: Codec, stream: bytes) -> dict[str, Any]:
    """Return what is kept of a stream."""
    kept: dict[str, Any] = {"spec": case.spec, "bytes": len(stream)}
    if case.kind == "tokens":
        return {**kept, "tokens_sha256": tokens_of(codec, stream)}
    samples = codec.decode(stream).samples
    if case.kind == "exact":
        digest = hashlib.sha256(samples.astype("<f4").tobytes()).hexdigest()
        return {**kept, "samples_sha256": digest}
    return {**kept, "peak": round(float(np.abs(samples).max()), 6), "samples": places(samples)}


def opened(case: Case) -> tuple[StreamHeader, bytes]:
    """Return the header and the payload of a committed stream."""
    return frame.unpack(case.spec, (FOLDER / f"{case.name}.stream").read_bytes())


def framed(case: Case, header: StreamHeader, payload: bytes) -> bytes:
    """Return a stream with a checksum that holds."""
    return frame.pack(case.spec, header, payload)


def update() -> None:
    """Write every stream anew, and what is expected of it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    expected = json.loads(EXPECTED.read_text(encoding="utf-8")) if EXPECTED.exists() else {}
    names = {case.name for case in CASES}
    for name in expected.keys() - names:
        (FOLDER / f"{name}.stream").unlink(missing_ok=True)
    expected = {name: kept for name, kept in expected.items() if name in names}
    for case in CASES:
        try:
            codec = built(case)
        except UnavailableError as error:
            print(f"{case.name} stays as it is: {error}")
            continue
        stream = encoded(case, codec)
        (FOLDER / f"{case.name}.stream").write_bytes(stream)
        expected[case.name] = content(case, codec, stream)
    EXPECTED.write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
