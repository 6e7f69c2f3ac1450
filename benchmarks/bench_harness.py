"""What the harness costs: a timed codec call against a direct call of its library, in pairs.

Each pair runs both on the same clip, in alternating order, and takes their processor time; where a
library works at another rate, the direct call includes the resampling that its user would need. A
codec may exceed the direct call by 1 ms a clip, and by 2 % where the direct call takes more than
50 ms. Where the 95 % interval does not keep to that it is measured again with more pairs, and a
benchmark fails only where the near end of the last interval is beyond the limit.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
import soundfile
import soxr
from pytest_benchmark.fixture import BenchmarkFixture

from codecmark import AudioClip, catalog
from codecmark.commands.pytest_plugin.session import Session
from codecmark.measure.paired_times import Excess, Judgement, PairedCalls, judge
from codecmark.system import threads

PAIRS = 20
NETWORK_PAIRS = 5  # a call takes long, and its noise is small beside it
BUDGET_S = 3.0  # for measuring again, of each codec and phase
NETWORK_CLIP_S = {"encodec": 0.4, "audioldm2": 0.2}  # without frames that only the codec pads
LIMIT_S = 0.001
LIMIT_SHARE = 0.02
LIMIT_SHARE_FROM_S = 0.050

Direct = Callable[[], Any]


def _flac(clip: AudioClip) -> tuple[Direct, Direct]:
    pcm = clip.pcm16()[0]

    def encode() -> bytes:
        file = io.BytesIO()
        soundfile.write(
            file, pcm, clip.sample_rate_hz, format="FLAC", subtype="PCM_16", compression_level=5 / 8
        )
        return file.getvalue()

    stream = encode()
    return encode, lambda: soundfile.read(io.BytesIO(stream), dtype="int16")


def _vorbis(clip: AudioClip) -> tuple[Direct, Direct]:
    def encode() -> bytes:
        file = io.BytesIO()
        soundfile.write(
            file,
            clip.samples[0],
            clip.sample_rate_hz,
            format="OGG",
            subtype="VORBIS",
            compression_level=0.7,
        )
        return file.getvalue()

    stream = encode()
    return encode, lambda: soundfile.read(io.BytesIO(stream), dtype="float32")


def _pyav(encoder: str, decoder: str, sample_format: str, bitrate_bps: int, **options: str) -> Any:
    def build(clip: AudioClip) -> tuple[Direct, Direct]:
        rate = clip.sample_rate_hz

        def encode() -> tuple[bytes, list[Any]]:
            context: Any = av.CodecContext.create(encoder, "w")
            context.sample_rate, context.format, context.layout = rate, sample_format, "mono"
            context.bit_rate, context.options = bitrate_bps, options
            context.time_base = Fraction(1, rate)
            context.open()
            packets = []
            for start in range(0, clip.n_samples, context.frame_size):
                block = np.ascontiguousarray(clip.samples[:, start : start + context.frame_size])
                frame = av.AudioFrame.from_ndarray(block, sample_format, "mono")
                frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
                packets += context.encode(frame)
            packets += context.encode(None)
            return bytes(context.extradata or b""), [bytes(packet) for packet in packets]

        extradata, packets = encode()

        def decode() -> Any:
            context: Any = av.CodecContext.create(decoder, "r")
            context.sample_rate, context.layout = (48_000 if encoder == "libopus" else rate), "mono"
            if extradata:
                context.extradata = extradata
            frames = [f for p in packets for f in context.decode(av.Packet(p))]
            samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
            if encoder != "libopus":
                return samples
            return _soxr(samples / np.float32(32_768), 48_000, rate)

        return encode, decode

    return build


def _soxr(samples: Any, from_hz: int, to_hz: int) -> Any:
    return soxr.resample(samples.T, from_hz, to_hz, quality="VHQ").T


def _encodec(clip: AudioClip) -> tuple[Direct, Direct]:
    import torch

    codec: Any = catalog.create("encodec:24khz@6k")
    threads.limit(1)
    model = codec._network.model

    @torch.inference_mode()
    def encode() -> Any:
        samples = torch.tensor(_soxr(clip.samples, clip.sample_rate_hz, 24_000))[None]
        return model.encode(samples, bandwidth=6.0).audio_codes

    codes = encode()

    @torch.inference_mode()
    def decode() -> Any:
        decoded = model.decode(codes, [None]).audio_values[0].numpy()
        return _soxr(decoded, 24_000, clip.sample_rate_hz)

    return encode, decode


def _audioldm2(clip: AudioClip) -> tuple[Direct, Direct]:
    import torch

    from codecmark.mel.front_end import filters

    codec: Any = catalog.create("audioldm2:music/hifigan")
    threads.limit(1)
    vae, vocoder, mel = codec.autoencoder.network, codec.vocoder.network, codec.mel
    bank, window = filters(mel, torch.device("cpu")), torch.hann_window(mel.n_fft)

    @torch.inference_mode()
    def encode() -> Any:
        waveform = torch.tensor(clip.samples)
        waveform = waveform - waveform.mean()
        waveform = waveform * (0.5 / waveform.abs().max())
        edge = mel.reflected, mel.reflected
        padded = torch.nn.functional.pad(waveform[None], edge, "reflect")[0]
        magnitude = torch.stft(
            padded, mel.n_fft, mel.hop, window=window, center=False, return_complex=True
        ).abs()
        log_mel = (bank @ magnitude).clamp(min=mel.floor).log().mT
        return vae.encode(log_mel[:, None]).latent_dist.mode()

    latent = encode()

    @torch.inference_mode()
    def decode() -> Any:
        return vocoder(vae.decode(latent).sample[:, 0])

    return encode, decode


DIRECT: dict[str, Callable[[AudioClip], tuple[Direct, Direct]]] = {
    "flac": _flac,
    "vorbis@q3": _vorbis,
    "opus@24k-vbr": _pyav("libopus", "libopus", "flt", 24_000, vbr="on"),
    "mp3@24k": _pyav("libmp3lame", "mp3float", "fltp", 24_000),
    "aac@32k": _pyav("aac", "aac", "fltp", 32_000),
    "encodec:24khz@6k": _encodec,
    "audioldm2:music/hifigan": _audioldm2,
}


def _limit_s(excess: Excess) -> float:
    if excess.direct_s > LIMIT_SHARE_FROM_S:
        return max(LIMIT_S, LIMIT_SHARE * excess.direct_s)
    return LIMIT_S


def _line(spec: str, phase: str, judged: Judgement) -> str:
    found = judged.excess
    times = "" if judged.attempts == 1 else f", measured {judged.attempts} times"
    return (
        f"harness: {spec} {phase}: direct {1000 * found.direct_s:.2f} ms, codec "
        f"{1000 * found.median_s:+.3f} ms [{1000 * found.low_s:+.3f}, {1000 * found.high_s:+.3f}]"
        f" ({100 * found.median_s / found.direct_s:+.1f} %), limit {1000 * judged.limit_s:.2f} ms, "
        f"{found.pairs} pairs{times}"
    )


@pytest.mark.parametrize("phase", ["encode", "decode"])
@pytest.mark.parametrize("spec", DIRECT)
def bench_harness(spec: str, phase: str, bench: Session, benchmark: BenchmarkFixture) -> None:
    benchmark.group = "harness"
    if spec not in bench.specs:
        pytest.skip("not among --codecs")
    clip = bench.first.audio
    family = spec.partition(":")[0]
    if family in NETWORK_CLIP_S:
        clip = clip.cropped(NETWORK_CLIP_S[family])
    codec = catalog.create(spec)
    direct_encode, direct_decode = DIRECT[spec](clip)
    stream = codec.encode(clip)
    calls = {
        "encode": (direct_encode, lambda: codec.encode(clip)),
        "decode": (direct_decode, lambda: codec.decode(stream)),
    }[phase]
    pairs = NETWORK_PAIRS if family in NETWORK_CLIP_S else PAIRS
    timed = PairedCalls(*calls)
    benchmark.pedantic(timed, rounds=pairs, warmup_rounds=1)  # type: ignore[no-untyped-call]
    if bench.smoke:
        return
    judged = judge(timed.seconds(skip=1), _limit_s, timed.again, budget_s=BUDGET_S)
    bench.overheads.append(line := _line(spec, phase, judged))
    assert not judged.fails, line
