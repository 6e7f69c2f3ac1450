"""The anchored vocoder: what the waveform layer coded stays, and the network adds to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from codecmark import create
from codecmark.clip import AudioClip
from codecmark.errors import DamagedWeightsError, InputError, UnavailableError
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.mel.formats import AUDIOLDM2
from codecmark.mel.front_end import linear_spectrum, log_mel
from codecmark.mel.harmonic import coded_bins as anchoring
from codecmark.mel.harmonic.excitation import pulses
from codecmark.mel.harmonic.network import HarmonicConfig, HarmonicNetwork
from codecmark.mel.stft import Pair
from codecmark.metrics.waveform import snr_db
from codecmark.networks.runtime import to_tensor
from codecmark.networks.setup import Setup
from codecmark.training.anchored import AnchoredTask, anchored
from codecmark.training.anchoring import received
from codecmark.training.dataset import Dataset
from codecmark.training.export import export
from codecmark.training.runs import Start, read_start
from codecmark.training.schedule import Schedule
from entries import noise, tone
from small_trainings import CPU, curve, train, vocoder_task
from tiny_networks import TINY_HARMONIC, write_tiny_sets

RATE = 16_000
SAMPLES = 16_000
SPEC = "mel:16k-64+wave+anchored@snr10"


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_tiny_sets(tmp_path)
    monkeypatch.setenv("CODECMARK_TRAINED", str(tmp_path))
    return tmp_path


def spectrum(signal: torch.Tensor) -> Pair:
    found = linear_spectrum(signal, AUDIOLDM2)
    return found.real.contiguous(), found.imag.contiguous()


def steady_clock(pitch_hz: float, start: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
    rate = torch.full((1, SAMPLES), pitch_hz / RATE)
    return ((torch.cumsum(rate.double(), 1) + start) % 1).float(), rate


def unit(pair: Pair) -> Pair:
    size = torch.hypot(*pair).clamp(min=1e-9)
    return pair[0] / size, pair[1] / size


def nothing(frames: int = 100) -> Pair:
    return torch.zeros(1, frames, 513), torch.zeros(1, frames, 513)


def tiny_network(*, with_anchors: bool) -> HarmonicNetwork:
    torch.manual_seed(3)
    return HarmonicNetwork(
        AUDIOLDM2, replace(HarmonicConfig(**TINY_HARMONIC), anchored=with_anchors)
    ).eval()


# anchors


@pytest.mark.parametrize("start", [0.0, 0.13, 0.5, 0.8])
@pytest.mark.parametrize("pitch_hz", [90.0, 210.0, 333.0])
def test_the_clock_is_set_by_coded_harmonics(pitch_hz: float, start: float) -> None:
    clock, rate = steady_clock(pitch_hz)
    shifted, _ = steady_clock(pitch_hz, start)
    coded = spectrum(0.1 * pulses(shifted, rate))
    found = anchoring.set_clock(clock, rate, unit(spectrum(pulses(clock, rate))), coded, AUDIOLDM2)
    error = (found - shifted + 0.5) % 1 - 0.5
    assert error[:, 2_000:-2_000].abs().max() < 1.5 / 64


def test_without_anchors_the_clock_stays() -> None:
    clock, rate = steady_clock(150.0)
    turn = unit(spectrum(pulses(clock, rate)))
    assert torch.equal(anchoring.set_clock(clock, rate, turn, nothing(), AUDIOLDM2), clock)
    unvoiced = torch.zeros_like(rate)
    assert torch.equal(anchoring.set_clock(clock, unvoiced, turn, turn, AUDIOLDM2), clock)


def test_levels_add_up_in_power() -> None:
    level = torch.full((1, 1, 3), 2.0).log()
    coded = torch.tensor([[[0.0, 1.0, 3.0]]]), torch.zeros(1, 1, 3)
    left = anchoring.missing(coded, level).exp()
    assert left[0, 0, :2].tolist() == pytest.approx([2.0, 3**0.5], rel=1e-4)
    assert float(left[0, 0, 2]) == pytest.approx(0.2, rel=1e-4)  # 20 dB below, never nothing


def test_what_the_network_is_told() -> None:
    """A bin coded at half the expected level, a quarter of a turn ahead of the pulses."""
    level = torch.full((1, 1, 1), 4.0).log()
    turn = torch.zeros(1, 1, 1), torch.ones(1, 1, 1)
    coded = torch.full((1, 1, 1), -2.0), torch.zeros(1, 1, 1)
    excess, real, imaginary = anchoring.inputs(coded, level, turn).flatten().tolist()
    assert excess == pytest.approx(-np.log(2), rel=1e-5)
    assert (real, imaginary) == (pytest.approx(0.0, abs=1e-6), pytest.approx(0.5))


def test_a_change_of_nothing_changes_nothing() -> None:
    coded = torch.randn(1, 4, 5), torch.randn(1, 4, 5)
    zero = torch.zeros(1, 4, 5)
    same = anchoring.corrected(coded, (zero, zero))
    assert torch.equal(same[0], coded[0])
    assert torch.equal(same[1], coded[1])
    quarter = anchoring.corrected(coded, (zero - 1, zero + 1))
    assert torch.allclose(quarter[0], -coded[1])
    assert torch.allclose(quarter[1], coded[0])


# networks and training


def test_a_plain_vocoder_goes_on_as_an_anchored_one(speech: AudioClip) -> None:
    """Before it is trained, nothing coded gives what the plain network gives."""
    plain = tiny_network(with_anchors=False)
    start = anchored(Start(TINY_HARMONIC, plain.state_dict(), "plain"))
    network = tiny_network(with_anchors=True)
    network.load_state_dict(start.state)
    mel = log_mel(to_tensor(speech.resampled(RATE).samples[:, :SAMPLES], "cpu"), AUDIOLDM2)
    with torch.inference_mode():
        made = network.spectrum(mel, nothing())
        wanted = plain.spectrum(mel).whole
    for found, expected in zip(made.own, wanted, strict=True):
        assert torch.allclose(found, expected, atol=1e-4)
    assert made.coded is not None
    assert not any(part.any() for part in made.coded)
    again = anchored(start)
    assert again is start


def test_what_arrives_has_about_the_snr_asked_for(speech: AudioClip) -> None:
    signal = speech.resampled(RATE).samples[0, :SAMPLES]
    for wanted_db in (4.0, 8.0, 14.0):
        found = received(signal, wanted_db, 20)
        assert snr_db(signal[None], found.coded[None], RATE) == pytest.approx(wanted_db, abs=2.5)
    assert not received(signal, -1.0, 20).coded.any()
    fine, coarse = (received(signal, 8.0, step).log_mel for step in (0, 50))
    true = log_mel(to_tensor(signal[None], "cpu"), AUDIOLDM2).numpy()[0, 4:-4]
    errors = [float(np.abs(mel[4:-4] - true).mean()) for mel in (fine, coarse)]
    assert errors[0] < 0.15 < errors[1]
    silent = received(np.zeros(SAMPLES, np.float32), 8.0, 20)
    assert not silent.coded.any()


def test_it_trains_and_goes_on_to_the_same_curve(dataset: Dataset, tmp_path: Path) -> None:
    train(vocoder_task(dataset), tmp_path / "plain")

    def task() -> AnchoredTask:
        start = read_start(tmp_path / "plain", "anchored")
        return AnchoredTask(dataset, CPU, start, batch=2, seconds=0.2, validation_items=4)

    schedule = Schedule(steps=4, log_every=1, validate_every=4)
    train(task(), tmp_path / "whole", schedule)
    train(task(), tmp_path / "halves", replace(schedule, steps=2))
    train(task(), tmp_path / "halves", schedule)
    assert curve(tmp_path / "halves") == curve(tmp_path / "whole")
    assert {"waveform", "bands", "complex"} <= curve(tmp_path / "whole")[0].keys()
    files = export(tmp_path / "whole", tmp_path / "sets/anchored", dataset, Setup())
    assert [file.name for file in files] == ["vocoder.safetensors", "card.md"]
    assert read_start(tmp_path / "sets/anchored", "anchored").config["anchored"]
    with pytest.raises(InputError, match="holds an anchored vocoder; name a plain one"):
        read_start(tmp_path / "sets/anchored", "vocoder")
    with pytest.raises(InputError, match="trains vocoder; name a run of vae"):
        read_start(tmp_path / "plain", "vae")


# the codec


@pytest.mark.usefixtures("sets")
def test_the_snr_is_that_of_the_whole_output(speech: AudioClip) -> None:
    clip = speech.cropped(1.0)
    codec = create(SPEC)
    decoded = codec.decode(codec.encode(clip))
    assert snr_db(clip.samples, decoded.samples, clip.sample_rate_hz) >= 10.0
    assert codec.info.weights.evidence == "trained"
    assert (codec.info.parameters or 0) > 0


@pytest.mark.usefixtures("sets")
@pytest.mark.parametrize(
    "clip", [tone(0.4), noise(6_400), AudioClip(np.zeros((2, 999), np.float32), RATE)]
)
def test_any_clip_keeps_its_form(clip: AudioClip) -> None:
    for spec in ("mel:16k-64+wave+anchored@8k", "audioldm2:compact+wave+anchored@snr10"):
        codec = create(spec)
        assert isinstance(codec, WaveformLayerCodec)
        stream = codec.encode(clip)
        assert codec.decode(stream).samples.shape == clip.samples.shape
        base = codec.decode_layers(stream, upto=1).clip
        assert np.isfinite(base.samples).all()


def test_what_is_no_fill_is_refused(sets: Path) -> None:
    with pytest.raises(InputError, match=r"write mel:16k-64\+wave, or"):
        create("mel:16k-64+wave+harmonic@8k")
    with pytest.raises(InputError, match="needs a base among base, music"):
        create("audioldm2:48k+wave+anchored@8k")
    harmonic = (sets / "harmonic/vocoder.safetensors").read_bytes()
    (sets / "anchored/vocoder.safetensors").write_bytes(harmonic)
    with pytest.raises(DamagedWeightsError, match="not the anchored kind"):
        create(SPEC)


def test_absent_weights_come_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    from codecmark.networks import trained_sets

    monkeypatch.setattr(trained_sets, "SHIPPED", Path("nowhere"))
    with pytest.raises(UnavailableError, match="codecmark train anchored"):
        create(SPEC)
