"""The mel chain with a waveform layer, as a codec.

Specs: `mel:16k-64+wave@snr10` (the decoder's output reaches 10 dB of SNR at the codec's 16 kHz),
`mel:16k-64+wave@8k` (the whole stream fits 8 kbit/s). `audioldm2:compact+wave@snr10` stands on an
autoencoder's latent in place of the log-mel: `latent_codec`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from codecmark import bitstream
from codecmark.audioldm2.formats import AUDIOLDM2
from codecmark.audioldm2.waveform_layer import base as base_layer
from codecmark.audioldm2.waveform_layer import channel, lapped, layers, rate_loop
from codecmark.audioldm2.waveform_layer.base import BaseCoding
from codecmark.audioldm2.waveform_layer.layers import NAMES, Dropped
from codecmark.audioldm2.waveform_layer.mel_base import MelBase
from codecmark.audioldm2.waveform_layer.rate_loop import RateTarget, SnrTarget
from codecmark.bitstream import StreamHeader
from codecmark.clip import AudioClip, Samples, resample
from codecmark.codec import Codec, CodecInfo
from codecmark.errors import BitstreamError, InputError
from codecmark.spec import Spec

SUFFIX = "+wave"
BASE = "16k-64"
LOWEST_KBPS, HIGHEST_KBPS = 2.0, 64.0
LOWEST_SNR_DB, HIGHEST_SNR_DB = 1.0, 30.0

_RATE_HZ = AUDIOLDM2.sample_rate_hz
_SNR = re.compile(r"snr(\d+(?:\.\d+)?)")
_FRAME_BYTES, _LAYER_BYTES = 15, 4


@dataclass(frozen=True)
class LayeredClip:
    """What `decode_layers` could decode, and what it left out."""

    clip: AudioClip
    dropped: tuple[Dropped, ...]


class WaveformLayerCodec(Codec):
    """A base layer, and the strongest of the waveform beside it."""

    @classmethod
    def from_spec(cls, spec: Spec) -> WaveformLayerCodec:
        """Build from e.g. `mel:16k-64+wave@snr10`."""
        if spec.variant != BASE + SUFFIX:
            raise InputError(
                f"spec: {spec}: the waveform layer stands on {BASE}: mel:{BASE}{SUFFIX}"
            )
        return cls(
            spec, MelBase(), licence="MIT", reference="this project",
            notes="the log-mel and the strongest MDCT coefficients; models adapt over the clip",
        )  # fmt: skip

    def __init__(self, spec: Spec, coding: BaseCoding, **fields: Any) -> None:
        """Take the target from the spec's setting; `fields` are those of `CodecInfo`."""
        self._coding = coding
        self._snr_db, self._kbps = target_of(spec)
        self.info = CodecInfo(
            spec=str(spec),
            family=spec.family,
            sample_rate_hz=_RATE_HZ,
            channels=1,
            nominal_bitrate_kbps=self._kbps,
            algorithmic_delay_samples=None,
            **fields,
        )

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the layers of each channel."""
        samples = clip.resampled(_RATE_HZ).samples.astype(np.float64)
        target: SnrTarget | RateTarget
        if self._snr_db is not None:
            target = SnrTarget(self._snr_db)
        else:
            total = int((self._kbps or 0) * 125 * clip.duration_s) - _FRAME_BYTES
            each = total // clip.channels - _LAYER_BYTES * len(NAMES)
            target = RateTarget(max(each, 0))
        return layers.pack([rate_loop.encode(one, target, self._coding) for one in samples])

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the waveform; every layer must be whole."""
        samples, dropped = self._decode(payload, header, len(NAMES))
        if dropped:
            raise BitstreamError(f"{dropped[0].layer} layer", dropped[0].reason)
        return samples

    def decode_layers(self, stream: bytes, upto: int = len(NAMES)) -> LayeredClip:
        """Decode the first `upto` layers as far as they are whole.

        Parameters
        ----------
        stream : bytes
            May be cut short, or damaged behind its header.
        upto : int
            1: the base layer alone, with invented phases; 2: the waveform layer too.

        Raises
        ------
        BitstreamError
            If the header or a base layer is damaged: the waveform layer is coded on its condition.
            A waveform layer that is whole but was coded on another machine's spectrogram counts
            as dropped.
        """
        if not 1 <= upto <= len(NAMES):
            raise InputError(f"upto: must be 1 to {len(NAMES)}, got {upto}")
        header, payload = bitstream.unpack(self.info.spec, stream, strict=False)
        samples, dropped = self._decode(payload, header, upto)
        return LayeredClip(AudioClip(samples, header.sample_rate_hz), tuple(dropped))

    def _decode(
        self, payload: bytes, header: StreamHeader, upto: int
    ) -> tuple[Samples, list[Dropped]]:
        length = -(-header.n_samples * _RATE_HZ // header.sample_rate_hz)
        superframes = lapped.superframes(length)
        if len(payload) < header.channels * (superframes // base_layer.SUPERFRAMES_PER_BYTE):
            raise BitstreamError("samples", f"{length} cannot come from {len(payload)} bytes")
        found, dropped = layers.unpack(payload, header.channels, upto)
        decoded = np.empty((header.channels, superframes * lapped.SUPERFRAME), np.float32)
        for number, (base_data, *rest) in enumerate(found):
            if base_data is None:
                reason = next(one.reason for one in dropped if one.channel == number)
                raise BitstreamError("base layer", f"of channel {number}: {reason}")
            base = base_layer.decode(self._coding, base_data, superframes)
            waveform = None
            if base is not None and rest and rest[0] is not None:
                try:
                    waveform = channel.decode_waveform(rest[0], base)
                except BitstreamError as error:
                    dropped.append(Dropped(number, NAMES[1], str(error)))
            decoded[number] = channel.synthesise(base, waveform, superframes)
        clipped = decoded[:, :length]
        return resample(clipped, _RATE_HZ, header.sample_rate_hz, header.n_samples), dropped


def target_of(spec: Spec) -> tuple[float | None, float | None]:
    """Return the SNR in dB, or the rate in kbit/s, that a spec asks for.

    Raises
    ------
    InputError
        If it asks for neither, or for what is out of range.
    """
    match = _SNR.fullmatch(spec.setting or "")
    if match is None:
        return None, spec.bitrate_kbps(LOWEST_KBPS, HIGHEST_KBPS)
    snr_db = float(match.group(1))
    if not LOWEST_SNR_DB <= snr_db <= HIGHEST_SNR_DB:
        raise InputError(f"spec: {spec}: snr{LOWEST_SNR_DB:g} to snr{HIGHEST_SNR_DB:g}")
    return snr_db, None
