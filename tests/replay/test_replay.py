"""Replayed codecs: the published sound of a clip is found, prepared as the clip was, and scored."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import codecmark
from codecmark import AudioClip, CodecError, InputError, UnavailableError, catalog
from codecmark.clip import resample
from codecmark.corpus import condition, published
from codecmark.corpus.audio_files import write_wav
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.corpus.entry import CorpusClip
from codecmark.corpus.published import Library
from codecmark.measure import content_key, contract
from codecmark.measure.replayed import ReplayedMeasurement, measurement_of
from codecmark.measure.scoring import Scorer
from codecmark.networks.setup import Setup
from codecmark.replay.codec import LEVEL_DEPENDENT, ReplayedCodec
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run import plan
from codecmark.run.engines.inprocess import InProcess
from codecmark.run.runner import run
from entries import noise
from published_sets import library

CODEC = "dac:16khz@6k"
RULES = condition.named("16k-mono")


def halved(clip: AudioClip) -> AudioClip:
    return AudioClip(clip.samples * np.float32(0.5), clip.sample_rate_hz)


def clips_of(of: Library, rules: Condition = RULES) -> list[PreparedClip]:
    clips, _ = condition.prepare(published.load("published", of), rules)
    return clips


def rows_of(of: Library, rules: Condition = RULES, codec: str = CODEC) -> list[ResultRow]:
    measurement = measurement_of(ReplayedCodec(codec, of), clips_of(of, rules), rules, Setup())
    measurement.encode()
    measurement.decode()
    with Scorer(1) as scorer:
        return measurement.rows("run", scorer)


@pytest.fixture
def demo(tmp_path: Path, speech: AudioClip) -> Library:
    return library(tmp_path, speech, {CODEC: halved(speech)})


def test_a_row_has_quality_and_no_size_and_no_time(demo: Library) -> None:
    (row,) = rows_of(demo)
    assert (row.spec, row.family, row.weights) == ("replay:dac:16khz@6k", "replay", "replayed")
    assert (row.status, row.clip, row.source) == ("ok", "demo/clip_1", "speaker")
    assert row.snr_db == pytest.approx(6.02, abs=0.01)
    assert row.pesq_wb == pytest.approx(4.63, abs=0.02)  # halving costs a bit
    assert row.level_difference_db == pytest.approx(-6.02, abs=0.01)
    assert row.nominal_bitrate_kbps == 6.0
    for name in ("stream_bytes", "payload_bytes", "bitrate_kbps", "compression_ratio"):
        assert getattr(row, name) is None
        assert "the coded form was not" in row.reasons[name]
    for name in ("encode_s", "decode_rtf", "peak_memory_mib", "parameters"):
        assert getattr(row, name) is None
        assert row.reasons[name] == "replayed: the codec itself was not run"
    assert row.notes["rate"] == "nominal, as stated with the files"
    assert row.notes["level"].startswith("decoded -6.0 dB in level")
    assert row.notes["replayed"] == f"someone/demo-page at 0123456789, {CODEC}/clip_1.wav"
    assert ResultRow.from_json(row.to_json()) == row


def test_both_files_go_through_the_same_preparation(tmp_path: Path, speech: AudioClip) -> None:
    rate_hz = 48_000
    length = speech.n_samples * 3
    stereo = np.repeat(resample(speech.samples, 16_000, rate_hz, length), 2, axis=0)
    original = AudioClip(stereo, rate_hz)
    demo = library(tmp_path, original, {CODEC: original})
    (row,) = rows_of(demo)
    assert row.is_exact("snr_db")
    assert row.decoded_sha256 == row.clip_sha256
    assert row.notes["sample rate"] == "original 48000 Hz, decoded 48000 Hz, judged at 16000 Hz"


def test_a_condition_with_a_level_gives_both_the_same_gain(demo: Library) -> None:
    (row,) = rows_of(demo, replace(RULES, name="quiet", speech_dbov=-36.0))
    assert row.snr_db == pytest.approx(6.02, abs=0.01)


def test_files_that_were_normalised_one_by_one_have_si_sdr_only(
    tmp_path: Path, speech: AudioClip
) -> None:
    demo = library(tmp_path, speech, {CODEC: halved(speech)}, levels="normalised")
    (row,) = rows_of(demo)
    for name in LEVEL_DEPENDENT:
        assert getattr(row, name) is None
        assert "normalised the level of each file by itself" in row.reasons[name]
    assert row.si_sdr_db is not None
    assert row.si_sdr_db > 40


def test_there_is_no_stream(demo: Library, speech: AudioClip) -> None:
    codec = ReplayedCodec(CODEC, demo)
    with pytest.raises(CodecError, match="replay:dac:16khz@6k cannot encode: replayed"):
        codec.encode(speech)


def test_it_is_exempt_from_what_is_promised_of_bytes(demo: Library) -> None:
    contract.check(ReplayedCodec(CODEC, demo))


def test_a_run_has_rows_of_the_clips_that_were_published(
    demo: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, speech: AudioClip
) -> None:
    monkeypatch.setattr(Library, "at", lambda *_, **__: demo)
    write_wav(tmp_path / "mine.wav", speech)
    mine = CorpusClip("mine.wav", tmp_path / "mine.wav", "me", "speech")
    clips, _ = plan.survey([mine, *published.load("published", demo)], RULES)
    out = tmp_path / "out"

    def missing() -> dict[str, list[str]]:
        content_key.codec_digest.cache_clear()
        found = plan.make([f"replay:{CODEC}"], clips, RULES, out, Setup(), timed=True)
        return {spec: [clip.entry.name for clip in lacking] for spec, lacking in
                found.missing.items()}  # fmt: skip

    assert missing() == {f"replay:{CODEC}": ["demo/clip_1"]}
    made = plan.make([f"replay:{CODEC}"], clips, RULES, out, Setup(), timed=True)
    list(run(made, InProcess(), out))
    (row,) = store.read(out)
    assert (row.clip, row.status, row.weights) == ("demo/clip_1", "ok", "replayed")
    assert missing() == {}


def test_a_corpus_without_its_originals_has_one_row_that_says_so(
    demo: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, speech: AudioClip
) -> None:
    monkeypatch.setattr(Library, "at", lambda *_, **__: demo)
    write_wav(tmp_path / "mine.wav", speech)
    mine = CorpusClip("mine.wav", tmp_path / "mine.wav", "me", "speech")
    clips, _ = plan.survey([mine], RULES)
    content_key.codec_digest.cache_clear()
    made = plan.make([f"replay:{CODEC}"], clips, RULES, tmp_path / "out", Setup(), timed=False)
    list(run(made, InProcess(), tmp_path / "out"))
    (row,) = store.read(tmp_path / "out")
    assert (row.status, row.clip) == ("unavailable", None)
    assert "run it on its own originals: --corpus published" in (row.reason or "")


def test_a_clip_that_was_not_published_is_refused(demo: Library) -> None:
    (clip,) = clips_of(demo)
    other = replace(clip, name="mine", file_sha256=None)
    codec = ReplayedCodec(CODEC, demo)
    assert codec.covers(clip, RULES)
    assert not codec.covers(other, RULES)
    with pytest.raises(UnavailableError, match="no decoded version of mine that 16k-mono admits"):
        codec.replay(other, RULES)


def test_a_file_at_a_lower_rate_than_the_condition_asks_for_is_not_used(demo: Library) -> None:
    codec = ReplayedCodec(CODEC, demo)
    (clip,) = clips_of(demo)
    assert not codec.covers(clip, condition.named("24k-mono"))


def test_an_unknown_codec_lists_the_known(demo: Library) -> None:
    with pytest.raises(InputError, match="did you mean replay:dac:16khz@6k"):
        ReplayedCodec("dac:16khz@8k", demo)


def test_a_set_that_is_not_here_is_unavailable_with_the_remedy(demo: Library) -> None:
    with pytest.raises(UnavailableError, match="`codecmark audio fetch demo`"):
        ReplayedCodec(CODEC, replace(demo, folders=()))


def test_a_file_that_is_not_the_published_one_makes_an_unavailable_row(demo: Library) -> None:
    (file,) = demo.manifest.of_codec(CODEC)
    place = demo.path(file)
    place.write_bytes(place.read_bytes()[:-2])
    (row,) = rows_of(demo)
    assert row.status == "unavailable"
    assert row.reason is not None
    assert "the published file has" in row.reason


def test_files_of_unlike_length_fail_by_name(tmp_path: Path, speech: AudioClip) -> None:
    demo = library(tmp_path, speech, {CODEC: speech.cropped(2.0)})
    (row,) = rows_of(demo)
    assert row.status == "failed"
    assert row.reason is not None
    assert "no versions of one clip" in row.reason


def test_a_shorter_file_is_judged_where_both_are(tmp_path: Path, speech: AudioClip) -> None:
    demo = library(tmp_path, speech, {CODEC: speech.cropped(4.9)})
    (row,) = rows_of(demo)
    assert row.snr_db is not None
    assert row.snr_db > 60  # the high-pass knows nothing of what is missing at the end
    assert row.notes["length"] == "decoded 100 ms shorter: judged where both are"


def test_other_codecs_are_measured_as_ever(speech: AudioClip) -> None:
    clip = PreparedClip("clip", "speaker", "speech", speech)
    assert not isinstance(
        measurement_of(codecmark.create("pcm16"), [clip], RULES, Setup()), ReplayedMeasurement
    )


def test_the_family_stands_for_every_published_codec() -> None:
    chosen = catalog.select("replay,opus@6k")
    assert chosen[-1] == "opus@6k"
    assert "replay:dac:44khz@8k" in chosen
    assert len(chosen) == 1 + len(published.built_in().codecs())


def test_the_key_changes_when_the_sound_comes(
    demo: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = f"replay:{CODEC}"
    monkeypatch.setattr(Library, "at", lambda *_, **__: demo)
    here = content_key.codec_digest.__wrapped__(spec, Setup())
    assert content_key.codec_digest.__wrapped__(spec, Setup()) == here
    shutil.rmtree(tmp_path / "audio")
    assert content_key.codec_digest.__wrapped__(spec, Setup()) != here


def test_noise_is_no_version_of_speech(tmp_path: Path, speech: AudioClip) -> None:
    demo = library(tmp_path, speech, {CODEC: noise(speech.n_samples)})
    (row,) = rows_of(demo)
    assert "is it the same recording?" in row.notes["content"]
