"""The chain as a codec: level, length, stages, rates."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from codecmark import AudioClip, BitstreamError, InputError, create
from codecmark.bitstream import frame
from codecmark.codec import Weights
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.measure.measurement import Measurement
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import perf_counter_timer
from codecmark.mel import postfilter
from codecmark.mel.autoencoders import audioldm2
from codecmark.mel.chain import ChainCodec
from codecmark.metrics.waveform import correlation, snr_db
from codecmark.networks.setup import Setup
from entries import noise, tiny, tone
from tiny_networks import TINY_VAE


def test_the_users_own_finding_phase_free_means_no_snr(speech: AudioClip) -> None:
    codec = create("mel:16k-64/griffinlim-64")
    decoded = codec.decode(codec.encode(speech))
    assert -5 < snr_db(speech.samples, decoded.samples, 16_000) < 0
    assert abs(correlation(speech.samples, decoded.samples, 16_000)) < 0.15


def test_level_and_offset_come_back() -> None:
    codec = create("mel:16k-64/griffinlim-64")
    quiet = AudioClip(tone(1.0).samples * np.float32(0.01) + np.float32(0.1), 16_000)
    decoded = codec.decode(codec.encode(quiet)).samples
    assert decoded.mean() == pytest.approx(0.1, abs=0.002)
    inner = decoded[0, 2_000:-2_000]
    assert inner.std() == pytest.approx(quiet.samples[0, 2_000:-2_000].std(), rel=0.2)


@pytest.mark.parametrize("frames", [313, 316, 501, 504])
@pytest.mark.parametrize("stage", ["hifigan", "griffinlim-64"])
def test_any_frame_count_round_trips_to_the_exact_length(frames: int, stage: str) -> None:
    codec = tiny(f"audioldm2:base/{stage}")
    clip = noise(frames * 160 + 17)
    stream = codec.encode(clip)
    assert codec.decode(stream).n_samples == clip.n_samples
    padded_frames = -(-clip.n_samples // 640) * 4
    _, payload = frame.unpack(codec.info.spec, stream)
    assert len(payload) == 8 + 2 * 8 * (padded_frames // 4) * 16


def test_long_spectrograms_go_through_in_chunks() -> None:
    model = audioldm2.MelAutoencoder(Weights("random"), Setup(), TINY_VAE)
    mel = torch.randn(1, 1_100, 64)
    with torch.inference_mode():
        latent = model.encode(mel)
        assert latent.shape == (1, 8, 275, 16)
        torch.testing.assert_close(latent[:, :, :256], model.encode(mel[:, :1_024]))
        assert model.decode(latent).shape == mel.shape


def test_nan_in_a_stream_is_refused() -> None:
    codec = create("mel:16k-64/griffinlim-64")
    header, payload = frame.unpack(codec.info.spec, codec.encode(tone(0.1)))
    poisoned = payload[:-2] + b"\xff\xff"
    with pytest.raises(BitstreamError, match="hold NaN or Inf"):
        codec.decode(frame.pack(codec.info.spec, header, poisoned))


@pytest.mark.parametrize(
    "stage", ["griffinlim-64m0", "admm-8", "pghi+griffinlim-8", "zero+admm-8", "spsi", "pghi"]
)
def test_stages_build_and_keep_the_length(stage: str) -> None:
    codec = create(f"mel:16k-64/{stage}+wiener+softlimit")
    clip = tone(0.3)
    decoded = codec.decode(codec.encode(clip))
    assert decoded.n_samples == clip.n_samples
    assert np.abs(decoded.samples).max() <= 0.8  # the soft limiter's ceiling


@pytest.mark.parametrize("stage", ["griffin", "pghi+hifigan", "loud+admm-8", "admm-8+x"])
def test_unknown_stages_are_refused_with_the_choice(stage: str) -> None:
    with pytest.raises(InputError, match="is not a vocoder"):
        create(f"mel:16k-64/{stage}")


def test_postfilters() -> None:
    loud = np.array([[0.0, 1.0, -1.0]], np.float32)
    np.testing.assert_allclose(postfilter.softlimit(loud), np.tanh(1.5 * loud) * 0.8, rtol=1e-6)
    assert np.array_equal(postfilter.wiener(np.zeros((2, 9), np.float32)), np.zeros((2, 9)))


def test_the_users_two_to_one_is_a_count_of_elements() -> None:
    codec = tiny("audioldm2:base/hifigan")
    assert isinstance(codec, ChainCodec)
    assert 4 * 64 / np.prod(codec.coded_shape(4)) == 2.0


def test_no_rate_is_claimed_for_an_entropy_coder_on_untrained_values() -> None:
    codec = tiny("audioldm2:music/hifigan@q0.5")
    clips = [PreparedClip("t", "t", "music", tone(0.3))]
    measurement = Measurement(codec, clips, condition.named("16k-mono"), Setup())
    measurement.decode(perf_counter_timer)
    (row,) = measurement.rows("r", Scorer(workers=1), memory=False)
    assert row.bitrate_kbps is None
    assert row.stream_bytes is None
    assert row.reasons["bitrate_kbps"].startswith("variable rate: seeded random weights")
