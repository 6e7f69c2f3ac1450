"""Mimi, SNAC, X-Codec, WavTokenizer and NeuCodec: sizes, rates, delays, published files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from snac import SNAC
from transformers import MimiConfig, MimiModel, NeuCodecConfig, NeuCodecModel

from codecmark import UnavailableError, create
from codecmark.bitstream import frame
from codecmark.clip import AudioClip
from codecmark.errors import DamagedWeightsError
from codecmark.networks.published_sets import SETS, WeightFile
from codecmark.neural import mimi, neucodec, snac, wavtokenizer
from codecmark.neural.tokens import TokenCodec
from entries import noise, tiny


@pytest.mark.parametrize(
    ("spec", "frames_per_s", "bits"),
    [
        ("mimi@1.1k", 12.5, 8 * 11),
        ("mimi@4.4k", 12.5, 32 * 11),
        ("mimi@0.55k", 12.5, 4 * 11),
        ("snac:24khz", 24_000 / 512 / 4, (1 + 2 + 4) * 12),
        ("snac:32khz", 32_000 / 384 / 32, (4 + 8 + 16 + 32) * 12),
        ("snac:44khz", 44_100 / 384 / 32, (4 + 8 + 16 + 32) * 12),
        ("xcodec:general@2k", 50, 4 * 10),
        ("xcodec:general@4k", 50, 8 * 10),
        ("wavtokenizer:unify-40", 40, 12),
        ("wavtokenizer:speech-75", 75, 12),
        ("neucodec", 50, 16),
        ("xcodec2", 50, 16),
    ],
)
def test_token_rates_agree_with_arithmetic(spec: str, frames_per_s: float, bits: int) -> None:
    codec = tiny(spec)
    assert codec.info.nominal_bitrate_kbps == pytest.approx(frames_per_s * bits / 1000)
    _, payload = frame.unpack(spec, codec.encode(noise(80_000)))
    frames = -(-5 * frames_per_s // 1)
    assert len(payload) == -(-frames * bits // 8)


def _parameters(make: Callable[[], torch.nn.Module]) -> int:
    with torch.device("meta"):
        return sum(p.numel() for p in make().parameters())


@pytest.mark.parametrize(
    ("make", "published", "digits"),
    [
        # counted in the published file
        (lambda: MimiModel(MimiConfig(**mimi.PUBLISHED)), 79_308_609, 0),
        # SNAC's README: 19.8 M, 54.5 M
        (lambda: SNAC(**snac.PUBLISHED["24khz"]), 19.8e6, 5),
        (lambda: SNAC(**snac.PUBLISHED["32khz"]), 54.5e6, 5),
        (lambda: SNAC(**snac.PUBLISHED["44khz"]), 54.5e6, 5),
        # the hub's page of neuphonic/neucodec: 0.6 B
        (lambda: NeuCodecModel(NeuCodecConfig(**neucodec.PUBLISHED)), 0.6e9, 8),
    ],
)
def test_the_configurations_have_the_published_size(
    make: Callable[[], torch.nn.Module], published: float, digits: int
) -> None:
    assert round(_parameters(make), -digits) == published


@pytest.mark.parametrize("spec", ["mimi@1.1k", "snac:24khz"])
def test_full_size_round_trip(spec: str) -> None:
    clip = noise(4_800)
    codec = create(spec)
    assert codec.info.weights.evidence in {"random", "published"}
    assert codec.decode(codec.encode(clip)).samples.shape == clip.samples.shape


@pytest.mark.parametrize(
    ("spec", "books"),
    [
        ("mimi@1.1k", lambda model: [b.embed_sum for b in mimi._codebooks(model)]),
        ("xcodec:general@2k", lambda model: [q.codebook.embed for q in model.quantizer.quantizers]),
        ("wavtokenizer:unify-40", lambda model: [wavtokenizer._codebook(model)]),
    ],
)
def test_codebooks_that_the_classes_leave_at_zero_are_seeded(
    spec: str, books: Callable[[Any], list[torch.Tensor]]
) -> None:
    codec: Any = tiny(spec)
    assert all(0.9 < float(book.std()) < 1.1 for book in books(codec._model))


# published files, tiny ones that are made here


def _save(codec: Any, folder: Path) -> Path:
    """Write the codec's network as its publisher does; return the file that holds the weights."""
    if codec.info.family == "snac":
        folder.mkdir(parents=True)
        variant = codec.info.spec.partition(":")[2]
        network = codec._model
        config = {name: getattr(network, name) for name in snac.PUBLISHED[variant]
                  if hasattr(network, name)}  # fmt: skip
        (folder / "config.json").write_text(json.dumps({**config, "noise": True}))
        torch.save(network.state_dict(), folder / "pytorch_model.bin")
        return folder / "pytorch_model.bin"
    codec._model.save_pretrained(folder)
    return folder / "model.safetensors"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of weights, whose files have no pinned digest."""
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    for name, weight_set in SETS.items():
        files = tuple(WeightFile(file.path) for file in weight_set.files)
        monkeypatch.setitem(SETS, name, replace(weight_set, files=files))
    return tmp_path


PUBLISHED_SETS = [
    ("mimi@1.1k", "kyutai/mimi"),
    ("snac:24khz", "hubertsiuzdak/snac_24khz"),
    ("snac:44khz", "hubertsiuzdak/snac_44khz"),
    ("xcodec:general@2k", "hf-audio/xcodec-hubert-general-balanced"),
    ("xcodec:speech@1k", "hf-audio/xcodec-hubert-librispeech"),
    ("wavtokenizer:unify-40", "swiss-ai/wavtokenizer-large-unify-40token"),
    ("wavtokenizer:speech-75", "swiss-ai/wavtokenizer-large-speech-75token-v2"),
    ("neucodec", "neuphonic/neucodec"),
    ("xcodec2", "HKUSTAudio/xcodec2-hf"),
]


@pytest.mark.parametrize(("spec", "name"), PUBLISHED_SETS)
def test_published_files_load_from_a_folder(models: Path, spec: str, name: str) -> None:
    made = tiny(spec)
    _save(made, models / name)
    loaded = create(spec)
    assert loaded.info.weights.evidence == "published"
    assert loaded.info.parameters == made.info.parameters
    clip = noise(3_000)
    stream = made.encode(clip)
    assert loaded.encode(clip) == stream
    assert np.array_equal(loaded.decode(stream).samples, made.decode(stream).samples)


@pytest.mark.parametrize(("spec", "name"), PUBLISHED_SETS[::2])
def test_files_that_lack_parameters_are_refused(models: Path, spec: str, name: str) -> None:
    path = _save(tiny(spec), models / name)
    if path.suffix == ".bin":
        state = torch.load(path, weights_only=True)
        torch.save(dict(list(state.items())[1:]), path)
    else:
        state = load_file(path)
        save_file(dict(list(state.items())[1:]), path, metadata={"format": "pt"})
    with pytest.raises(DamagedWeightsError, match="lack 1 parameters"):
        create(spec)


def test_a_pickle_in_place_of_snacs_tensors_is_not_run(models: Path) -> None:
    path = _save(tiny("snac:24khz"), models / "hubertsiuzdak/snac_24khz")
    torch.save({"weights": Path("/")}, path)
    with pytest.raises(DamagedWeightsError, match="cannot be read"):
        create("snac:24khz")


def test_mimis_file_has_the_published_names(models: Path) -> None:
    """The class has other names inside; what it writes and reads are those of kyutai/mimi."""
    names = set(load_file(_save(tiny("mimi@1.1k"), models / "kyutai/mimi")))
    assert {
        "encoder.layers.0.conv.weight",
        "encoder_transformer.layers.0.self_attn.q_proj.weight",
        "downsample.conv.weight",
        "quantizer.semantic_residual_vector_quantizer.layers.0.codebook.embed_sum",
        "quantizer.acoustic_residual_vector_quantizer.layers.30.codebook.cluster_usage",
        "upsample.conv.weight",
        "decoder_transformer.layers.0.mlp.fc1.weight",
        "decoder.layers.0.conv.weight",
    } <= names


# delay


@pytest.mark.parametrize("spec", ["mimi@1.1k", "encodec:24khz@6k", "lyra@6k"])
def test_causal_codecs_look_no_further_ahead_than_they_declare(spec: str) -> None:
    """What changes from a frame's last sample on is heard from its first sample on, not before.

    EnCodec mirrors seven frames at its start: the change comes well behind them.
    """
    try:
        codec = tiny(spec)
    except UnavailableError as error:
        pytest.skip(str(error))
    assert isinstance(codec, TokenCodec)
    hop = codec.info.algorithmic_delay_samples
    assert hop == codec.hop
    samples = noise(40 * hop, rate_hz=codec.rate_hz).samples.copy()
    changed = samples.copy()
    changed[0, 20 * hop - 1 :] = 200 * samples[0, 20 * hop - 1 :]
    decoded = [
        codec.decode(codec.encode(AudioClip(each, codec.rate_hz))).samples[0]
        for each in (samples, changed)
    ]
    heard = np.flatnonzero(decoded[0] != decoded[1])
    assert heard.size
    assert heard[0] >= 19 * hop


@pytest.mark.parametrize(
    "spec", ["snac:24khz", "xcodec:general@2k", "wavtokenizer:unify-40", "neucodec", "xcodec2"]
)
def test_codecs_that_look_ahead_without_a_bound_state_no_delay(spec: str) -> None:
    assert tiny(spec).info.algorithmic_delay_samples is None


def test_neucodec_decodes_to_another_rate_than_it_hears() -> None:
    codec = tiny("neucodec")
    assert isinstance(codec, TokenCodec)
    assert (codec.rate_hz, codec.output_rate_hz) == (16_000, 24_000)
    tokens = np.zeros((1, 8, 50), np.int64)
    assert codec.synthesize(tokens).shape == (1, 24_000)


def test_neucodecs_tokens_are_split_into_their_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    codec: Any = tiny("neucodec")
    codes = torch.tensor([[[0, 65_535, 1, 4, 0b11_10_01_00]]])
    answer = type("Answer", (), {"audio_codes": codes})()
    monkeypatch.setattr(codec._model, "encode", lambda *_: answer)
    tokens = codec.tokenize(noise(5 * 320).samples)
    assert tokens[0, :4].T.tolist() == [
        [0, 0, 0, 0], [3, 3, 3, 3], [1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 2, 3]
    ]  # fmt: skip


def test_snacs_noise_leaves_the_callers_random_state_alone() -> None:
    codec = tiny("snac:24khz")
    stream = codec.encode(noise(2_000))
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first = codec.decode(stream).samples
    assert torch.equal(torch.rand(3), expected)
    assert np.array_equal(codec.decode(stream).samples, first)
