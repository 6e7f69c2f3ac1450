"""Lyra's SoundStream: blocks of frames have every bit of the published files' frames in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from codecmark import corpus
from codecmark.bitstream import bitpacking
from codecmark.clip import AudioClip, Samples
from codecmark.corpus import condition
from codecmark.errors import UnavailableError
from codecmark.networks.setup import Setup
from codecmark.neural.lyra import blocks, networks, tflite
from codecmark.neural.lyra.blocks import BLOCK, Rewritten
from codecmark.neural.lyra.codec import LyraCodec
from codecmark.neural.lyra.tflite import Graph, Network, UnknownGraphError

RATES = (3.2, 6.0, 9.2)
FRAME = 320


def lyra(kbps: float = 6.0) -> LyraCodec:
    try:
        return LyraCodec(kbps, Setup.from_environment())
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(autouse=True)
def proved_anew() -> Iterator[None]:
    networks._are_exact.cache_clear()
    yield
    networks._are_exact.cache_clear()


def plain_loop(codec: LyraCodec, samples: Samples) -> tuple[Any, Samples]:
    """Tokens `[stages, n]` and sound `[n * 320]`, by the interpreter's own calls."""
    encoder, quantizer, decoder = (
        tflite.interpreter(content, 1) for content in vars(codec._files).values()
    )
    quantize, dequantize = map(quantizer.get_signature_runner, ("encode", "decode"))
    tokens, sound = [], []
    for frame in samples.reshape(-1, FRAME):
        encoder.set_tensor(encoder.get_input_details()[0]["index"], frame[None])
        encoder.invoke()
        features = encoder.get_tensor(encoder.get_output_details()[0]["index"])
        stages = np.int32(codec.codebooks)
        found = quantize(input_frames=features, num_quantizers=stages)["output_0"]
        tokens.append(found[:stages, 0, 0])
        found[stages:] = -1
        features = dequantize(encoding_indices=found)["output_0"]
        decoder.set_tensor(decoder.get_input_details()[0]["index"], features.reshape(1, 1, 64))
        decoder.invoke()
        sound.append(decoder.get_tensor(decoder.get_output_details()[0]["index"])[0])
    return np.stack(tokens, axis=1).astype(np.int64), np.concatenate(sound)


def assert_same_bits(codec: LyraCodec, samples: Samples) -> None:
    tokens, sound = plain_loop(codec, samples)
    ours = codec.tokenize(samples[None])
    assert ours.dtype == np.int64
    assert np.array_equal(ours[0], tokens)
    assert codec.synthesize(ours)[0].tobytes() == sound.tobytes()


# blocks and single frames


