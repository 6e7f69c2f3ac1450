"""What networks return on other backends and in other dtypes, and what goes wrong there."""

from __future__ import annotations

import importlib.util
import shutil
from functools import partial

import numpy as np
import pytest
import torch

from codecmark import create
from codecmark.clip import AudioClip
from codecmark.codec import Weights
from codecmark.errors import CodecError, UnavailableError
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.measure import agreement
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.vocoders.hifigan import HifiGan
from codecmark.networks import backends, exporters, runtime
from codecmark.networks.setup import Setup
from codecmark.neural import encodec_network
from codecmark.neural.encodec import EncodecCodec
from codecmark.neural.encodec_segments import Segment
from codecmark.neural.mimi import MimiCodec
from codecmark.system.execution import EAGER, Execution
from entries import fresh, noise
from tiny_networks import TINY_HIFIGAN, tiny_encodec

RANDOM = Weights("random")
SPEC = "dac:16khz@6k"
pytestmark = pytest.mark.usefixtures("tiny_dac_16khz")


def needs(*packages: str, extra: str) -> pytest.MarkDecorator:
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    install = f"pip install -c constraints.txt -e '.[{extra}]'"
    return pytest.mark.skipif(bool(absent), reason=f"needs {', '.join(absent)}: {install}")


def hifigan(chosen: Execution = EAGER) -> HifiGan:
    return HifiGan(RANDOM, AUDIOLDM2, Setup(execution=chosen), TINY_HIFIGAN)


def encodec(chosen: Execution = EAGER) -> encodec_network.EncodecNetwork:
    setup = Setup.from_environment().running(chosen)
    return encodec_network.build("24khz", tiny_encodec("24khz"), None, setup)[0]


def snr_db(reference: torch.Tensor, other: torch.Tensor) -> float:
    clips = [AudioClip(runtime.to_array(found), 16_000) for found in (reference, other)]
    return agreement.agreement_db(*clips)


def mel(frames: int, channels: int = 1) -> MelSpectrogram:
    generator = torch.Generator().manual_seed(frames)
    return MelSpectrogram(torch.randn(channels, frames, 64, generator=generator), AUDIOLDM2)


def test_bfloat16_products_come_near_and_leave_others_alone() -> None:
    reference, narrow = hifigan(), hifigan(Execution(dtype="bfloat16"))
    expected, found = reference.synthesize(mel(40)), narrow.synthesize(mel(40))
    assert found.dtype == torch.float32
    assert 30 < snr_db(expected, found) < 70
    assert torch.equal(hifigan().synthesize(mel(40)), expected)
    assert narrow.parameters == reference.parameters


@pytest.mark.parametrize(
    ("backend", "dtype", "least_db"),
    [
        pytest.param("openvino", "float32", 90, marks=needs("openvino", extra="openvino")),
        pytest.param("openvino", "bfloat16", 30, marks=needs("openvino", extra="openvino")),
        pytest.param("onnxruntime", "float32", 90, marks=needs("onnx", "onnxscript", extra="onnx")),
    ],
)
def test_an_exported_network_takes_any_length(backend: str, dtype: str, least_db: float) -> None:
    reference, exported = hifigan(), hifigan(Execution(backend, dtype))
    for frames, channels in ((50, 1), (7, 1), (63, 2)):
        spectrogram = mel(frames, channels)
        expected, found = reference.synthesize(spectrogram), exported.synthesize(spectrogram)
        assert found.shape == expected.shape
        assert snr_db(expected, found) > least_db


@needs("openvino", extra="openvino")
@pytest.mark.parametrize("frames", [3, 75, 101])
def test_encodec_keeps_its_length_in_bfloat16(frames: int) -> None:
    network = encodec()
    exported = encodec(Execution("openvino", "bfloat16"))
    tokens = torch.randint(0, 1024, (1, 8, frames), generator=torch.Generator().manual_seed(0))
    segment = Segment(tokens, None)
    expected, found = network.decode([segment]), exported.decode([segment])
    assert found.shape == expected.shape
    if frames == 3:  # too short to be mirrored as the others are
        assert torch.equal(found, expected)
    else:
        assert 25 < snr_db(expected[0], found[0]) < 90


