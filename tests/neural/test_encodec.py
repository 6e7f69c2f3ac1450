"""EnCodec: segments at 48 kHz, and delays, black box: which samples a change reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from codecmark import AudioClip, BitstreamError, InputError
from codecmark.bitstream import frame as bitstream
from codecmark.bitstream.frame import StreamHeader
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from codecmark.neural.encodec import EncodecCodec
from codecmark.neural.encodec_network import TransformersEncodec
from codecmark.neural.encodec_segments import overlap_add
from codecmark.neural.encodec_stereo import EncodecStereoCodec
from entries import noise, tiny
from tiny_networks import tiny_encodec

SETUP = Setup(WeightLocator(offline=True))


def stereo(samples: int) -> AudioClip:
    return noise(samples, channels=2, rate_hz=48_000)


@pytest.mark.parametrize("kbps", [3, 6, 12, 24])
@pytest.mark.parametrize("samples", [1, 47_999, 48_000, 48_001, 2 * 47_520 + 100, 240_000])
def test_stereo_rate_is_150_frames_a_segment_and_a_level(kbps: int, samples: int) -> None:
    spec = f"encodec:48khz@{kbps}k"
    clip = stereo(samples)
    stream = tiny(spec).encode(clip)
    _, payload = bitstream.unpack(spec, stream)
    starts = range(0, samples, 47_520)
    frames = sum(int(np.ceil(min(48_000, samples - start) / 320)) for start in starts)
    assert len(payload) == 4 * len(starts) + int(np.ceil(frames * (kbps * 1000 // 1500) * 10 / 8))
    assert tiny(spec).decode(stream).samples.shape == (2, samples)


def test_levels_travel_in_the_stream() -> None:
    """The network sees a segment at one level, whatever the clip's; the decoder restores it."""
    codec = tiny("encodec:48khz@6k")
    loud = stereo(60_000)
    soft = AudioClip(loud.samples / np.float32(64), 48_000)
    _, loud_payload = bitstream.unpack(codec.info.spec, codec.encode(loud))
    _, soft_payload = bitstream.unpack(codec.info.spec, codec.encode(soft))
    levels = np.frombuffer(loud_payload[:8], "<f4")
    mono = loud.samples.mean(axis=0)
    assert levels[0] == pytest.approx(np.sqrt(np.mean(mono[:48_000] ** 2)), rel=1e-5)
    assert np.frombuffer(soft_payload[:8], "<f4") * 64 == pytest.approx(levels, rel=1e-4)
    raised = np.concatenate([levels * 2, np.zeros(0, "<f4")]).astype("<f4").tobytes()
    header = StreamHeader(48_000, 2, 60_000)
    once = codec.decode_payload(loud_payload, header)
    twice = codec.decode_payload(raised + loud_payload[8:], header)
    assert np.allclose(twice, 2 * once, atol=1e-5)


@pytest.mark.parametrize("level", [np.nan, np.inf, -1.0, 0.0])
def test_a_level_that_is_no_level_is_refused(level: float) -> None:
    codec = tiny("encodec:48khz@6k")
    _, payload = bitstream.unpack(codec.info.spec, codec.encode(stereo(320)))
    damaged = np.array([level], "<f4").tobytes() + payload[4:]
    with pytest.raises(BitstreamError, match="levels"):
        codec.decode_payload(damaged, StreamHeader(48_000, 2, 320))


def test_more_than_two_channels_are_refused() -> None:
    codec = tiny("encodec:48khz@6k")
    with pytest.raises(InputError, match="channels"):
        codec.encode(noise(320, channels=3))
    with pytest.raises(BitstreamError, match="channels"):
        codec.decode_payload(b"", StreamHeader(48_000, 3, 320))


def test_overlapping_pieces_of_one_signal_add_up_to_it() -> None:
    signal = torch.linspace(-1, 1, 250)
    pieces = [signal[start : start + 100] for start in (0, 90, 180)]
    assert torch.allclose(overlap_add(pieces, 90), signal, atol=1e-6)
    ones, twos = torch.ones(100), torch.full((100,), 2.0)
    faded = overlap_add([ones, twos], 90)
    assert (faded[:90] == 1).all()
    assert (faded[100:] == 2).all()
    assert (faded[90:100].diff() > 0).all()


def sensitive(codec: EncodecCodec | EncodecStereoCodec) -> Any:
    """Bring random codebooks to the level of the latents, so that tokens follow the signal."""
    network = codec._network
    assert isinstance(network, TransformersEncodec)
    channels = codec.info.channels or 1
    with torch.inference_mode():
        latent = network.model.encoder(torch.randn(1, channels, 3_200) / 4)
        for layer in network.model.quantizer.layers:
            layer.codebook.embed.normal_().mul_(latent.std()).add_(latent.mean(dim=(0, 2)))
            latent = latent - latent.mean(dim=2, keepdim=True)
    return codec


def test_encodec_mirrors_what_the_last_frame_lacks() -> None:
    """Its authors pass the clip as it is; zeros in place of what lacks give other tokens."""
    codec = sensitive(EncodecCodec(24.0, SETUP, tiny_encodec("24khz")))
    clip = noise(5_000, rate_hz=24_000)
    whole = np.pad(clip.samples, ((0, 0), (0, 120)))
    tokens, padded = codec.tokenize(codec.padded(clip.samples)), codec.tokenize(whole)
    assert tokens.shape == padded.shape == (1, 32, 16)
    assert np.array_equal(tokens[..., :-1], padded[..., :-1])
    assert not np.array_equal(tokens[..., -1], padded[..., -1])


def first_change(codec: Any, before: AudioClip, at: int) -> int:
    """Return the first decoded sample that differs when the clip does from `at` on."""
    samples = before.samples.copy()
    samples[:, at:] = 30 - 60 * samples[:, at:]
    after = AudioClip(samples, before.sample_rate_hz)
    difference = np.abs(
        codec.decode(codec.encode(after)).samples - codec.decode(codec.encode(before)).samples
    ).max(axis=0)
    return int(np.flatnonzero(difference)[0])


def test_encodec_waits_for_a_frame_and_no_longer() -> None:
    codec = sensitive(EncodecCodec(24.0, SETUP, tiny_encodec("24khz")))
    clip = noise(24 * 320, rate_hz=24_000)
    # behind the first frames, which see a mirror image of those that follow
    # the first sample of a frame may change by less than a float tells: not of every frame
    ends = range(5_439, 7_360, 320)
    firsts = {at: first_change(codec, clip, at) for at in (5_120, *ends, 6_500)}
    assert all(first >= at // 320 * 320 for at, first in firsts.items())
    waits = [at - first + 1 for at, first in firsts.items()]
    assert max(waits) == codec.info.algorithmic_delay_samples == 320


def test_encodec_stereo_waits_for_a_segment() -> None:
    codec = tiny("encodec:48khz@6k")
    first = first_change(codec, stereo(60_000), 47_999)
    assert 47_999 - first + 1 == codec.info.algorithmic_delay_samples == 48_000
