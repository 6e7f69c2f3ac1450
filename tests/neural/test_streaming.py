from __future__ import annotations

import numpy as np
import pytest

from codecmark import BitstreamError, Codec, InputError, UnavailableError, catalog
from codecmark.bitstream import frame
from codecmark.bitstream.bitpacking import unpack_integers
from codecmark.classic.pcm import Pcm16Codec
from codecmark.clip import AudioClip
from codecmark.networks.setup import Setup
from codecmark.neural import mimi
from codecmark.neural.encodec import EncodecCodec
from codecmark.neural.mimi import MimiCodec
from codecmark.neural.streaming import Streamable, time_chunks
from codecmark.studies import latency
from codecmark.studies.delay import measured_delay_samples
from entries import noise, tiny
from tiny_networks import TINY_MIMI

LIVE = [
    "opus@24k",
    "mp3@48k",
    "aac@48k",
    "lc3@32k",
    "g722@64k",
    "amr@12.2k",
    "lyra@6k",
    "codec2@3.2k",
]


def streamable(spec: str) -> tuple[Codec, Streamable]:
    try:
        codec = catalog.create(spec)
    except UnavailableError as error:
        pytest.skip(str(error))
    assert isinstance(codec, Streamable)
    return codec, codec


@pytest.mark.parametrize("spec", LIVE)
def test_chunk_by_chunk_gives_the_bytes_of_the_whole(spec: str, speech: AudioClip) -> None:
    codec, live = streamable(spec)
    clip = speech.resampled(live.live_rate_hz)
    signal = clip.samples[0]
    count = len(signal) // live.chunk_samples
    encode, decode = live.live_encoder(), live.live_decoder()
    sent = [
        encode(chunk)
        for chunk in signal[: count * live.chunk_samples].reshape(count, live.chunk_samples)
    ]
    assert sum(map(len, sent)) > 0
    received = np.concatenate([decode(data) for data in sent if data])
    assert len(received) > 0.9 * len(signal)
    if spec.startswith("lyra"):  # packs codebook by codebook, which a live form cannot
        assert np.array_equal(received, codec.decode(codec.encode(clip)).samples[0])
    else:  # the frame and the table of packet lengths stand before, what flushing adds behind
        assert b"".join(sent)[: 40 * count] in codec.encode(clip)


def test_chunks_are_timed(speech: AudioClip) -> None:
    _, live = streamable("lc3@32k")
    times = time_chunks(live, speech.samples[0])
    assert times.chunk_s == 0.01
    assert len(times.encode_s) == len(times.decode_s) == 499
    assert (times.encode_s > 0).all()


def test_a_signal_of_one_chunk_is_refused(speech: AudioClip) -> None:
    _, live = streamable("lc3@32k")
    with pytest.raises(InputError, match="two chunks of 160"):
        time_chunks(live, speech.samples[0, :300])


