"""The other chains against what their authors published: sizes, mels, files."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderKLLTX2Audio, MMAudioVAE, MMAudioVocoder
from diffusers.models.autoencoders.autoencoder_mmaudio import MMAudioMelSpectrogram
from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder
from transformers import (
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
    UnivNetConfig,
    UnivNetFeatureExtractor,
    UnivNetModel,
)
from transformers.audio_utils import mel_filter_bank

from codecmark import AudioClip
from codecmark.codec import Weights
from codecmark.errors import DamagedWeightsError
from codecmark.mel import formats, ltx2, mmaudio
from codecmark.mel.autoencoders import audioldm2
from codecmark.mel.chain import MelCodec
from codecmark.mel.front_end import filters, log_mel
from codecmark.mel.ltx2 import LTX2Codec
from codecmark.mel.mmaudio import MMAudioCodec
from codecmark.mel.spectrogram import MelSpectrogram
from codecmark.mel.vocoders import hifigan, univnet, vocos
from codecmark.mel.vocoders.vocos import VocosNetwork
from codecmark.networks.published_sets import SETS, WeightFile, WeightSet
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from entries import tiny, tone
from tiny_networks import (
    TINY_BIGVGAN,
    TINY_LTX2,
    TINY_LTX2_VOCODER,
    TINY_MMAUDIO,
    TINY_UNIVNET,
    TINY_VOCOS,
)

RANDOM = Weights("random")
KL: Any = AutoencoderKL  # diffusers' constructors are not typed
StereoVae: Any = AutoencoderKLLTX2Audio
FrameVae: Any = MMAudioVAE
BigVganModel: Any = MMAudioVocoder
CHAINS = ("mel:24k-100/univnet", "mel:24k-100-htk/vocos", "audioldm2:48k/hifigan",
          "ltx2:2.0/hifigan", "mmaudio:44k/bigvgan")  # fmt: skip


@pytest.mark.parametrize(
    ("published", "model"),
    [
        (ltx2.PUBLISHED_VAE, AutoencoderKLLTX2Audio),
        (ltx2.PUBLISHED_VOCODER, LTX2Vocoder),
        (mmaudio.PUBLISHED_VAE, MMAudioVAE),
        (mmaudio.PUBLISHED_VOCODER, MMAudioVocoder),
        (vocos.PUBLISHED, VocosNetwork),
    ],
)
def test_every_field_of_a_configuration_is_named(published: Mapping[str, Any], model: Any) -> None:
    assert set(published) == set(inspect.signature(model.__init__).parameters) - {"self"}


def test_every_field_of_univnets_configuration_is_named() -> None:
    own = {field.name for field in dataclasses.fields(UnivNetConfig)}
    general = {field.name for field in dataclasses.fields(UnivNetConfig.__mro__[1])}
    assert set(univnet.PUBLISHED) == own - general


@pytest.mark.parametrize(
    ("build", "millions"),
    [
        (lambda: VocosNetwork(**vocos.PUBLISHED), 13.5),  # the paper's table 1
        (lambda: BigVganModel(**mmaudio.PUBLISHED_VOCODER), 122.0),  # BigVGAN v2's page
        (lambda: SpeechT5HifiGan(SpeechT5HifiGanConfig(**hifigan.PUBLISHED)), 55.3),
        (lambda: KL(**audioldm2.PUBLISHED), 55.4),
    ],
)
def test_the_published_size(build: Any, millions: float) -> None:
    with torch.device("meta"):
        network = build()
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count / 1e6 == pytest.approx(millions, rel=0.01)


def test_univnets_mel_is_that_of_its_feature_extractor(speech: AudioClip) -> None:
    audio = speech.resampled(24_000).samples[:, : 256 * 400]
    theirs = UnivNetFeatureExtractor().mel_spectrogram(audio[0])
    ours = log_mel(torch.tensor(audio), formats.UNIVNET)[0].numpy()
    assert ours.shape == theirs.shape
    # it adds 1e-9 to each power, which is heard of only near the floor
    assert np.abs(ours - theirs)[theirs > -6].max() < 2e-3


def test_mmaudios_mel_is_that_of_its_autoencoder(speech: AudioClip) -> None:
    audio = torch.tensor(speech.resampled(44_100).samples[:, : 512 * 300])
    theirs = MMAudioMelSpectrogram(44_100, 2048, 128, 512)(audio).mT
    ours = log_mel(audio, formats.MMAUDIO)
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs()[theirs > -6].max() < 2e-3


def test_the_filters_of_vocos_are_torchaudios() -> None:
    theirs = mel_filter_bank(513, 100, 0.0, 12_000.0, 24_000, norm=None, mel_scale="htk")
    ours = filters(formats.VOCOS, torch.device("cpu")).numpy()
    np.testing.assert_allclose(ours, theirs.T, atol=1e-4)
    assert ours.max() <= 1


def test_the_head_of_vocos_inverts_as_torch_does() -> None:
    vocoder = vocos.Vocos(RANDOM, Setup(), TINY_VOCOS)
    values = torch.randn(1, 30, 100, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        spectrum = vocoder.network(values)
        theirs = torch.istft(spectrum.mT, 1024, 256, window=torch.hann_window(1024))
        torch.testing.assert_close(
            vocoder.synthesize(MelSpectrogram(values, formats.VOCOS)), theirs, atol=1e-4, rtol=1e-4
        )


def test_checkpoints_in_the_published_layout_are_loaded_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    seeded = {spec: tiny(spec).encode(tone(0.2)) for spec in CHAINS}
    torch.manual_seed(7)
    stereo = StereoVae(**TINY_LTX2)
    stereo.latents_std.fill_(3.0)
    ltx2_folder = tmp_path / ltx2.CHECKPOINT.weight_set
    mmaudio_folder = tmp_path / mmaudio.CHECKPOINT.weight_set
    stereo.save_pretrained(ltx2_folder / "audio_vae")
    LTX2Vocoder(**TINY_LTX2_VOCODER).save_pretrained(ltx2_folder / "vocoder")
    FrameVae(**TINY_MMAUDIO).save_pretrained(mmaudio_folder / "audio_vae")
    BigVganModel(**TINY_BIGVGAN).save_pretrained(mmaudio_folder / "vocoder")
    UnivNetModel(UnivNetConfig(**TINY_UNIVNET)).save_pretrained(tmp_path / "dg845/univnet-dev")
    for codec in (
        LTX2Codec(Spec.parse("ltx2:2.0/hifigan"), Setup.from_environment()),
        MMAudioCodec(Spec.parse("mmaudio:44k/bigvgan"), Setup.from_environment()),
        MelCodec.from_spec(Spec.parse("mel:24k-100/univnet"), Setup.from_environment()),
    ):
        assert codec.info.weights.evidence == "published"
        assert codec.info.parameters is not None
        assert codec.info.parameters < 1e6  # the test's own, not the full size
        clip = tone(0.2)
        assert codec.decode(codec.encode(clip)).n_samples == clip.n_samples
        if not codec.info.spec.startswith("mel:"):
            assert codec.encode(clip) != seeded[codec.info.spec]


def test_vocos_is_loaded_from_its_published_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "charactr/vocos-mel-24khz"
    pinned = SETS[name]
    loose = WeightSet(
        name, pinned.url, pinned.revision, pinned.licence, (WeightFile(vocos.WEIGHTS_FILE),)
    )
    monkeypatch.setitem(SETS, name, loose)
    monkeypatch.setenv("CODECMARK_WEIGHTS", str(tmp_path))
    file = tmp_path / name / vocos.WEIGHTS_FILE
    file.parent.mkdir(parents=True)
    state = VocosNetwork(**TINY_VOCOS).state_dict()
    constants = {"feature_extractor.mel_spec.spectrogram.window": torch.ones(3),
                 "head.istft.window": torch.ones(3)}  # fmt: skip
    torch.save({**state, **constants}, file)
    codec = MelCodec.from_spec(
        Spec.parse("mel:24k-100-htk/vocos"), Setup.from_environment(), TINY_VOCOS
    )
    assert codec.info.weights.evidence == "published"
    assert isinstance(codec.vocoder, vocos.Vocos)
    loaded = codec.vocoder.network.state_dict()
    assert all(torch.equal(value, loaded[key]) for key, value in state.items())

    del state["head.out.bias"]
    torch.save(state, file)
    with pytest.raises(DamagedWeightsError, match=r"head\.out\.bias"):
        MelCodec.from_spec(
            Spec.parse("mel:24k-100-htk/vocos"), Setup.from_environment(), TINY_VOCOS
        )
    file.write_bytes(b"not a checkpoint")
    with pytest.raises(DamagedWeightsError, match="cannot be read"):
        MelCodec.from_spec(
            Spec.parse("mel:24k-100-htk/vocos"), Setup.from_environment(), TINY_VOCOS
        )
