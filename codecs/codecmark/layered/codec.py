"""The mel chain with a waveform layer, as a codec.

Specs: `mel:16k-64+wave@snr10` (the decoder's output reaches 10 dB of SNR at the codec's 16 kHz),
`mel:16k-64+wave@8k` (the whole stream fits 8 kbit/s). `@snr10-snr20` and `@8k-16k` have a waveform
layer for each target, so that a stream may be cut behind any of them.
`mel:16k-64+wave+anchored@8k` fills what was not coded by a trained network; its streams could be
filled either way. `audioldm2:compact+wave@snr10` stands on an autoencoder's latent in place of the
log-mel. `mel_codec` and `latent_codec` build the two from a spec.
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
from codecmark.layered import channel, container, encoder_search, mdct, targets
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

_RATE_HZ = AUDIOLDM2.sample_rate_hz
_FRAME_BYTES, _LAYER_BYTES = 15, 4


@dataclass(frozen=True)
class LayeredClip:
    """What `decode_layers` could decode, and what it left out."""

    clip: AudioClip
    dropped: tuple[Dropped, ...]


class WaveformLayerCodec(Codec):
    """A base layer for the spectrogram, and waveform layers of MDCT coefficients beside it."""

    def __init__(
        self,
        spec: Spec,
        base: BaseCoding,
        filling: Filling,
        setup: Setup,
        *,
        parameters: int = 0,
        weights: Weights = NO_WEIGHTS,
        **fields: Any,
    ) -> None:
        """Take the target from the spec's setting; `fields` are those of `CodecInfo`.

        `parameters` and `weights` are the base's.
        """
        self._base, self._fill = base, filling.fill
        self._targets = targets.of(spec)
        last = self._targets[-1]
        info = CodecInfo(
            spec=str(spec),
            family=spec.family,
            sample_rate_hz=_RATE_HZ,
            channels=1,
            nominal_bitrate_kbps=last.kbps if isinstance(last, RateTarget) else None,
            algorithmic_delay_samples=None,
            parameters=parameters + filling.parameters,
            weights=together(weights, filling.weights),
            **fields,
        )
        self.info = _described(info, setup) if info.parameters else info

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the layers of each channel."""
        signals = clip.resampled(_RATE_HZ).samples.astype(np.float64)
        goals = _channel_goals(self._targets, clip)
        layers = [
            encoder_search.encode(signal, goals, self._base, self._fill) for signal in signals
        ]
        return container.pack(layers)

    @property
    def layers(self) -> int:
        """How many layers its streams have, the base included."""
        return 1 + len(self._targets)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the waveform; every layer must be whole."""
        samples, dropped = self._decode(payload, header, self.layers)
        if dropped:
            raise BitstreamError(f"{dropped[0].layer} layer", dropped[0].reason)
        return samples

    def decode_layers(
        self, stream: bytes, upto: int | None = None, fill_gain: float | None = None
    ) -> LayeredClip:
        """Decode the first `upto` layers as far as they are whole.

        Parameters
        ----------
        stream : bytes
            May be cut short, or damaged behind its header.
        upto : int, optional
            1: the base layer alone, with invented phases; 2: a waveform layer too; without one,
            all there are.
        fill_gain : float, optional
            0 to 1, in place of the encoder's choice: how loud what was not coded may be near the
            level of what was. More of it sounds fuller and costs SNR, so the SNR that the spec
            promises holds for the encoder's choice only. The base alone has nothing to turn down.

        Raises
        ------
        InputError
            If `upto` or `fill_gain` is out of range.
        BitstreamError
            If the header or a base layer is damaged: each further layer stands on those before
            it. A waveform layer that is whole but was coded on another machine's spectrogram
            counts as dropped.
        """
        upto = self.layers if upto is None else upto
        if not 1 <= upto <= self.layers:
            raise InputError(f"upto: must be 1 to {self.layers}, got {upto}")
        if fill_gain is not None and not 0 <= fill_gain <= 1:
            raise InputError(f"fill_gain: must be 0 to 1, got {fill_gain}")
        header, payload = frame.unpack(self.info.spec, stream, strict=False)
        samples, dropped = self._decode(payload, header, upto, fill_gain)
        return LayeredClip(AudioClip(samples, header.sample_rate_hz), tuple(dropped))

    def _decode(
        self, payload: bytes, header: StreamHeader, upto: int, fill_gain: float | None = None
    ) -> tuple[Samples, list[Dropped]]:
        length = -(-header.n_samples * _RATE_HZ // header.sample_rate_hz)
        superframes = mdct.superframes(length)
        if len(payload) < header.channels * (superframes // base_layer.SUPERFRAMES_PER_BYTE):
            raise BitstreamError("samples", f"{length} cannot come from {len(payload)} bytes")
        layers, dropped = container.unpack(payload, header.channels, self.layers, upto)
        signals = np.empty((header.channels, superframes * mdct.SUPERFRAME), np.float32)
        for number, (base_data, *waveform_data) in enumerate(layers):
            if base_data is None:
                reason = next(layer.reason for layer in dropped if layer.channel == number)
                raise BitstreamError("base layer", f"of channel {number}: {reason}")
            base = base_layer.decode(self._base, base_data, superframes)
            waveforms: list[Waveform] = []
            if base is not None:
                waveforms, reasons = _waveforms(waveform_data, base)
                dropped += [Dropped(number, name, reason) for name, reason in reasons]
            signals[number] = channel.synthesise(
                base, waveforms, superframes, self._fill, fill_gain
            )
        cropped = signals[:, :length]
        return resample(cropped, _RATE_HZ, header.sample_rate_hz, header.n_samples), dropped


def _described(info: CodecInfo, setup: Setup) -> CodecInfo:
    from codecmark.networks import runtime  # torch, which the codec without a network leaves out

    return runtime.described(info, setup)


def _channel_goals(asked: Targets, clip: AudioClip) -> list[SnrTarget] | list[Budget]:
    """Return what each layer of a channel has to reach: an SNR, or its bytes of a rate."""
    rates_kbps = [target.kbps for target in asked if isinstance(target, RateTarget)]
    budgets = [_budget(number, kbps, clip) for number, kbps in enumerate(rates_kbps)]
    return budgets or [target for target in asked if isinstance(target, SnrTarget)]


def _budget(number: int, kbps: float, clip: AudioClip) -> Budget:
    """Return what a channel's layers, up to the target of that number, may take of the stream."""
    total = int(kbps * 125 * clip.duration_s) - _FRAME_BYTES
    of_channel = total // clip.channels - _LAYER_BYTES * (number + 2)
    return Budget(max(of_channel, 0))


def _waveforms(
    data: Sequence[bytes | None], base: Base
) -> tuple[list[Waveform], list[tuple[str, str]]]:
    """Return the layers up to the first that is lost, and by name why those behind it go too."""
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
