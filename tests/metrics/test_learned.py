"""Learned predictors: their networks, what is kept, and reasons where weights are not here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from codecmark import AudioClip, InputError, MetricError, corpus
from codecmark.clip import Samples
from codecmark.corpus import CorpusClip, condition
from codecmark.measure import content_key
from codecmark.metrics import distillmos, learned, speaker, speech_onnx
from codecmark.metrics.predictor_weights import digest_of, folder_of
from codecmark.metrics.score import score
from codecmark.metrics.table import ON_REQUEST
from codecmark.networks.published_sets import SETS, WeightFile
from codecmark.networks.setup import Setup
from codecmark.networks.weights import WeightLocator
from codecmark.system.digest import file_sha256
from known_signals import RATE, with_noise
from places import VOICE

ON_ASKING = tuple(metric.field for metric in ON_REQUEST)


@pytest.fixture
def weights(tmp_path: Path) -> WeightLocator:
    """Where nothing is, unless `checkpoint` puts it there, and nothing may be fetched."""
    return WeightLocator(tmp_path / "weights", tmp_path / "cache")


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DistillMOS of random values, where the published one would be."""
    torch.manual_seed(3)
    network = distillmos._Network()
    network.position.copy_(torch.randn(network.position.shape))
    values = {distillmos.published_name(name): v for name, v in network.state_dict().items()}
    folder = tmp_path / "weights" / "distillmos"
    folder.mkdir(parents=True)
    torch.save({"model": values}, folder / distillmos.FILE)
    file = WeightFile(distillmos.FILE, file_sha256(folder / distillmos.FILE))
    monkeypatch.setitem(SETS, "distillmos", replace(SETS["distillmos"], files=(file,)))
    return folder


def test_absent_weights_are_a_reason_with_the_remedy(
    speech: AudioClip, weights: WeightLocator
) -> None:
    scores = score(speech.samples, with_noise(speech, 20), RATE, "speech", weights, ON_ASKING)
    for name, package in (
        ("distillmos", "distillmos"), ("dnsmos_ovrl", "speechmos"), ("plcmos", "speechmos"),
        ("speaker_similarity", "Resemblyzer"),
    ):  # fmt: skip
        assert name not in scores.values
        assert f"pip install --no-deps {package}==" in scores.reasons[name]
    assert "not here" in scores.reasons["distillmos_reference"]
    assert scores.values["zimtohrli"] > 1


def test_predictors_of_speech_are_not_asked_about_music(
    speech: AudioClip, weights: WeightLocator
) -> None:
    scores = score(speech.samples, with_noise(speech, 20), RATE, "music", weights, ON_ASKING)
    for name in ("distillmos", *ON_ASKING):
        assert scores.reasons[name].startswith("not defined for music")


