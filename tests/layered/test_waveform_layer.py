"""The waveform layer: transform, models, quantiser, search and layers, each with known answers."""

from __future__ import annotations

import zlib
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codecmark import corpus
from codecmark.bitstream import frame
from codecmark.clip import AudioClip
from codecmark.corpus.condition import named, prepare
from codecmark.errors import BitstreamError, CodecError, InputError
from codecmark.layered import base as base_layer
from codecmark.layered import (
    channel,
    coefficient_coding,
    container,
    context_mixing,
    mdct,
    mel_coding,
    quantiser,
    spectra,
)
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.layered.fill_griffinlim import PhaseRetrieval
from codecmark.layered.mel_base import MelBase
from codecmark.layered.mel_codec import MelWaveformCodec
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import log_mel
from codecmark.metrics.waveform import snr_db
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from entries import checksums_elsewhere, noise, tone

SPEC = "mel:16k-64+wave@snr10"


def codec(setting: str = "snr10") -> WaveformLayerCodec:
    return MelWaveformCodec.from_spec(Spec.parse(f"mel:16k-64+wave@{setting}"), Setup())


@cache
def speech() -> AudioClip:
    entries = [clip for clip in corpus.load() if clip.name == "en_female_1.flac"]
    return prepare(entries, named("16k-mono"))[0][0].audio.cropped(2.0)


@cache
def stream(setting: str = "snr10") -> bytes:
    return codec(setting).encode(speech())


def snr(clip: AudioClip, decoded: AudioClip) -> float:
    return snr_db(clip.samples, decoded.samples, clip.sample_rate_hz)


# lapped transform


@pytest.mark.parametrize("seed", range(5))
def test_the_transform_is_orthonormal_whatever_the_blocks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal(640 * 9)
    modes = rng.integers(0, len(mdct.BLOCKS), 9)
    coefficients = mdct.analyse(signal, modes)
    assert np.sum(coefficients**2) == pytest.approx(np.sum(signal**2), rel=1e-12)
    assert np.abs(mdct.synthesise(coefficients, modes) - signal).max() < 1e-6


def test_a_tone_is_where_it_should_be() -> None:
    signal = np.sin(2 * np.pi * 1000 * np.arange(640 * 8) / 16_000)
    for mode, blocks in enumerate(mdct.BLOCKS):
        middle = mdct.analyse(signal, np.full(8, mode))[4].reshape(blocks, -1)
        width_hz = 8000 / middle.shape[1]
        loudest_hz = (np.abs(middle).max(axis=0).argmax() + 0.5) * width_hz
        assert abs(loudest_hz - 1000) <= width_hz


# models and coder


def test_tables_are_the_same_everywhere() -> None:
    """They come from floating point: a machine that rounds otherwise must not code at all."""
    crc = [
        zlib.crc32(t.astype("<i8").tobytes())
        for t in (context_mixing.SQUASH, context_mixing.STRETCH)
    ]
    crc += [zlib.crc32(mel_coding._basis(size).astype("<i8").tobytes()) for size in (16, 64)]
    steps = np.concatenate([mel_coding.steps(index).ravel() for index in range(mel_coding.STEPS)])
    crc += [zlib.crc32(steps.astype("<i8").tobytes())]
    crc += [zlib.crc32(t.astype("<i8").tobytes()) for t in coefficient_coding._interpolation()]
    assert crc == KNOWN_TABLES


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 60), blocks=st.integers(1, 4))
def test_mel_levels_survive(seed: int, scale: float, blocks: int) -> None:
    rng = np.random.default_rng(seed)
    levels = np.rint(rng.laplace(0, scale, (blocks, 16, 64))).astype(np.int64)
    data = mel_coding.encode(levels)
    assert np.array_equal(mel_coding.decode(data, blocks), levels)
    assert len(data) * 8 == pytest.approx(mel_coding.cost_bits(levels), abs=40, rel=0.01)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 60), superframes=st.integers(1, 5))
def test_waveform_levels_survive(seed: int, scale: float, superframes: int) -> None:
    rng = np.random.default_rng(seed)
    levels = np.rint(rng.laplace(0, scale, (superframes, 640))).astype(np.int64)
    modes = rng.integers(0, 4, superframes)
    over_step = rng.integers(-9000, 9000, (superframes * 4, 640))
    data = coefficient_coding.encode(levels, modes, over_step)
    found, found_modes = coefficient_coding.decode(data, over_step, superframes)
    assert np.array_equal(found, levels)
    assert np.array_equal(found_modes, modes)


def test_more_bytes_than_there_is_room_for_is_an_error() -> None:
    coder, buffer = context_mixing.new_coder(context_mixing.ENCODE, 8)
    for bit in np.random.default_rng(0).integers(0, 2, 200):
        context_mixing.even_bit(coder, buffer, int(bit))
    with pytest.raises(CodecError, match="longer than 8 bytes"):
        context_mixing.finish(coder, buffer)


