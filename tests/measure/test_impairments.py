"""Tandem coding, noise, level, clipping and shifts as axes of a row, by the one path to rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codecmark import AudioClip, InputError, UnknownCodecError, catalog
from codecmark.codec import Codec
from codecmark.measure.impairments import clip_changes, tandem
from codecmark.measure.impairments.treatment import Treatment
from codecmark.metrics import alignment
from codecmark.results import axes, store
from codecmark.results.row import ResultRow
from codecmark.run.planned_clip import PlannedClip
from entries import noise
from small_runs import planned, two_clips, work

RATE_HZ = 16_000
PASSES = 4


@pytest.fixture
def clips(tmp_path: Path) -> list[PlannedClip]:
    return two_clips(tmp_path / "corpus")


def rows_with(
    text: str, clips: list[PlannedClip], out: Path, *specs: str
) -> dict[str, list[ResultRow]]:
    treatment = Treatment.of(axes.parse(text))
    rows = work(planned(clips, out, *specs, timed=False, treatment=treatment), out)
    return {spec: [row for row in rows if row.spec == spec] for spec in specs}


def test_lossless_codecs_are_exact_after_any_number_of_passes(
    tmp_path: Path, clips: list[PlannedClip]
) -> None:
    for text in ("passes=2", "passes=5", "passes=3,passed_through=flac"):
        for rows in rows_with(text, clips, tmp_path, "pcm16", "flac").values():
            assert [row.is_exact("snr_db") for row in rows] == [True, True]
            assert [row.lag_samples for row in rows] == [0, 0]


def test_more_passes_cost_quality_and_no_bits(tmp_path: Path, clips: list[PlannedClip]) -> None:
    once = work(planned(clips, tmp_path, "pcm@8bit", "opus@24k", timed=False), tmp_path)
    again = rows_with("passes=3", clips, tmp_path, "pcm@8bit", "opus@24k")
    for row in once:
        [coded_again] = [later for later in again[row.spec] if later.clip == row.clip]
        assert coded_again.stream_bytes == row.stream_bytes
        assert (coded_again.key == row.key, coded_again.passes) == (False, 3)
        assert row.snr_db is not None
        assert coded_again.snr_db is not None
        if row.spec == "pcm@8bit":  # what is on its grid stays there
            assert coded_again.snr_db == row.snr_db
        else:
            assert coded_again.snr_db < row.snr_db


def test_the_codec_of_the_row_codes_last() -> None:
    first, other = catalog.create("pcm@8bit"), catalog.create("pcm@4bit")
    assert tandem.earlier_passes(first, other, 3) == [first, other]
    assert tandem.earlier_passes(first, other, 2) == [other]
    assert tandem.earlier_passes(first, first, 1) == []


def test_rows_are_made_once_and_stand_beside_untouched_ones(
    tmp_path: Path, clips: list[PlannedClip]
) -> None:
    treatment = Treatment(passes=2)
    rows_with("passes=2", clips, tmp_path, "pcm16")
    assert planned(clips, tmp_path, "pcm16", timed=False, treatment=treatment).count == 0
    assert planned(clips, tmp_path, "pcm16", timed=False).count == 2
    other = Treatment.of({"passed_through": "flac"})
    assert planned(clips, tmp_path, "pcm16", timed=False, treatment=other).count == 2
    work(planned(clips, tmp_path, "pcm16", timed=False), tmp_path)
    [run_id] = store.run_ids(tmp_path)
    stored = store.read(tmp_path, [run_id])
    assert [axes.in_words(each) for each in axes.combinations(stored)] == ["passes=2", "none"]


def test_noise_is_at_the_asked_ratio_and_the_same_for_everybody() -> None:
    clip = noise(RATE_HZ)
    noisy = clip_changes.with_noise(clip, 20, "voice")
    added = noisy.samples.astype(float) - clip.samples
    snr_db = 10 * np.log10(np.square(clip.samples.astype(float)).sum() / np.square(added).sum())
    assert snr_db == pytest.approx(20, abs=0.05)
    assert noisy.sha256() == clip_changes.with_noise(clip, 20, "voice").sha256()
    assert noisy.sha256() != clip_changes.with_noise(clip, 20, "another").sha256()
    silence = AudioClip(np.zeros((1, 100), np.float32), RATE_HZ)
    assert not clip_changes.with_noise(silence, 20, "voice").samples.any()


def test_level_clipping_and_shift_do_what_they_say() -> None:
    clip = noise(RATE_HZ)
    peak = np.abs(clip.samples).max()
    quiet = clip_changes.at_level(clip, -20).samples
    assert np.abs(quiet - clip.samples / 10).max() <= 0.5 / 32_768 + 1e-7
    clipped = clip_changes.overdriven(clip, 6).samples
    limit = peak / 10**0.3
    assert np.abs(clipped).max() == pytest.approx(limit, abs=1 / 32_768)
    inside = np.abs(clip.samples) < limit - 1 / 32_768
    assert np.abs(clipped - clip.samples)[inside].max() <= 0.5 / 32_768 + 1e-7
    late = clip_changes.shifted(clip, 3).samples
    assert not late[:, :3].any()
    assert np.array_equal(late[:, 3:], clip.on_pcm16_grid().samples[:, :-3])


def test_a_codec_is_judged_by_what_it_was_given(tmp_path: Path, clips: list[PlannedClip]) -> None:
    for text in ("noise_snr_db=10", "level_db=-20", "overdrive_db=12", "shift_samples=1"):
        for row in rows_with(text, clips, tmp_path, "pcm16")["pcm16"]:
            assert row.is_exact("snr_db")
            assert row.clip_sha256 not in [clip.sha256 for clip in clips]
            assert row.encode_s is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("passes=1", "passes: 1 is outside 2..100"),
        ("overdrive_db=90", "overdrive_db: 90.0 is outside 1..60"),
        ("passed_through=opsu@24k", "did you mean"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, message: str) -> None:
    with pytest.raises((InputError, UnknownCodecError), match=message):
        Treatment.of(axes.parse(text))


def test_what_cannot_be_is_refused_by_name(tmp_path: Path, clips: list[PlannedClip]) -> None:
    treatment = Treatment(passes=2)
    with pytest.raises(InputError, match=r"passes=2 does not go with replay:dac:16khz@6k: it is"):
        planned(clips, tmp_path, "replay:dac:16khz@6k", timed=False, treatment=treatment)
    with pytest.raises(InputError, match="axes: passes=2: nothing is timed there"):
        planned(clips, tmp_path, "pcm16", treatment=treatment)


# codecs that keep the waveform, at rates where coding itself changes neither level nor delay
WAVEFORM_CODECS = (
    "pcm16", "flac", "pcm@8bit", "lowpass@3.5k", "opus@24k", "opus@64k", "mp3@v4", "vorbis@q3",
    "lc3@64k", "g722@64k",
)  # fmt: skip


class Wrong(Codec):
    """A wrapper with an error: it delays by a sample, or adds a gain."""

    def __init__(self, delay: int = 0, gain_db: float = 0.0) -> None:
        self._delay, self._gain = delay, 10 ** (gain_db / 20)
        self._pcm = catalog.create("pcm16")
        self.info = replace(self._pcm.info, spec="wrong")
        self.encode_payload = self._pcm.encode_payload  # type: ignore[method-assign]

    def encode_payload(self, clip: AudioClip) -> bytes:
        raise NotImplementedError

    def decode_payload(self, payload, header):  # type: ignore[no-untyped-def]
        samples = self._pcm.decode_payload(payload, header)
        return np.roll(samples, self._delay, axis=1) * np.float32(self._gain)


def drift(codec: Codec, clip: AudioClip) -> tuple[int, float]:
    """Return by how many samples and dB each of several passes moves a clip."""
    decoded = tandem.passed_through([codec] * PASSES, clip)
    lag = alignment.find_lag(clip.samples, decoded.samples).lag_samples
    kept, output = clip.samples[0].astype(float), decoded.samples[0].astype(float)
    output = np.roll(output, -lag)
    spectra = np.fft.rfft(kept), np.fft.rfft(output)
    band = slice(300 * len(kept) // RATE_HZ, 2_000 * len(kept) // RATE_HZ)  # where speech is strong
    gain = (
        np.vdot(spectra[0][band], spectra[1][band]).real
        / np.vdot(spectra[0][band], spectra[0][band]).real
    )
    return lag, float(20 * np.log10(gain)) / PASSES


@pytest.mark.parametrize("spec", WAVEFORM_CODECS)
def test_no_wrapper_drifts(spec: str, speech: AudioClip) -> None:
    lag, gain_db = drift(catalog.create(spec), speech)
    assert lag == 0
    assert abs(gain_db) < 0.15


def test_drift_shows_what_a_single_pass_hides(speech: AudioClip) -> None:
    assert drift(Wrong(delay=1), speech)[0] == PASSES
    lag, gain_db = drift(Wrong(gain_db=-0.3), speech)
    assert lag == 0
    assert gain_db == pytest.approx(-0.3, abs=0.01)


def test_lame_lowers_the_level_where_a_bitrate_is_asked_for(speech: AudioClip) -> None:
    """LAME's table of presets scales by 0.95 there; a variable bitrate has no such factor."""
    lag, gain_db = drift(catalog.create("mp3@32k"), speech)
    assert lag == 0
    assert gain_db == pytest.approx(20 * np.log10(0.95), abs=0.06)
