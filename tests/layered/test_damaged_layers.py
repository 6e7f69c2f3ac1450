"""Damaged, lost, exchanged and made-up layers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codecmark.bitstream import frame
from codecmark.clip import AudioClip
from codecmark.errors import BitstreamError, InputError
from codecmark.layered import base as base_layer
from codecmark.layered import (
    channel,
    container,
    mdct,
)
from codecmark.layered.fill_griffinlim import PhaseRetrieval
from codecmark.layered.mel_base import MelBase
from entries import noise, tone
from layered_streams import SCALABLE, SPEC, codec, snr, stream


def test_damage_or_loss_of_the_waveform_layer_costs_that_layer_only() -> None:
    base = codec().decode_layers(stream(), upto=1).clip.samples
    damaged = bytearray(stream())
    damaged[-20] ^= 0x10
    for broken, reason in ((bytes(damaged), "damaged"), (stream()[:-20], "ends inside")):
        with pytest.raises(BitstreamError):
            codec().decode(broken)
        found = codec().decode_layers(broken)
        assert np.array_equal(found.clip.samples, base)
        assert [one.layer for one in found.dropped] == ["waveform"]
        assert reason in found.dropped[0].reason


def test_a_damaged_base_is_an_error() -> None:
    damaged = bytearray(stream())
    damaged[60] ^= 1
    with pytest.raises(BitstreamError, match="base layer"):
        codec().decode_layers(bytes(damaged))
    with pytest.raises(InputError, match="upto"):
        codec().decode_layers(stream(), upto=3)


def test_a_damaged_layer_costs_its_channel_only() -> None:
    clip = AudioClip(np.concatenate([tone(0.5).samples, noise(8_000).samples]), 16_000)
    damaged = bytearray(codec().encode(clip))
    damaged[-5] ^= 1  # of the last channel
    found = codec().decode_layers(bytes(damaged))
    assert [(one.channel, one.layer) for one in found.dropped] == [(1, "waveform")]
    left = [AudioClip(x.samples[:1], 16_000) for x in (clip, found.clip)]
    assert snr(*left) >= 10


def test_a_damaged_layer_costs_itself_and_what_refines_it() -> None:
    _, payload = frame.unpack(f"mel:16k-64+wave@{SCALABLE}", stream(SCALABLE))
    ((*bodies,),), _ = container.unpack(payload, 1, 4, 4)
    ends = np.cumsum([len(body or b"") + 4 for body in bodies]) + 15
    for lost, name in ((3, "waveform 3"), (2, "waveform 2")):
        damaged = bytearray(stream(SCALABLE))
        damaged[ends[lost] - 30] ^= 0x10
        with pytest.raises(BitstreamError):
            codec(SCALABLE).decode(bytes(damaged))
        found = codec(SCALABLE).decode_layers(bytes(damaged))
        left = codec(SCALABLE).decode_layers(stream(SCALABLE), upto=lost)
        assert np.array_equal(found.clip.samples, left.clip.samples)
        reasons = {one.layer: one.reason for one in found.dropped}
        assert "damaged" in reasons[name]
        assert lost == 3 or "refines the waveform 2 layer" in reasons["waveform 3"]
        assert len(reasons) == 4 - lost


def test_a_layer_in_the_place_of_another_is_refused() -> None:
    packed = container.pack([(b"base", b"waveform")])
    assert container.unpack(packed, 1, 2, 2) == ([(b"base", b"waveform")], [])
    swapped = container.pack([(b"waveform", b"base")])
    both = bytearray(packed)
    both[: len(swapped)] = swapped
    body = 3 + len(b"base")
    exchanged = packed[body:] + packed[:body]
    found, dropped = container.unpack(exchanged, 1, 2, 2)
    assert found == [(None, None)]
    assert len(dropped) == 2


@settings(max_examples=30, deadline=None)
@given(junk=st.binary(max_size=120), seconds=st.sampled_from([0.1, 1.0]))
def test_any_bytes_decode_or_are_refused(junk: bytes, seconds: float) -> None:
    superframes = mdct.superframes(int(16_000 * seconds))
    try:
        base = base_layer.decode(MelBase(), junk, superframes)
    except BitstreamError:
        return
    if base is not None:
        try:
            waveform = channel.decode_waveform(junk, base)
        except BitstreamError:
            return
        signal = channel.synthesise(base, [waveform], superframes, PhaseRetrieval())
        assert signal.shape == (superframes * 640,)


def test_layer_lengths_that_lie_are_refused() -> None:
    header, payload = frame.unpack(SPEC, stream())
    with pytest.raises(BitstreamError):
        codec().decode(frame.pack(SPEC, header, b"\xff\xff\xff\x7f" + payload))
    with pytest.raises(BitstreamError, match="follow"):
        codec().decode(frame.pack(SPEC, header, payload + b"\0"))