def test_the_mel_makes_levels_cheaper() -> None:
    """Levels drawn at a scale that the mel tells cost fewer bits than under a mel that is flat."""
    rng = np.random.default_rng(0)
    log2_scale = rng.integers(-6, 3, (20, 640))
    levels = np.rint(rng.laplace(0, 2.0**log2_scale)).astype(np.int64)
    modes = np.zeros(20, np.int64)
    told = (1024 * log2_scale).repeat(4, axis=0)
    informed = len(coefficient_coding.encode(levels, modes, told))
    assert informed < 0.9 * len(coefficient_coding.encode(levels, modes, 0 * told))


def test_nothing_costs_next_to_nothing() -> None:
    silent = np.zeros((125, 640), np.int64)
    far_below = np.full((500, 640), -20 * 1024)
    assert len(coefficient_coding.encode(silent, silent[:, 0], far_below)) < 8
    assert len(mel_coding.encode(np.zeros((31, 16, 64), np.int64))) < 24


# mel and quantiser


def test_the_mel_is_that_of_the_chain() -> None:
    import torch

    signal = noise(16_000).samples
    ours = spectra.log2_mel(signal[0].astype(np.float64)) * np.log(2)
    theirs = log_mel(torch.from_numpy(signal.copy()), AUDIOLDM2)[0].numpy()
    assert np.abs(ours - theirs)[4:-4].max() < 1e-3  # the ends are padded otherwise


def test_the_integer_way_back_is_the_transform() -> None:
    rng = np.random.default_rng(1)
    log2_mel = np.cumsum(rng.normal(0, 0.3, (96, 64)), axis=0) - 6
    for index in (0, 20, 40):
        levels = mel_coding.quantise(log2_mel, index, 0.5)
        decoded = mel_coding.dequantise(levels, index) / mel_coding.UNIT
        largest = mel_coding.steps(index).max() / mel_coding.UNIT
        rms = float(np.sqrt(np.mean((decoded - log2_mel) ** 2)))
        assert rms < 0.3 * largest  # a uniform quantiser's error is step / sqrt(12)


def test_half_the_step_is_six_decibels() -> None:
    """At high rate the error of a uniform quantiser falls by 6.02 dB an octave."""
    rng = np.random.default_rng(2)
    coefficients = rng.standard_normal((20, 640))
    modes, ratio = np.zeros(20, np.int64), np.full((20, 640), 40)
    errors = []
    for index in (256, 320, 384):
        step = quantiser.step_size(index)
        levels = quantiser.quantise(coefficients, modes, ratio, step)
        inward = quantiser.centroids(coefficients, levels, step)
        errors.append(np.mean((quantiser.dequantise(levels, step, inward) - coefficients) ** 2))
    for coarse, fine in pairwise(errors):
        assert 10 * np.log10(coarse / fine) == pytest.approx(6.02, abs=0.3)


def test_rate_distortion_zeroes_only_what_is_small() -> None:
    rng = np.random.default_rng(3)
    coefficients = rng.laplace(0, 0.4, (20, 640))
    modes, ratio = np.zeros(20, np.int64), np.full((20, 640), 24)
    levels = quantiser.quantise(coefficients, modes, ratio, 1.0)
    rounded = np.rint(coefficients)
    assert 0 < np.count_nonzero(levels) < np.count_nonzero(rounded)
    assert np.abs(levels - coefficients).max() < 2


def test_an_attack_gets_short_blocks_and_a_tone_long_ones() -> None:
    click = np.zeros(640 * 8)
    click[640 * 4 + 333] = 1.0
    assert quantiser.choose_modes(click, 8, 0.01)[4] == 3
    steady = np.sin(2 * np.pi * 440 * np.arange(640 * 8) / 16_000)
    assert (quantiser.choose_modes(steady, 8, 0.01)[2:6] == 0).all()


# the codec


@pytest.mark.parametrize("target_db", [10, 15, 20])
def test_the_output_has_the_snr_that_was_asked_for(target_db: int) -> None:
    decoded = codec(f"snr{target_db}").decode(stream(f"snr{target_db}"))
    assert target_db <= snr(speech(), decoded) < target_db + 0.5


def test_snr_holds_on_noise_and_tones() -> None:
    for clip in (noise(8_000), tone(0.5), AudioClip(1e-4 * noise(8_000).samples, 16_000)):
        assert snr(clip, codec().decode(codec().encode(clip))) >= 10


@pytest.mark.parametrize("peak", [1e-38, 1e-9, 1e9, 1e38])
def test_any_level_is_coded(peak: float) -> None:
    clip = AudioClip((tone(0.2).samples * (2 * peak)).astype(np.float32), 16_000)
    decoded = codec().decode(codec().encode(clip))
    if 1e-30 < peak < 1e30:  # beyond 2^100 only the form is promised
        assert snr(clip, decoded) >= 10


@pytest.mark.parametrize("kbps", [6, 12])
def test_the_stream_fits_the_rate(kbps: int) -> None:
    spent = len(stream(f"{kbps}k")) * 8 / speech().duration_s / 1000
    assert 0.97 * kbps < spent <= kbps