@pytest.mark.parametrize("samples", [3 * 24_000 + 77, 2 * 24_000, 100])
def test_encodec_in_blocks_is_encodec_whole(samples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    codec = tiny("encodec:24khz@6k")
    assert isinstance(codec, EncodecCodec)
    clip = noise(samples, rate_hz=24_000)
    stream = codec.encode(clip)
    whole = codec.decode(stream).samples
    for name in ("_whole_frames", "_block_frames"):
        monkeypatch.setattr(codec._network, name, 10)
    assert codec.encode(clip) == stream
    assert np.allclose(codec.decode(stream).samples, whole, atol=1e-6)


def test_encodec_live_agrees_once_the_mirrored_start_is_past() -> None:
    codec = tiny("encodec:24khz@6k")
    assert isinstance(codec, EncodecCodec)
    clip = noise(24_000, rate_hz=24_000)
    encode, decode = codec.live_encoder(), codec.live_decoder()
    sent = [encode(chunk) for chunk in clip.samples[0].reshape(-1, codec.chunk_samples)]
    assert {len(data) for data in sent} == {10}  # 8 codebooks of 10 bits
    tokens = np.stack([unpack_integers(data, 8, 10) for data in sent], axis=1)
    whole = codec.tokenize(clip.samples)[0]
    assert (tokens[:, 40:] == whole[:, 40:]).mean() > 0.99
    assert sum(len(decode(data)) for data in sent) == 24_000


def test_mimi_live_sends_the_tokens_of_the_whole_and_hears_the_same() -> None:
    codec = tiny("mimi@1.1k")
    assert isinstance(codec, MimiCodec)
    assert (codec.live_rate_hz, codec.chunk_samples) == (24_000, 1_920)
    clip = noise(40 * 1_920, rate_hz=24_000)
    stream = codec.encode(clip)
    encode, decode = codec.live_encoder(), codec.live_decoder()
    sent = [encode(chunk) for chunk in clip.samples[0].reshape(-1, 1_920)]
    assert {len(data) for data in sent} == {11}  # 8 codebooks of 11 bits
    assert stream.endswith(b"".join(sent))
    received = np.stack([decode(data) for data in sent])
    assert received.shape == (40, 1_920)
    whole = codec.decode(stream).samples[0]
    assert whole.std() > 0.01
    assert np.abs(received.reshape(-1) - whole).max() < 1e-5 * np.abs(whole).max()


@pytest.mark.parametrize("frames", [21.3, 40])
def test_mimi_in_blocks_is_mimi_whole(frames: float, monkeypatch: pytest.MonkeyPatch) -> None:
    codec = tiny("mimi@1.1k")
    clip = noise(round(frames * 1_920), rate_hz=24_000)
    stream = codec.encode(clip)
    whole = codec.decode(stream).samples
    for name in ("_WHOLE_FRAMES", "_BLOCK_FRAMES"):
        monkeypatch.setattr(mimi, name, 7)
    assert codec.encode(clip) == stream
    assert np.abs(codec.decode(stream).samples - whole).max() < 1e-5 * np.abs(whole).max()


def test_mimis_window_slides_alike_in_blocks_and_over_the_whole() -> None:
    wide, narrow = (
        MimiCodec(1.1, Setup.from_environment(), {**TINY_MIMI, "sliding_window": n})
        for n in (250, 5)
    )
    for codec in (wide, narrow):
        for name, scale in codec._model.named_parameters():
            if name.endswith("self_attn_layer_scale.scale"):
                scale.fill_(300)  # untrained, attention hardly counts
    clip = noise(40 * 1_920, rate_hz=24_000)
    encode = narrow.live_encoder()
    sent = b"".join(encode(chunk) for chunk in clip.samples[0].reshape(-1, 1_920))
    assert narrow.encode(clip).endswith(sent)
    assert not wide.encode(clip).endswith(sent)


@pytest.mark.parametrize(("spec", "bits"), [("codec2@1.3k", 52), ("codec2@0.7k", 28)])
def test_codec2_live_fills_each_frame_to_whole_bytes(
    spec: str, bits: int, speech: AudioClip
) -> None:
    codec, live = streamable(spec)
    clip = speech.resampled(8_000)
    count = clip.n_samples // live.chunk_samples
    encode = live.live_encoder()
    chunks = clip.samples[0, : count * live.chunk_samples].reshape(count, -1)
    sent = [encode(chunk) for chunk in chunks]
    assert {len(data) for data in sent} == {-(-bits // 8)}
    _, payload = frame.unpack(spec, codec.encode(clip))
    joined = np.unpackbits(np.frombuffer(payload, np.uint8), count=count * bits)
    apart = [np.unpackbits(np.frombuffer(data, np.uint8))[:bits] for data in sent]
    assert np.array_equal(np.concatenate(apart), joined)


@pytest.mark.parametrize("spec", ["codec2@3.2k", "codec2@0.7k"])
def test_codec2_live_decodes_like_the_whole_each_time(spec: str, speech: AudioClip) -> None:
    codec, live = streamable(spec)
    clip = speech.resampled(8_000)
    encode = live.live_encoder()
    size = live.chunk_samples
    count = clip.n_samples // size
    sent = [encode(chunk) for chunk in clip.samples[0, : count * size].reshape(count, size)]
    whole = codec.decode(codec.encode(clip)).samples[0]
    for _ in range(2):  # the library draws phases; another decoder starts where the first did
        decode = live.live_decoder()
        received = np.concatenate([decode(data) for data in sent])
        delay = {"codec2@3.2k": 160, "codec2@0.7k": 240}[spec]
        assert np.array_equal(received[delay:], whole[: count * size - delay])
    with pytest.raises(BitstreamError, match="frame"):
        live.live_decoder()(b"\0")


@pytest.mark.parametrize("spec", ["pcm16", "flac"])
def test_what_codes_samples_one_by_one_waits_for_none(spec: str, speech: AudioClip) -> None:
    assert measured_delay_samples(catalog.create(spec), speech, [20_000, 20_001]) == 0


@pytest.mark.parametrize(
    ("spec", "least"),
    # frame and look-ahead: 20 + 2.5 ms at 48 kHz, 10 ms at 48 kHz, 20 ms at 8 kHz
    [("opus@24k", 1_080), ("lc3@32k", 470), ("amr@12.2k", 140)],
)
def test_measured_delay_is_within_the_declared_one(
    spec: str, least: int, speech: AudioClip
) -> None:
    codec, _ = streamable(spec)
    rate = codec.info.sample_rate_hz
    assert rate is not None
    clip = speech.resampled(rate)
    clip = AudioClip(clip.samples[:, : 2 * rate], rate)
    span = range(rate, rate + rate // 40, rate // 400)  # 25 ms in steps of 2.5 ms
    measured = measured_delay_samples(codec, clip, span)
    assert codec.info.algorithmic_delay_samples is not None
    assert measured is not None
    assert least <= measured <= codec.info.algorithmic_delay_samples


def test_delay_of_a_known_look_ahead(speech: AudioClip) -> None:
    class Late(Pcm16Codec):
        def encode_payload(self, clip: AudioClip) -> bytes:
            ahead = np.roll(clip.samples, -50, axis=1)
            mixed = (0.5 * clip.samples + 0.5 * ahead).astype(np.float32)
            return super().encode_payload(AudioClip(mixed, clip.sample_rate_hz))

    assert measured_delay_samples(Late(), speech, [20_000, 20_700]) == 50


def test_latency_page(speech: AudioClip) -> None:
    found = [latency.measure(catalog.create(spec), speech) for spec in ("lc3@32k", "pcm16")]
    lc3, pcm16 = found
    assert isinstance(lc3.delay_ms, float)
    assert lc3.declared_ms == 12.5
    assert 9 < lc3.delay_ms <= 12.5
    assert lc3.chunk_ms == 10
    assert lc3.encode is not None
    assert lc3.encode.p50_ms <= lc3.encode.p95_ms <= lc3.encode.max_ms
    assert (pcm16.delay_ms, pcm16.encode) == (0, None)
    page = latency.markdown(found, "a machine", "a clip")
    assert "| pcm16 | 0.0 | 0.0 | - | - | - | - | - | - | - |" in page


def test_what_looks_at_the_whole_clip_says_so(speech: AudioClip) -> None:
    found = latency.measure(catalog.create("mel:16k-64/griffinlim-32"), speech)
    assert found.delay_ms == "whole clip"
    assert found.cells()[1:3] == ("whole clip", "-")


def test_a_clip_too_short_to_probe(speech: AudioClip) -> None:
    with pytest.raises(InputError, match="choose one of at least 1 s"):
        latency.measure(catalog.create("pcm16"), speech.cropped(0.5))


def test_a_codec_that_hears_nothing_has_no_delay_to_measure(speech: AudioClip) -> None:
    assert measured_delay_samples(catalog.create("silence"), speech, [20_000]) is None
