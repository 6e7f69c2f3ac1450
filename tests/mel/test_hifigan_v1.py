"""HiFi-GAN V1 against its paper: the size, the generator written out, the authors' file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch.nn import functional
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

from codecmark import create
from codecmark.codec import Weights
from codecmark.errors import DamagedWeightsError, InputError
from codecmark.mel import formats
from codecmark.mel.chain import MelCodec
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.vocoders import hifigan_v1
from codecmark.mel.vocoders.hifigan_v1 import HifiGanV1
from codecmark.networks.published_sets import SETS, WeightFile, WeightSet
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from entries import tiny, tone
from tiny_networks import TINY_HIFIGAN_V1

State = dict[str, torch.Tensor]
SET = "hifigan-v1-universal"
SPEC = "mel:22k-80/hifigan-v1"


def authors_state(seed: int = 3) -> State:
    """Return a tiny generator as its authors would save it, with random parameters."""
    network = SpeechT5HifiGan(SpeechT5HifiGanConfig(**TINY_HIFIGAN_V1))
    generator = torch.Generator().manual_seed(seed)
    state: State = {}
    for name, value in network.state_dict().items():
        if name in {"mean", "scale"}:
            continue
        own = name.replace("upsampler.", "ups.")
        drawn = torch.randn(value.shape, generator=generator)
        if not name.endswith(".weight"):
            state[own] = 0.1 * drawn
            continue
        state[f"{own}_v"] = drawn
        lengths = torch.rand((len(value), *[1] * (value.ndim - 1)), generator=generator)
        state[f"{own}_g"] = 0.5 + lengths
    return state


def written_out(state: State, log_mel: torch.Tensor) -> torch.Tensor:
    """Return what the paper's generator makes of `[channels, frames, bands]`."""

    def convolved(name: str, values: torch.Tensor, dilation: int = 1) -> torch.Tensor:
        weight = torch._weight_norm(state[f"{name}.weight_v"], state[f"{name}.weight_g"], 0)
        reach = dilation * (weight.shape[-1] - 1) // 2
        return functional.conv1d(
            values, weight, state[f"{name}.bias"], padding=reach, dilation=dilation
        )

    values = convolved("conv_pre", log_mel.mT)
    rates, kernels = TINY_HIFIGAN_V1["upsample_rates"], TINY_HIFIGAN_V1["upsample_kernel_sizes"]
    for n, (rate, kernel) in enumerate(zip(rates, kernels, strict=True)):
        weight = torch._weight_norm(state[f"ups.{n}.weight_v"], state[f"ups.{n}.weight_g"], 0)
        values = functional.conv_transpose1d(
            functional.leaky_relu(values, 0.1), weight, state[f"ups.{n}.bias"],
            stride=rate, padding=(kernel - rate) // 2,
        )  # fmt: skip
        inner = convolved(f"resblocks.{n}.convs1.0", functional.leaky_relu(values, 0.1))
        outer = convolved(f"resblocks.{n}.convs2.0", functional.leaky_relu(inner, 0.1))
        values = values + outer
    return torch.tanh(convolved("conv_post", functional.leaky_relu(values, 0.01)))[:, 0]


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the authors' format that passes for the published one."""
    pinned = SETS[SET]
    (file,) = pinned.files
    loose = WeightSet(SET, pinned.url, None, "MIT", (WeightFile(file.path),), pinned.package)
    monkeypatch.setitem(SETS, SET, loose)
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    path = tmp_path / SET / file.path
    path.parent.mkdir()
    torch.save({"generator": authors_state()}, path)
    return path


def built() -> MelCodec:
    return MelCodec.from_spec(Spec.parse(SPEC), Setup.from_environment(), TINY_HIFIGAN_V1)


def test_the_size_is_the_papers() -> None:
    with torch.device("meta"):
        network = SpeechT5HifiGan(SpeechT5HifiGanConfig(**hifigan_v1.PUBLISHED))
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count / 1e6 == pytest.approx(13.92, abs=0.02)  # table 1 of the paper


def test_an_authors_file_makes_the_papers_generator(checkpoint: Path) -> None:
    codec = built()
    assert codec.info.weights.evidence == "published"
    values = torch.randn(2, 37, 80, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ours = codec.vocoder.synthesize(MelSpectrogram(values, formats.HIFIGAN_22K))
    theirs = written_out(authors_state(), values)
    assert ours.shape == theirs.shape == (2, 37 * 256)
    assert theirs.std() > 0.01
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


def _without_a_length(state: State) -> Mapping[str, object]:
    del state["ups.1.weight_g"]
    return {"generator": state}


def _without_a_bias(state: State) -> Mapping[str, object]:
    del state["conv_post.bias"]
    return {"generator": state}


def _with_another_layer(state: State) -> Mapping[str, object]:
    return {"generator": {**state, "resblocks.99.convs1.0.bias": torch.zeros(1)}}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_without_a_length, r"ups\.1\.weight_g"),
        (_without_a_bias, r"conv_post\.bias"),
        (_with_another_layer, r"resblocks\.99"),
        (lambda state: state, "generator"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(
    checkpoint: Path, damage: object, message: str
) -> None:
    assert callable(damage)
    torch.save(damage(authors_state()), checkpoint)
    with pytest.raises(DamagedWeightsError, match=message):
        built()


def test_what_is_no_checkpoint_is_refused(checkpoint: Path) -> None:
    checkpoint.write_bytes(b"not a checkpoint")
    with pytest.raises(DamagedWeightsError, match="cannot be read"):
        built()


def test_another_file_than_the_published_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    path = tmp_path / SET / SETS[SET].files[0].path
    path.parent.mkdir()
    torch.save({"generator": authors_state()}, path)
    with pytest.raises(DamagedWeightsError, match="has SHA-256"):
        create(SPEC)


def test_it_takes_its_own_mel_and_no_other() -> None:
    vocoder = HifiGanV1(Weights("random"), Setup(), TINY_HIFIGAN_V1)
    other = formats.SPEECHT5
    with pytest.raises(InputError, match="HiFi-GAN V1 was made for"):
        vocoder.synthesize(MelSpectrogram(torch.zeros(1, 30, other.bands), other))
    with pytest.raises(InputError, match="write mel:22k-80/hifigan-v1-lj"):
        create("mel:16k-80-256/hifigan-v1-lj")


@pytest.mark.parametrize("after", ["", "+consistent-6"])
@pytest.mark.parametrize("data", ["", "-lj"])
def test_a_clip_keeps_its_length(data: str, after: str) -> None:
    codec = tiny(f"{SPEC}{data}{after}")
    clip = tone(0.3)
    decoded = codec.decode(codec.encode(clip))
    assert (decoded.n_samples, decoded.sample_rate_hz) == (clip.n_samples, 16_000)
