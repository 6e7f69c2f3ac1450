"""Where the chain loses what: on one clip of speech, and its page and figure."""

from __future__ import annotations

from pathlib import Path

import pytest

from codecmark import AudioClip
from codecmark.__main__ import main
from codecmark.corpus.audio_files import write_wav
from codecmark.networks.setup import Setup
from codecmark.studies import chain_page
from codecmark.studies.chain import (
    AFTER_VAE,
    BEFORE_VAE,
    BOTH,
    MAGNITUDE,
    ORIGINAL,
    PHASE,
    SILENCE,
    Stage,
    diagnose,
    quality_limit,
    reading,
)


@pytest.fixture(scope="module")
def stages(speech: AudioClip) -> list[Stage]:
    return diagnose(speech.cropped(2.5), "16k-64", "griffinlim-64", Setup.from_environment())


def stage(stages: list[Stage], name: str) -> Stage:
    return next(s for s in stages if s.name == name)


def test_the_two_losses_are_told_apart(stages: list[Stage]) -> None:
    magnitude, phase, both = (stage(stages, name) for name in (MAGNITUDE, PHASE, BOTH))
    assert (magnitude.value("snr_db") or 0) > 9
    assert (magnitude.value("pesq_wb") or 0) > 3
    assert (phase.value("snr_db") or 99) < 1
    assert (phase.value("pesq_wb") or 0) > 4
    assert (both.value("snr_db") or 99) < 0
    assert (both.value("pesq_wb") or 99) < 2.6


def test_known_ends(stages: list[Stage]) -> None:
    assert (stage(stages, ORIGINAL).value("snr_db") or 999) > 100
    assert stage(stages, ORIGINAL).waveform_retention == pytest.approx(100, abs=0.01)
    assert stage(stages, ORIGINAL).quality_retention == pytest.approx(100, abs=0.5)
    assert stage(stages, SILENCE).value("snr_db") == 0


def test_the_reading_is_computed_from_the_figures(stages: list[Stage]) -> None:
    lines = reading([stages])
    assert lines[0].startswith("SNR is limited by the invented phase")
    assert lines[1].startswith("Quality is limited by ")
    assert lines[2].startswith("The compact VAE in front of the vocoder trained here takes PESQ")
    assert "below silence" in lines[-1]


def test_what_costs_quality_only_together_is_said_to() -> None:
    assert quality_limit(3.91, 4.09, 2.16) == (
        "Quality is limited by both together: alone the mel's magnitudes and the invented phase "
        "cost 0.73 and 0.55 of PESQ's 4.64, together 2.48."
    )
    assert quality_limit(4.5, 2.5, 2.4) == (
        "Quality is limited by the invented phase: alone it takes PESQ from 4.64 to 2.50, the "
        "other to 4.50; together they leave 2.40."
    )


def test_the_autoencoder_trained_here_has_a_figure(stages: list[Stage]) -> None:
    before, after = (stage(stages, name).value("pesq_wb") for name in (BEFORE_VAE, AFTER_VAE))
    assert before is not None
    assert after is not None
    assert 1 < after < before


def test_no_figure_for_a_stage_without_weights(stages: list[Stage]) -> None:
    untrained = stage(stages, "AudioLDM2's VAE and HiFi-GAN")
    assert untrained.scores is None
    assert "seeded random weights" in untrained.reason
    _, rows = chain_page.table([stages])
    assert next(row for row in rows if row[0] == untrained.name)[1:] == ["-"] * 8


def test_page_and_figure(
    speech: AudioClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_wav(tmp_path / "voice.wav", speech.cropped(2.5))
    assert main(["diagnose", str(tmp_path / "voice.wav"), "--out", str(tmp_path)]) == 0
    assert "SNR is limited by the invented phase" in capsys.readouterr().out
    page = (tmp_path / "chain.md").read_text()
    assert "316 vs 80" in page
    assert "mel 86 %, VAE 85 %, Griffin-Lim 8 %" in page
    assert (tmp_path / "chain.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_clip_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", "nobody"]) == 2
    assert "neither a file nor a bundled clip" in capsys.readouterr().err
