"""A waveform layer beside any codec that decodes a waveform: `lyra@6k+wave@snr10`.

The base is the other codec's own payload. Both sides decode it, and each waveform layer codes what
is still missing, as the MDCT coefficients of the residual. The models are conditioned on the mel of
the decoded base, so nothing is sent twice. Where the base is decoded by a network, that mel differs
in its last digits between machines, so it is rounded with margins and checked, as that of a latent
is; see `side_information`. What no layer codes stays as the base decoded it, without noise
filling.

The waveform layers of a long clip are coded in segments. Its base is not, so that it is the other
codec's own payload in any stream; it stands in the first segment.

Specs end in `+wave@` and the targets of `targets`: `lyra@6k+wave@snr10`, `lyra@9.2k+wave@12k`,
`audioldm2:compact/joint+wave@snr10-snr14`. Rates are those of the whole stream.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from codecmark.bitstream import frame
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip, Samples, resample
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, InputError
from codecmark.layered import base as base_layer
from codecmark.layered import container, encoder_search, mdct, segments, targets
from codecmark.layered.base import PEAK, Base
from codecmark.layered.codec import (
    LAYER_BYTES,
    RATE_HZ,
    LayeredClip,
    channel_goals,
    decoded_waveforms,
)
from codecmark.layered.container import Dropped
from codecmark.layered.encoder_search import Budget
from codecmark.layered.mdct import SUPERFRAME, Floats
from codecmark.layered.noise_filling import Filled, Known
from codecmark.layered.spectra import Singles, log2_mel
from codecmark.layered.targets import RateTarget, SnrTarget
from codecmark.spec import Spec

_HEAD = struct.Struct("<H")  # level of the reference
_MUTED = _HEAD.pack(base_layer.SILENT)  # a silent channel, whatever the base decodes there
# the models adapt to any distance of the residual's mel: half an octave to two give rates that
# differ by 0.1 %
_DISTANCE = 1.0  # octaves
_QUIETEST = -9.0  # log2 of the mel: what is softer drifts most, and is hardly ever coded


class BesideCodec(Codec):
    """Waveform layers on the residual of another codec."""

    def __init__(self, spec: Spec, base: Codec) -> None:
        """Build the codec for the targets in `spec.layer`, on `base`."""
        self._base = base
        self._targets = targets.of(spec)
        last = self._targets[-1]
        self.info = replace(
            base.info,
            spec=str(spec),
            nominal_bitrate_kbps=last.kbps if isinstance(last, RateTarget) else None,
            algorithmic_delay_samples=None,
            entropy_coded=True,
            notes=f"{base.info.spec}, and MDCT coefficients of its residual at 16 kHz",
        )

    def reset(self) -> None:
        """Make the base ready for another clip."""
        self._base.reset()

    @property
    def layers(self) -> int:
        """Number of layers in the codec's streams, base included."""
        return 1 + len(self._targets)

    def encode_payload(self, clip: AudioClip) -> bytes:
        """Return the base's payload and the waveform layers of each channel, by segment."""
        base_data = self._base.encode_payload(clip)
        header = StreamHeader(clip.sample_rate_hz, clip.channels, clip.n_samples)
        decoded = AudioClip(self._base.decode_payload(base_data, header), clip.sample_rate_hz)
        at_rate = clip.resampled(RATE_HZ)
        decoded_signals = decoded.resampled(RATE_HZ).samples
        bounds = segments.bounds(at_rate.n_samples)
        payloads: list[bytes] = []
        for start, end in bounds:
            references = at_rate.samples[:, start:end]
            part = clip if len(bounds) == 1 else AudioClip(references, RATE_HZ)
            goals = channel_goals(self._targets, part)
            share = len(base_data) * (end - start) // at_rate.n_samples // clip.channels
            channels: list[tuple[bytes, ...]] = []
            for reference, signal in zip(references, decoded_signals[:, start:end], strict=True):
                waveforms = _encode(
                    reference.astype(np.float64), signal.astype(np.float64), goals,
                    share + LAYER_BYTES,
                )  # fmt: skip
                channels.append((b"" if payloads or channels else base_data, *waveforms))
            payloads.append(container.pack(channels))
        return segments.pack(payloads)

    def decode_payload(self, payload: bytes, header: StreamHeader) -> Samples:
        """Return the waveform; every layer must be intact."""
        samples, dropped = self._decode(payload, header, self.layers)
        if dropped:
            raise BitstreamError(f"{dropped[0].layer} layer", dropped[0].reason)
        return samples

    def decode_layers(self, stream: bytes, upto: int | None = None) -> LayeredClip:
        """Decode the first `upto` layers, as far as they are intact; 1 is the base alone.

        Raises
        ------
        InputError
            If `upto` is out of range.
        BitstreamError
            If the header or the base is damaged.
        """
        upto = self.layers if upto is None else upto
        if not 1 <= upto <= self.layers:
            raise InputError(f"upto: must be 1 to {self.layers}, got {upto}")
        header, payload = frame.unpack(self.info.spec, stream, strict=False)
        self.limits.require(header)
        samples, dropped = self._decode(payload, header, upto)
        return LayeredClip(AudioClip(samples, header.sample_rate_hz), tuple(dropped))

    def _decode(
        self, payload: bytes, header: StreamHeader, upto: int
    ) -> tuple[Samples, list[Dropped]]:
        length = -(-header.n_samples * RATE_HZ // header.sample_rate_hz)
        bounds, payloads = segments.bounds(length), [payload]
        if len(bounds) > 1 and segments.are_several(payload):
            payloads = segments.unpack(payload, len(bounds))
        else:
            bounds = [(0, length)]
        layers: list[list[tuple[bytes | None, ...]]] = []
        dropped: list[Dropped] = []
        for part in payloads:
            of_segment, lost = container.unpack(part, header.channels, self.layers, upto)
            layers.append(of_segment)
            dropped += lost
        base_data = layers[0][0][0]
        if base_data is None:
            raise BitstreamError("base layer", dropped[0].reason)
        decoded = self._base.decode_payload(base_data, header).copy()
        signals = resample(decoded, header.sample_rate_hz, RATE_HZ, length)
        residuals = np.zeros(signals.shape, np.float32)
        for of_segment, (start, end) in zip(layers, bounds, strict=True):
            for number, (_, *bodies) in enumerate(of_segment):
                if bodies and bodies[0] == _MUTED:
                    first, last = (at * header.sample_rate_hz // RATE_HZ for at in (start, end))
                    decoded[number, first:last] = 0
                    continue
                signal = signals[number, start:end].astype(np.float64)
                residuals[number, start:end], reasons = _residual(signal, bodies)
                dropped += [Dropped(number, name, reason) for name, reason in reasons]
        decoded += resample(residuals, RATE_HZ, header.sample_rate_hz, header.n_samples)
        return decoded, dropped


def _encode(
    reference: Floats,
    decoded: Floats,
    goals: Sequence[SnrTarget] | Sequence[Budget],
    base_bytes: int,
) -> list[bytes]:
    """Return the waveform layers of one channel."""
    level = base_layer.level_of(reference)
    if level == base_layer.SILENT:
        return [_MUTED, *(b"" for _ in goals[1:])]
    whole = base_layer.scaled(reference, level)
    base_signal = _fitted(decoded, len(whole)) * (PEAK / base_layer.peak_of(level))
    residual = whole - base_signal
    head = _HEAD.pack(level)
    base = _base(base_signal, level)
    bodies = encoder_search.encode_layers(
        residual, len(reference), goals, base, _no_fill,
        spent_bytes=base_bytes + len(head), energy=float(np.sum(whole**2)),
    )  # fmt: skip
    return [head + bodies[0], *bodies[1:]]


def _residual(
    decoded: Floats, bodies: Sequence[bytes | None]
) -> tuple[Singles, list[tuple[str, str]]]:
    """Return the sum of one channel's waveform layers, and what was dropped."""
    nothing = np.zeros(len(decoded), np.float32)
    if not bodies or bodies[0] is None:  # not asked for, or lost, which is reported already
        return nothing, []
    if len(bodies[0]) < _HEAD.size:
        return nothing, [("waveform", "too short for its head")]
    (level,) = _HEAD.unpack_from(bodies[0])
    padded = mdct.superframes(len(decoded)) * SUPERFRAME
    try:
        peak = base_layer.peak_of(base_layer.checked_level(level))
        base = _base(_fitted(decoded, padded) * (PEAK / peak), level)
    except BitstreamError as error:
        return nothing, [("waveform", str(error))]
    waveforms, reasons = decoded_waveforms([bodies[0][_HEAD.size :], *bodies[1:]], base)
    if not waveforms:
        return nothing, reasons
    total = sum((layer.coefficients() for layer in waveforms[1:]), waveforms[0].coefficients())
    signal = mdct.synthesise(total, waveforms[0].modes) * (peak / PEAK)
    return signal[: len(decoded)].astype(np.float32), reasons


class _Residual(Filled):
    """The coded residual: nothing is filled in, since the base has decoded something there."""

    def __init__(self, known: Known) -> None:
        self._coded = known.coded()

    def signal(self, gain: float) -> Singles:  # noqa: ARG002 - there is nothing to scale
        """Return the coded residual."""
        return self._coded


def _no_fill(known: Known) -> _Residual:
    return _Residual(known)


def _base(signal: Floats, level: int) -> Base:
    """Return what the residual's models are conditioned on, for a scaled decoded signal."""
    expected = np.maximum(log2_mel(signal), _QUIETEST) - _DISTANCE
    return Base.of_network(base_layer.peak_of(level), expected)


def _fitted(signal: Floats, length: int) -> Floats:
    """Return the signal cut or zero-padded to a length."""
    return np.pad(signal[:length], (0, max(length - len(signal), 0)))
