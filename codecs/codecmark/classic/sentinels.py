"""Codecs whose figures are known in advance, as reference points in tables and checks of metrics.

Their streams are real, but nobody would use them: `silence` has 0 dB SNR by definition,
`noise@10db` the stated SNR, `pcm@8bit` 6.02 dB per bit on a full-scale uniform signal, and
`lowpass@3.5k` and `lowpass@7k` are the anchors of MUSHRA tests. The identity is `pcm16`.
"""

from __future__ import annotations

import hashlib
import re
from math import sqrt

import numpy as np

from codecmark.bitstream import bitpacking
from codecmark.bitstream.frame import StreamHeader
from codecmark.classic.pcm import Pcm16Codec
from codecmark.clip import AudioClip, Samples
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import BitstreamError, InputError
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

_NOISE_DB = (0, 90)
_PCM_BITS = (2, 16)
_LOWPASS_KHZ = (0.1, 20)
_STOP_DB = 60.0


class SilenceCodec(Codec):
    """Digital silence, one zero byte per 320 samples, so that longer clips cost more bytes.

    The error is the signal itself, so the SNR is 0 dB.
    """

    _BLOCK = 320

    def __init__(self) -> None:
        self.info = _info("silence", reference="SNR of silence: the error equals the signal")

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return one zero byte per block."""
        return bytes(-(-clip.n_samples // self._BLOCK))

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return zeros."""
        if len(payload) != -(-header.n_samples // self._BLOCK) or any(payload):
            raise BitstreamError("payload", f"not {header.n_samples} samples of silence")
        return np.zeros((header.channels, header.n_samples), np.float32)


class NoiseCodec(Pcm16Codec):
    """The clip as 16-bit PCM; decoding adds white noise at exactly the requested SNR.

    The noise is seeded with the digest of the PCM and added in floating point, so neither rounding
    nor clipping changes the SNR.
    """

    def __init__(self, snr_db: float) -> None:
        self._snr_db = snr_db
        self.info = _info(f"noise@{snr_db:g}db", reference="SNR by construction, Gaussian noise")

    @classmethod
    def from_spec(cls, spec: Spec, _setup: Setup) -> NoiseCodec:
        """Build from e.g. `noise@10db`."""
        return cls(_number(spec, "db", _NOISE_DB, "noise@10db"))

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the clip with noise added."""
        signal = super().decode_payload(payload, header).astype(float)
        seed = int.from_bytes(hashlib.sha256(payload).digest()[:8], "little")
        noise = np.random.default_rng(seed).standard_normal(signal.shape)
        noise_norm = sqrt(float(np.square(signal).sum()) / 10 ** (self._snr_db / 10))
        noise *= noise_norm / sqrt(float(np.square(noise).sum()))
        return (signal + noise).astype(np.float32)


class LowPassCodec(Pcm16Codec):
    """The low-pass filtered clip, as 16-bit PCM.

    A linear-phase filter with its delay removed: flat up to the cutoff frequency, at least 60 dB
    down above 8/7 of it, which is within the template of the anchors. Clips with a narrower band
    pass unchanged.
    """

    def __init__(self, frequency_khz: float) -> None:
        self._edge_hz = 1000 * frequency_khz
        self.info = _info(
            f"lowpass@{frequency_khz:g}k", reference="anchors of ITU-R BS.1534 (MUSHRA)"
        )

    @classmethod
    def from_spec(cls, spec: Spec, _setup: Setup) -> LowPassCodec:
        """Build from e.g. `lowpass@3.5k`."""
        return cls(_number(spec, "k", _LOWPASS_KHZ, "lowpass@3.5k"))

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the filtered clip as interleaved samples."""
        nyquist_hz = clip.sample_rate_hz / 2
        width_hz = self._edge_hz / 7
        if self._edge_hz + width_hz / 2 >= nyquist_hz:
            return super().encode_payload(clip)
        import scipy.signal  # slow to import, and listing codecs does not need it

        taps, beta = scipy.signal.kaiserord(_STOP_DB, width_hz / nyquist_hz)
        kernel = scipy.signal.firwin(
            taps | 1,  # odd, so that the delay is whole samples
            self._edge_hz + width_hz / 2,
            window=("kaiser", beta),
            fs=clip.sample_rate_hz,
        )
        filtered = scipy.signal.oaconvolve(clip.samples.astype(float), kernel[None], "full", axes=1)
        start = len(kernel) // 2
        filtered = filtered[:, start : start + clip.n_samples].astype(np.float32)
        return super().encode_payload(AudioClip(filtered, clip.sample_rate_hz))


class PcmCodec(Codec):
    """Uniform quantisation in two's complement, packed to whole bits; no dither."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._half = 1 << bits - 1
        self.info = _info(f"pcm@{bits}bit", reference="6.02 dB a bit: Bennett, BSTJ 27 (1948)")

    @classmethod
    def from_spec(cls, spec: Spec, _setup: Setup) -> PcmCodec:
        """Build from e.g. `pcm@8bit`."""
        bits = _number(spec, "bit", _PCM_BITS, "pcm@8bit")
        if not bits.is_integer():
            raise InputError(
                f"spec: {spec}: the number of bits must be an integer, e.g. pcm@{bits:.0f}bit"
            )
        return cls(int(bits))

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the packed samples, one channel after the other."""
        levels = np.rint(clip.samples * np.float32(self._half))
        return bitpacking.pack_integers(
            np.clip(levels, -self._half, self._half - 1) + self._half, self._bits
        )

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the dequantised samples."""
        count = header.channels * header.n_samples
        levels = bitpacking.unpack_integers(payload, count, self._bits) - self._half
        samples = levels.astype(np.float32) / np.float32(self._half)
        return samples.reshape(header.channels, header.n_samples)


def _info(spec: str, *, reference: str) -> CodecInfo:
    return CodecInfo(
        spec=spec,
        family=spec.partition("@")[0],
        algorithmic_delay_samples=0,
        licence="MIT",
        reference=reference,
        notes="a sentinel with known figures, not a codec to use",
    )


def _number(spec: Spec, unit: str, limits: tuple[float, float], example: str) -> float:
    """Read the setting as a number with a unit."""
    spec.refuse_variant()
    match = re.fullmatch(rf"(\d+(?:\.\d+)?){unit}", spec.setting or "")
    if match is None:
        raise InputError(f"spec: {spec} needs a number and '{unit}' after '@', e.g. {example}")
    value = float(match.group(1))
    if not limits[0] <= value <= limits[1]:
        raise InputError(f"spec: {spec}: must be {limits[0]:g}{unit} to {limits[1]:g}{unit}")
    return value