def test_int8_weights_of_lstm_layers() -> None:
    network = encodec()
    quantized = encodec(Execution(dtype="int8"))
    tokens = torch.randint(0, 1024, (1, 8, 900), generator=torch.Generator().manual_seed(0))
    segment = Segment(tokens, None)  # longer than what goes through at once
    assert snr_db(network.decode([segment])[0], quantized.decode([segment])[0]) > 25


@pytest.mark.parametrize("chosen", [Execution("openvino"), Execution(dtype="int8")])
def test_what_runs_on_the_processor_only_refuses_a_gpu(chosen: Execution) -> None:
    network = torch.nn.Linear(2, 2)
    with pytest.raises(UnavailableError, match="not on cuda"):
        backends.on_backend(network, chosen, torch.device("cuda"), (1, 2), (0,), 1)


def test_compiling_needs_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UnavailableError, match=r"C\+\+ compiler, and g\+\+ is not installed"):
        hifigan(Execution("compile"))


@pytest.mark.parametrize(("backend", "extra"), [("openvino", "openvino"), ("onnxruntime", "onnx")])
def test_a_missing_package_is_named(
    backend: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UnavailableError, match=rf"pip install 'codecmark\[{extra}\]'"):
        hifigan(Execution(backend))


def test_a_network_that_returns_less_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(network: torch.nn.Module, *_: object) -> object:
        return lambda values: network(torch.from_numpy(values)).numpy()[..., :-1]

    monkeypatch.setitem(exporters.EXPORTERS, "openvino", cut)
    with pytest.raises(UnavailableError, match="it returns"):
        hifigan(Execution("openvino"))


@pytest.mark.parametrize("spec", ["encodec:24khz@6k", "mimi@1.1k"])
def test_live_forms_run_on_the_device_of_the_spec(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = fresh(spec, Setup.from_environment().running(Execution(device="cpu")))
    assert isinstance(codec, EncodecCodec | MimiCodec)
    monkeypatch.setenv("CODECMARK_DEVICE", "meta")
    encode, decode = codec.live_encoder(), codec.live_decoder()
    chunk = noise(codec.chunk_samples, rate_hz=24_000).samples[0]
    assert len(decode(encode(chunk))) == codec.chunk_samples


def test_layers_are_decoded_on_the_device_of_the_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    codec = fresh("audioldm2:compact+wave@8k~cpu")
    assert isinstance(codec, WaveformLayerCodec)
    monkeypatch.setenv("CODECMARK_DEVICE", "meta")
    stream = codec.encode(noise(8_000))
    assert np.array_equal(codec.decode_layers(stream).clip.samples, codec.decode(stream).samples)


@pytest.mark.skipif(
    not any(map(shutil.which, ("g++", "clang++"))),
    reason="needs a C++ compiler: apt-get install g++",
)
def test_a_compiled_network_returns_what_eager_does() -> None:
    generator = torch.Generator().manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv1d(1, 2, 3), torch.nn.LeakyReLU(0.1)).eval()
    compiled = backends.on_backend(
        network, Execution("compile"), torch.device("cpu"), (1, 1, 8), (0, 2), 1
    )
    with torch.inference_mode():
        for length in (8, 11):
            values = torch.randn(1, 1, length, generator=generator)
            assert torch.allclose(compiled(values), network(values), atol=1e-6)


def test_what_cannot_be_compiled_is_no_fault_of_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> object:
        raise OSError("no Python.h")

    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=broken))
    codec = create(f"{SPEC}~compile")
    stream = codec.encode(noise(8_000))
    with pytest.raises(UnavailableError, match=r"backend: compile cannot compile.*no Python\.h"):
        codec.decode(stream)


def test_what_a_backend_cannot_run_is_no_fault_of_the_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def short_only(network: torch.nn.Module, *_: object) -> object:
        def call(values: np.ndarray) -> np.ndarray:
            if values.shape[-1] != 50:
                raise RuntimeError("out of memory")
            return runtime.to_array(network(torch.from_numpy(values)))

        return call

    monkeypatch.setitem(exporters.EXPORTERS, "openvino", short_only)
    codec = create(f"{SPEC}~openvino")
    with pytest.raises(CodecError, match=r"openvino failed on an input of shape .*out of memory"):
        codec.decode(codec.encode(noise(8_000)))


def test_parameters_are_counted_whatever_runs_the_decoder() -> None:
    for name in (SPEC, f"{SPEC}+ac"):
        assert create(f"{name}~bfloat16").info.parameters == create(name).info.parameters