def test_more_rate_is_more_snr() -> None:
    found = [snr(speech(), codec(s).decode(stream(s))) for s in ("6k", "12k")]
    assert found[1] > found[0] + 2


@pytest.mark.parametrize("spec", ["mel:16k-80+wave@snr10", "mel:16k-64+wave", "mel:16k-64+wave@q1",
                                  "mel:16k-64+wave@snr99", "mel:16k-64+wave@1k"])  # fmt: skip
def test_other_specs_are_refused(spec: str) -> None:
    with pytest.raises(InputError, match="spec"):
        MelWaveformCodec.from_spec(Spec.parse(spec), Setup())


# layers


def test_base_alone_is_decodable_and_both_are_better() -> None:
    whole = codec().decode_layers(stream())
    base = codec().decode_layers(stream(), upto=1)
    assert whole.dropped == ()
    assert np.array_equal(whole.clip.samples, codec().decode(stream()).samples)
    assert [(one.channel, one.layer) for one in base.dropped] == [(0, "waveform")]
    assert snr(speech(), whole.clip) > 10 > 2 > snr(speech(), base.clip)
    energy = [float(np.sum(clip.samples**2)) for clip in (base.clip, speech())]
    assert energy[0] == pytest.approx(energy[1], rel=0.5)


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


# several waveform layers


SCALABLE = "snr10-snr15-snr20"


def test_each_layer_has_the_snr_that_was_asked_of_it() -> None:
    found = [codec(SCALABLE).decode_layers(stream(SCALABLE), upto=upto) for upto in (2, 3, 4)]
    for target_db, one in zip((10, 15, 20), found, strict=True):
        assert target_db <= snr(speech(), one.clip) < target_db + 0.5
    assert [one.layer for one in found[0].dropped] == ["waveform 2", "waveform 3"]
    assert found[2].dropped == ()
    assert np.array_equal(found[2].clip.samples, codec(SCALABLE).decode(stream(SCALABLE)).samples)


def test_the_first_layers_are_those_of_a_stream_without_the_rest() -> None:
    _, payload = frame.unpack(SPEC, stream())
    _, longer = frame.unpack(f"mel:16k-64+wave@{SCALABLE}", stream(SCALABLE))
    assert longer.startswith(payload)
    assert len(longer) < 2.5 * len(payload)


def test_each_layer_fits_its_rate() -> None:
    spec = "8k-12k"
    _, payload = frame.unpack(f"mel:16k-64+wave@{spec}", stream(spec))
    ((*bodies,),), _ = container.unpack(payload, 1, 3, 3)
    sizes = np.cumsum([len(body or b"") + 4 for body in bodies]) + 15
    spent_kbps = sizes * 8 / speech().duration_s / 1000
    assert 0.96 * 8 < spent_kbps[1] <= 8
    assert 0.96 * 12 < spent_kbps[2] <= 12


def test_a_clip_too_short_for_its_rate_gets_the_coarsest_layers() -> None:
    short = speech().cropped(0.2)
    sizes = [len(codec(rate).encode(short)) for rate in ("2k", "3k", "16k")]
    assert sizes[0] > 2_000 * short.duration_s / 8  # more than the rate, and no error
    assert sizes[0] <= sizes[1] <= sizes[2] <= 16_000 * short.duration_s / 8


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


@pytest.mark.parametrize("setting", ["snr10-8k", "snr20-snr10", "8k-8k", "snr10-", "-", "snr5-snr6-"
                                     "snr7-snr8-snr9", "8k-99k"])  # fmt: skip
def test_targets_that_do_not_rise_or_do_not_go_together_are_refused(setting: str) -> None:
    with pytest.raises(InputError, match="spec"):
        codec(setting)


def test_more_fill_costs_snr_and_the_encoders_choice_is_the_default() -> None:
    chosen = codec().decode_layers(stream()).clip
    snrs = [snr(speech(), codec().decode_layers(stream(), None, gain).clip) for gain in (0, 0.5, 1)]
    assert snrs[0] > snrs[1] > snrs[2]
    assert snrs[0] >= snr(speech(), chosen) >= snrs[2]
    base = [codec().decode_layers(stream(), 1, gain).clip.samples for gain in (None, 0.0, 1.0)]
    assert np.array_equal(base[0], base[1])
    assert np.array_equal(base[0], base[2])
    for gain in (-0.1, 1.1, np.nan):
        with pytest.raises(InputError, match="fill_gain"):
            codec().decode_layers(stream(), fill_gain=gain)


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


@pytest.mark.parametrize("threads", [1, 2])
def test_bytes_do_not_depend_on_threads_or_process(threads: int) -> None:
    decoded = codec().decode(stream()).samples
    mine = f"crc {zlib.crc32(stream())} {zlib.crc32(decoded.tobytes())}"
    assert mine in checksums_elsewhere("layered.test_waveform_layer", threads).splitlines()


KNOWN_TABLES = [497350944, 769704783, 319823759, 2263955148, 3314315686, 3700783117, 569256472]