@pytest.mark.parametrize("kbps", RATES)
def test_speech_in_blocks_has_the_bits_of_the_plain_loop(kbps: float) -> None:
    codec = lyra(kbps)
    clips, _ = condition.prepare(corpus.load(), condition.named("16k-mono"))
    speech = [clip.audio.samples[0] for clip in clips if clip.clip_class == "speech"]
    assert codec._networks.frames == BLOCK
    assert len(speech) == 7
    for samples in speech:
        assert_same_bits(codec, samples[: len(samples) // FRAME * FRAME])


@pytest.mark.parametrize("kbps", RATES)
@pytest.mark.parametrize(
    "level", ["silence", "square", "noise", "quiet", "subnormal", "impulse", "beyond"]
)
def test_hostile_levels_have_the_bits_of_the_plain_loop(kbps: float, level: str) -> None:
    noise = np.random.default_rng(3).standard_normal(2 * BLOCK * FRAME)
    signal = {
        "silence": 0 * noise,
        "square": np.where(np.arange(len(noise)) % 160 < 80, 1, -1),
        "noise": np.clip(noise, -1, 1),
        "quiet": 1e-4 * noise,
        "subnormal": 1e-40 * noise,
        "impulse": 1.0 * (np.arange(len(noise)) == BLOCK * FRAME - 1),
        "beyond": 1e6 * noise,
    }[level]
    assert_same_bits(lyra(kbps), signal.astype(np.float32))


@pytest.mark.parametrize("frames", [1, BLOCK - 1, BLOCK + 1, 2 * BLOCK + 3])
def test_a_clip_need_not_fill_its_blocks(frames: int) -> None:
    noise = np.random.default_rng(frames).uniform(-1, 1, frames * FRAME)
    assert_same_bits(lyra(), noise.astype(np.float32))


def test_live_frames_have_the_bits_of_blocks() -> None:
    codec = lyra()
    noise = np.random.default_rng(1).uniform(-1, 1, (BLOCK + 7, FRAME)).astype(np.float32)
    tokens = codec.tokenize(noise.reshape(1, -1))
    encode, decode = codec.live_encoder(), codec.live_decoder()
    sent = [encode(frame) for frame in noise]
    assert sent == [bitpacking.pack_integers(each, 4) for each in tokens[0].T]
    received = np.concatenate([decode(data) for data in sent])
    assert received.tobytes() == codec.synthesize(tokens).tobytes()


def test_channels_start_anew() -> None:
    codec = lyra()
    noise = np.random.default_rng(2).uniform(-1, 1, 3 * FRAME).astype(np.float32)
    tokens = codec.tokenize(np.stack([noise, noise]))
    assert np.array_equal(tokens[0], tokens[1])
    sound = codec.synthesize(tokens)
    assert sound[0].tobytes() == sound[1].tobytes()


# what is refused


def test_another_models_graph_is_refused() -> None:
    files = lyra()._files
    with pytest.raises(UnknownGraphError, match="MAXIMUM"):
        blocks.network(files.quantizer)
    with pytest.raises(UnknownGraphError, match="46 stages, not 47"):
        blocks.first_stages(files.quantizer, 47)
    with pytest.raises(UnknownGraphError, match="no signature encode"):
        blocks.first_stages(files.encoder, 16)


def test_without_blocks_clips_run_frame_by_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = lyra()
    noise = np.random.default_rng(4).uniform(-1, 1, 10 * FRAME + 5).astype(np.float32)
    clip = AudioClip(noise[None], 16_000)
    stream = codec.encode(clip)

    def unknown(content: bytes) -> Rewritten:
        raise UnknownGraphError("SELECT of this form")

    monkeypatch.setattr(blocks, "network", unknown)
    networks._are_exact.cache_clear()
    frames = lyra()
    assert frames._networks.frames == 1
    assert frames.encode(clip) == stream
    assert np.array_equal(frames.decode(stream).samples, codec.decode(stream).samples)


@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_one_bit_of_one_weight_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its 8-bit layers round nearly all of that away, so the proof looks in front of them."""
    codec = lyra()
    content = getattr(codec._files, name)
    graph = Graph(content)
    first = next(each for each in graph.operators if graph.kind(each) == "CONV_2D")
    weights = graph.values(first.inputs[1]).tobytes()
    assert content.count(weights) == 1
    changed = bytearray(content)
    changed[content.index(weights)] ^= 1
    rewrite = blocks.network

    def damaged(given: bytes) -> Rewritten:
        right = rewrite(given)
        if given != content:
            return right
        return replace(rewrite(bytes(changed)), watched_single=right.watched_single)

    monkeypatch.setattr(blocks, "network", damaged)
    assert networks.in_blocks(codec._files, codec.codebooks) is None


# graphs in memory, without weights


def model(kind: str) -> bytes:
    """Four samples a frame, reshaped to `[1, 4, 1, 1]`, then one layer without weights."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    codes = [getattr(schema.BuiltinOperator, each) for each in ("RESHAPE", kind)]
    shapes, sizes = [(1, 4), (4,), (1, 4, 1, 1), (1, 4, 1, 1)], np.array([1, 4, 1, 1], np.int32)
    types = [schema.TensorType.FLOAT32, schema.TensorType.INT32, *2 * [schema.TensorType.FLOAT32]]
    layer = schema.OperatorT(opcodeIndex=1, inputs=[2], outputs=[3])
    if kind == "LEAKY_RELU":
        layer.builtinOptionsType = schema.BuiltinOptions.LeakyReluOptions
        layer.builtinOptions = schema.LeakyReluOptionsT(alpha=0.25)
    made = schema.ModelT(
        version=3,
        operatorCodes=[
            schema.OperatorCodeT(deprecatedBuiltinCode=code, builtinCode=code, version=1)
            for code in codes
        ],
        buffers=[schema.BufferT(), schema.BufferT(data=sizes.view(np.uint8))],
        subgraphs=[
            schema.SubGraphT(
                tensors=[
                    schema.TensorT(shape=shape, type=each, buffer=int(number == 1), name=b"t")
                    for number, (shape, each) in enumerate(zip(shapes, types, strict=True))
                ],
                inputs=[0],
                outputs=[3],
                operators=[schema.OperatorT(opcodeIndex=0, inputs=[0, 1], outputs=[2]), layer],
            )
        ],
    )
    builder = flatbuffers.Builder()
    builder.Finish(made.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_a_graph_takes_a_block_of_frames() -> None:
    values = np.linspace(-1, 1, 4 * BLOCK, dtype=np.float32)
    frame = Network(tflite.interpreter(model("LEAKY_RELU"), 1))
    with pytest.raises(ValueError, match="reshape"):
        frame(values)
    block = Network(tflite.interpreter(blocks.network(model("LEAKY_RELU")).model, 1))
    found = block(values)
    assert found.shape == (1, 4 * BLOCK, 1, 1)
    assert np.array_equal(found.ravel(), np.where(values < 0, values / 4, values))
    frames = [frame(each).ravel() for each in values.reshape(BLOCK, 4)]
    assert np.array_equal(found.ravel(), np.concatenate(frames))


def test_a_layer_that_is_not_known_is_refused() -> None:
    with pytest.raises(UnknownGraphError, match="TANH of this form"):
        blocks.network(model("TANH"))


def test_constants_lie_where_kernels_may_read_them() -> None:
    graph = Graph(model("TANH"))
    added = [np.random.default_rng(each).random(each, np.float32) for each in (3, 5, 1, 64)]
    for each in added:
        graph.constant(each)
    packed = graph.pack()
    assert [packed.index(each.tobytes()) % 16 for each in added] == [0, 0, 0, 0]