def test_a_package_that_carries_the_weights_is_found_and_not_imported(
    tmp_path: Path, checkpoint: Path, weights: WeightLocator, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "distillmos"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('it must not be imported')")
    checkpoint.rename(package / "weights")
    monkeypatch.syspath_prepend(str(package.parent))
    assert folder_of("distillmos", weights) == package / "weights"


@pytest.mark.usefixtures("checkpoint")
def test_the_row_key_tells_whether_a_predictor_was_here(
    tmp_path: Path, weights: WeightLocator
) -> None:
    rules = condition.named("16k-mono")
    nowhere = replace(weights, folder=tmp_path / "empty")
    assert digest_of("distillmos", weights) != "absent"
    assert digest_of("distillmos", nowhere) == "absent"
    assert weights.asked == []
    here = content_key.codec_key("pcm16", rules, None, Setup(weights))
    absent = content_key.codec_key("pcm16", rules, None, Setup(nowhere))
    chosen = condition.with_predictors(rules, "plcmos")
    asked = content_key.codec_key("pcm16", chosen, None, Setup(weights))
    assert len({here, absent, asked}) == 3


def test_only_what_is_on_request_can_be_asked_for() -> None:
    rules = condition.named("16k-mono")
    assert condition.with_predictors(rules, None) == rules
    asked = condition.with_predictors(rules, "plcmos, dnsmos_ovrl").predictors
    assert asked == ("dnsmos_ovrl", "plcmos")
    with pytest.raises(InputError, match="predictors: no 'pesq_wb'; choose from dnsmos_ovrl"):
        condition.with_predictors(rules, "pesq_wb")


@pytest.mark.usefixtures("checkpoint")
def test_the_original_is_judged_once(speech: AudioClip, weights: WeightLocator) -> None:
    calls = []

    def counted(samples: Samples, _: Path) -> float:
        calls.append(len(samples))
        return float(np.abs(samples).max())

    predictor = learned.NoReference("distillmos", counted)
    first = predictor.of_original(speech.samples, RATE, weights)
    assert predictor.of_original(speech.samples.copy(), RATE, weights) == first
    assert len(calls) == 1
    assert predictor.of_original(speech.samples * np.float32(0.5), RATE, weights) != first
    with pytest.raises(MetricError, match="no sound"):
        predictor.of(np.zeros((1, RATE), np.float32), RATE, weights)


def test_distillmos_hears_no_level_and_stays_on_its_scale(
    checkpoint: Path, speech: AudioClip
) -> None:
    samples = speech.samples[0]
    value = distillmos.predict(samples, checkpoint)
    assert 1 < value < 5
    assert distillmos.predict(samples * np.float32(0.1), checkpoint) == pytest.approx(value, 1e-5)


@pytest.mark.parametrize("length", [200, 16_000, 79_999, 117_000, 122_880])
def test_silence_after_the_clip_is_not_computed_and_counts_all_the_same(
    checkpoint: Path, length: int
) -> None:
    wave = torch.zeros(1, 122_880)
    wave[0, :length] = torch.from_numpy(np.random.default_rng(length).standard_normal(length))
    network = distillmos._network(checkpoint)
    with torch.inference_mode():
        whole = network._features(wave, 122_880)
        short = network._features(wave, length)
    torch.testing.assert_close(short, whole, rtol=1e-4, atol=1e-5)


def test_a_long_clip_is_judged_in_spans_that_cover_it() -> None:
    ramp = torch.arange(1.0, 122_880 + 20_001)
    spans = distillmos._spans(ramp)
    assert spans.shape == (3, 122_880)
    assert spans[0, 0] == pytest.approx(1 / 122_880)
    assert spans[:, -1].tolist() == pytest.approx([1, 1, 1])
    assert distillmos._spans(torch.ones(10)).sum() == pytest.approx(10)


def test_log_spectra_of_plcmos() -> None:
    samples = np.zeros(1_000, np.float32)
    samples[300] = 1.0
    features = speech_onnx._log_spectra(samples)
    assert features.shape == (5, 257)
    # an impulse has the window's power at all bins; frames without it lie at the floor
    at = 300 + 256 - 256  # in the second frame
    power = np.hamming(513)[at] ** 2
    assert features[1] == pytest.approx(np.full(257, np.log(power) / 20), abs=1e-4)
    assert features[4].max() < features[1].min() - 1


@pytest.mark.weights
def test_published_predictors_give_the_values_of_their_packages() -> None:
    """Of the packages of their authors, on the same clips, and of the project's own panel."""
    rules = condition.named("16k-mono")
    others = {clip.name: clip for clip in corpus.load()}
    names = ("en_male_1.flac", "es_female_1.flac", "fr_female_1.flac")
    known = CorpusClip(VOICE.name, VOICE, "shmyrev_msu_ru", "speech")
    clips, _ = condition.prepare([known, *(others[name] for name in names)], rules)
    sounds = [clip.audio.samples[0] for clip in clips]
    here = WeightLocator.from_environment()
    folder = folder_of("distillmos", here)
    assert [distillmos.predict(sound, folder) for sound in sounds[:2]] == pytest.approx(
        [3.86424, 3.99037], abs=1e-4
    )
    assert speech_onnx.dnsmos(sounds[0], folder_of("dnsmos", here)) == pytest.approx(
        3.38379, abs=1e-4
    )
    assert speech_onnx.plcmos(sounds[0], folder_of("plcmos", here)) == pytest.approx(
        3.82767, abs=1e-4
    )
    voice = folder_of("resemblyzer", here)
    assert speaker.similarity(sounds[0], sounds[0] * np.float32(0.9), voice) > 0.999
    assert speaker.similarity(sounds[0], sounds[2], voice) < 0.8
