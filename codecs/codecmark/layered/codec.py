"""The mel chain with waveform layers, as a codec.

Specs:

- `mel:16k-64+wave@snr10`: the decoder's output reaches 10 dB SNR at the codec's 16 kHz.
- `mel:16k-64+wave@8k`: the whole stream fits 8 kbit/s.
- `@snr10-snr20`, `@8k-16k`: one waveform layer per target; a stream may be cut after any layer.
- `mel:16k-64+wave+anchored@8k`: a trained network does the noise filling. The stream format is the
  same with and without it.
- `mel:16k-64+wave+shaped@11k`: the step follows what is heard, and 10 dB SNR is kept if the rate
  allows it.
- `audioldm2:compact+wave@snr10`: the base layer is an autoencoder's latent instead of the log-mel.

`mel_codec` and `latent_codec` build the two kinds from a spec.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codecmark.bitstream import frame
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples, resample
from codecmark.codec import NO_WEIGHTS, Codec, CodecInfo, Weights
from codecmark.errors import BitstreamError, InputError
from codecmark.layered import base as base_layer
from codecmark.layered import channel, container, encoder_search, mdct, segments, targets
from codecmark.layered.base import Base, BaseCoding
from codecmark.layered.channel import Waveform
from codecmark.layered.container import Dropped
from codecmark.layered.encoder_search import Budget
from codecmark.layered.fill_spec import Filling
from codecmark.layered.targets import RateTarget, SnrTarget, Targets
from codecmark.mel.formats import AUDIOLDM2
from codecmark.networks.setup import Setup
from codecmark.networks.trained_sets import together
from codecmark.spec import Spec

RATE_HZ = AUDIOLDM2.sample_rate_hz
_HEADER_BYTES, LAYER_BYTES = 15, 4  # of the stream, and of a layer's length and checksum


@dataclass(frozen=True)
class LayeredClip:
    """The clip that `decode_layers` decoded, and the layers that it dropped."""

    clip: AudioClip
    dropped: tuple[Dropped, ...]


class WaveformLayerCodec(Codec):
    """A base layer for the spectrogram, and waveform layers of MDCT coefficients."""

    def __init__(
        self,
        spec: Spec,
        base: BaseCoding,
        filling: Filling,
        setup: Setup,
        *,
        shaped: bool = False,
        parameters: int = 0,
        weights: Weights = NO_WEIGHTS,
        **fields: Any,
    ) -> None:
        """Build the codec for the targets in the spec's setting.

        `shaped` shapes the step by what is heard, see `shaping`; `parameters` and `weights` are
        those of the base; `fields` are passed to `CodecInfo`.
        """
        self._base, self._fill, self._shaped = base, filling.fill, shaped
        self._targets = targets.of(spec)
        last = self._targets[-1]
        info = CodecInfo(
            spec=str(spec),
            family=spec.family,
            sample_rate_hz=RATE_HZ,
            channels=1,
            nominal_bitrate_kbps=last.kbps if isinstance(last, RateTarget) else None,
            algorithmic_delay_samples=None,
            parameters=parameters + filling.parameters,
            weights=together(weights, filling.weights),
            **fields,
        )
        self.info = _described(info, setup) if info.parameters else info

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the coded layers of each channel, of a long clip segment by segment."""
        at_rate = clip.resampled(RATE_HZ)
        bounds = segments.bounds(at_rate.n_samples)
        if len(bounds) == 1:
            return self._encode_segment(at_rate.samples, channel_goals(self._targets, clip))
        payloads = []
        for start, end in bounds:
            part = AudioClip(at_rate.samples[:, start:end], RATE_HZ)
            goals = channel_goals(self._targets, part)
            payloads.append(self._encode_segment(part.samples, goals))
        return segments.pack(payloads)

    def _encode_segment(self, samples: Samples, goals: list[SnrTarget] | list[Budget]) -> bytes:
        signals = samples.astype(np.float64)
        layers = [
            encoder_search.encode(signal, goals, self._base, self._fill, shaped=self._shaped)
            for signal in signals
        ]
        return container.pack(layers)

    @property
    def layers(self) -> int:
        """Number of layers in the codec's streams, base included."""
        return 1 + len(self._targets)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the waveform; every layer must be intact."""
        samples, dropped = self._decode(payload, header, self.layers)
        if dropped:
            raise BitstreamError(f"{dropped[0].layer} layer", dropped[0].reason)
        return samples

    def decode_layers(
        self, stream: bytes, upto: int | None = None, fill_gain: float | None = None
    ) -> LayeredClip:
        """Decode the first `upto` layers, as far as they are intact.

        Parameters
        ----------
        stream : bytes
            May be cut short, or damaged after its header.
        upto : int, optional
            1: the base layer only, with synthetic phases; 2: a waveform layer too; by default all
            layers.
        fill_gain : float, optional
            Gain of the noise filling, 0 to 1, instead of the encoder's choice. More filling sounds
            fuller and lowers the SNR, so the SNR in the spec holds for the encoder's choice only.
            Has no effect on the base layer alone.

        Returns
        -------
        LayeredClip
            A waveform layer that is damaged, follows a lost one, or was coded for another
            machine's spectrogram is among its `dropped` layers.

        Raises
        ------
        InputError
            If `upto` or `fill_gain` is out of range.
        BitstreamError
            If the header or a base layer is damaged.
        """
        upto = self.layers if upto is None else upto
        if not 1 <= upto <= self.layers:
            raise InputError(f"upto: must be 1 to {self.layers}, got {upto}")
        if fill_gain is not None and not 0 <= fill_gain <= 1:
            raise InputError(f"fill_gain: must be 0 to 1, got {fill_gain}")
        header, payload = frame.unpack(self.info.spec, stream, strict=False)
        self.limits.require(header)
        samples, dropped = self._decode(payload, header, upto, fill_gain)
        return LayeredClip(AudioClip(samples, header.sample_rate_hz), tuple(dropped))

    def _decode(
        self, payload: bytes, header: StreamHeader, upto: int, fill_gain: float | None = None
    ) -> tuple[Samples, list[Dropped]]:
        length = -(-header.n_samples * RATE_HZ // header.sample_rate_hz)
        bounds, payloads = [(0, length)], [payload]
        if segments.are_several(payload):
            bounds = segments.bounds(length)
            payloads = segments.unpack(payload, len(bounds))
        decoded = [
            self._decode_segment(part, header.channels, end - start, upto, fill_gain)
            for part, (start, end) in zip(payloads, bounds, strict=True)
        ]
        dropped = [each for _, of_segment in decoded for each in of_segment]
        parts = [signals for signals, _ in decoded]
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        return resample(whole, RATE_HZ, header.sample_rate_hz, header.n_samples), dropped

    def _decode_segment(
        self, payload: bytes, channels: int, length: int, upto: int, fill_gain: float | None
    ) -> tuple[Samples, list[Dropped]]:
        superframes = mdct.superframes(length)
        if len(payload) < channels * (superframes // base_layer.SUPERFRAMES_PER_BYTE):
            raise BitstreamError("samples", f"{length} cannot come from {len(payload)} bytes")
        layers, dropped = container.unpack(payload, channels, self.layers, upto)
        signals = np.empty((channels, superframes * mdct.SUPERFRAME), np.float32)
        for number, (base_data, *waveform_data) in enumerate(layers):
            if base_data is None:
                reason = next(layer.reason for layer in dropped if layer.channel == number)
                raise BitstreamError("base layer", f"of channel {number}: {reason}")
            base = base_layer.decode(self._base, base_data, superframes)
            waveforms: list[Waveform] = []
            if base is not None:
                waveforms, reasons = decoded_waveforms(waveform_data, base)
                dropped += [Dropped(number, name, reason) for name, reason in reasons]
            signals[number] = channel.synthesise(
                base, waveforms, superframes, self._fill, fill_gain
            )
        return signals[:, :length], dropped


def _described(info: CodecInfo, setup: Setup) -> CodecInfo:
    from codecmark.networks import runtime  # imports torch, which only networks need

    return runtime.described(info, setup)


def channel_goals(layer_targets: Targets, clip: AudioClip) -> list[SnrTarget] | list[Budget]:
    """Return the goal of each layer of a channel: an SNR, or a number of bytes."""
    rates_kbps = [target.kbps for target in layer_targets if isinstance(target, RateTarget)]
    budgets = [_budget(number, kbps, clip) for number, kbps in enumerate(rates_kbps)]
    return budgets or [target for target in layer_targets if isinstance(target, SnrTarget)]


def _budget(number: int, kbps: float, clip: AudioClip) -> Budget:
    """Return the bytes of a channel's layers up to the waveform layer with index `number`."""
    stream_bytes = int(kbps * 125 * clip.duration_s) - _HEADER_BYTES
    channel_bytes = stream_bytes // clip.channels - LAYER_BYTES * (number + 2)
    return Budget(max(channel_bytes, 0))


def decoded_waveforms(
    data: Sequence[bytes | None], base: Base
) -> tuple[list[Waveform], list[tuple[str, str]]]:
    """Return the layers before the first lost one, and the names and reasons of dropped ones."""
    decoded: list[Waveform] = []
    reasons = []
    lost = ""
    for number, body in enumerate(data, start=1):
        if body is None:
            lost = f"it refines the {container.name(number)} layer, which is lost"
        elif lost:
            reasons.append((container.name(number), lost))
        else:
            try:
                decoded.append(channel.decode_waveform(body, base, decoded))
            except BitstreamError as error:
                reasons.append((container.name(number), str(error)))
                lost = f"it refines the {container.name(number)} layer, which is lost"
    return decoded, reasons
