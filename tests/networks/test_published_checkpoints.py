"""Checkpoints in the layouts that are published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL
from transformers import (
    DacConfig,
    DacModel,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

from codecmark import create
from codecmark.errors import DamagedWeightsError
from codecmark.mel.audioldm2 import AudioLDM2Codec
from codecmark.networks.published_sets import SETS, WeightFile, WeightSet
from codecmark.networks.setup import Setup
from codecmark.neural.encodec_network import random_model
from codecmark.spec import Spec
from entries import tiny, tone
from tiny_networks import TINY_HIFIGAN, TINY_VAE, tiny_dac, tiny_encodec


def test_a_checkpoint_in_the_published_layout_is_loaded_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cvssp" / "audioldm2"
    random = tiny("audioldm2:base/hifigan").encode(tone(0.2))
    torch.manual_seed(5)
    vae: Any = AutoencoderKL(**TINY_VAE)
    hifigan = SpeechT5HifiGan(SpeechT5HifiGanConfig(**TINY_HIFIGAN))
    vae.save_pretrained(folder / "vae")
    hifigan.save_pretrained(folder / "vocoder")
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    codec = AudioLDM2Codec(Spec.parse("audioldm2:base/hifigan"), Setup.from_environment())
    assert codec.info.weights.evidence == "published"
    assert codec.info.weights.sha256 is not None
    loaded = codec.autoencoder.network.state_dict()
    assert all(torch.equal(value, loaded[name]) for name, value in vae.state_dict().items())
    assert codec.encode(tone(0.2)) != random


def unpin(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let a test's own checkpoint pass for the published one."""
    pinned = SETS[name]
    files = tuple(WeightFile(file.path) for file in pinned.files)
    loose = WeightSet(name, pinned.url, pinned.revision, pinned.licence, files)
    monkeypatch.setitem(SETS, name, loose)


def test_encodec_and_dac_checkpoints_are_loaded_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = {spec: tiny(spec).encode(tone(0.2)) for spec in ("encodec:24khz@6k", "dac:16khz@6k")}
    torch.manual_seed(6)
    random_model(tiny_encodec("24khz")).save_pretrained(tmp_path / "facebook/encodec_24khz")
    DacModel(DacConfig(**tiny_dac("16khz"))).save_pretrained(tmp_path / "descript/dac_16khz")
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    unpin(monkeypatch, "facebook/encodec_24khz")
    for spec, seeded in random.items():
        codec = create(spec)
        assert codec.info.weights.evidence == "published"
        assert codec.info.parameters is not None
        assert codec.info.parameters < 1e6  # the test's own, not the full size
        assert codec.decode(codec.encode(tone(0.2))).n_samples == 3_200
        assert codec.encode(tone(0.2)) != seeded


def test_a_checkpoint_that_is_not_the_pinned_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random_model(tiny_encodec("24khz")).save_pretrained(tmp_path / "facebook/encodec_24khz")
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    with pytest.raises(DamagedWeightsError, match=r"model\.safetensors has SHA-256"):
        create("encodec:24khz@6k")


def test_a_checkpoint_that_lacks_parameters_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The libraries would fill it with random numbers and call it loaded."""
    from safetensors.torch import save_file

    folder = tmp_path / "descript/dac_16khz"
    DacModel(DacConfig(**tiny_dac("16khz"))).save_pretrained(folder)
    save_file({"nothing": torch.zeros(1)}, folder / "model.safetensors")
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    with pytest.raises(DamagedWeightsError, match=r"lack \d+ parameters"):
        create("dac:16khz@6k")
    (folder / "model.safetensors").write_bytes(b"not a checkpoint")
    with pytest.raises(DamagedWeightsError, match="is damaged or cut off"):
        create("dac:16khz@6k")
