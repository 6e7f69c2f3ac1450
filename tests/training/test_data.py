"""Training data: what is allowed in, and crops that can be repeated."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from codecmark import corpus
from codecmark.__main__ import main
from codecmark.corpus import halves
from codecmark.corpus.audio_files import read_audio
from codecmark.errors import InputError
from codecmark.system import debian
from codecmark.training import packages, prepare
from codecmark.training.dataset import MANIFEST, Dataset, Item, write_manifest
from codecmark.training.heldout import HeldOut
from small_trainings import RATE, voice, write


def test_what_was_prepared(prepared: Path, dataset: Dataset) -> None:
    items = dataset.items
    assert {item.licence for item in items} == {"CC0-1.0"}
    assert [item.first for item in items] == list(
        np.cumsum([0, *(item.samples for item in items[:-1])])
    )
    splits = {(item.clip_class, item.split) for item in items}
    assert splits == {(c, s) for c in ("speech", "music") for s in ("train", "validation")}
    manifest = (prepared / MANIFEST).read_text()
    assert all(item.sha256 in manifest for item in items)


def test_bundled_clips_are_left_out_in_any_disguise(recordings: Path, tmp_path: Path) -> None:
    """As the file itself, louder and shifted inside other audio, and under its source's name."""
    folder = tmp_path / "mixed"
    shutil.copytree(recordings, folder)
    bundled = corpus.bundled_folder()
    shutil.copy(bundled / "fr_female_1.flac", folder / "copy.flac")
    clip = read_audio(bundled / "es_female_1.flac").with_channels(1).resampled(RATE).samples[0]
    hidden = np.concatenate([voice(150, 3.3), 0.4 * clip, voice(180, 1.0)])
    write(folder / "speech/hidden.wav", hidden)
    done = prepare.prepare(prepare.from_folder(folder, ""), tmp_path / "out", lambda _: None)
    assert set(done.left_out) == {"copy.flac", "speech/hidden.wav"}
    assert done.left_out["copy.flac"] == "is a bundled clip"
    assert done.left_out["speech/hidden.wav"].startswith("contains es_female_1.flac")
    reason = HeldOut.bundled().reason(
        recordings / "music/0.wav", "", np.zeros(RATE, np.float32)
    )  # silence resembles nothing
    assert reason is None


def test_a_folder_of_bundled_clips_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("fr_female_1.flac", "vinyl_hiss.flac"):
        shutil.copy(corpus.bundled_folder() / name, folder / name)
    with pytest.raises(InputError, match=r"0 of 2 files could be used \(is a bundled clip\)"):
        prepare.prepare(prepare.from_folder(folder, ""), tmp_path / "out", lambda _: None)


def test_a_manifest_that_lists_a_bundled_clip_is_refused(prepared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "edited"
    shutil.copytree(prepared, folder)
    items = Dataset(folder).items
    digest = next(c.sha256 for c in corpus.load() if c.name == "en_male_1.flac")
    assert digest is not None
    write_manifest(folder, [replace(items[0], sha256=digest), *items[1:]])
    with pytest.raises(InputError, match=r"lists the bundled clip en_male_1\.flac"):
        Dataset(folder)


def test_a_file_of_the_test_half_is_left_out_and_refused(
    recordings: Path, prepared: Path, tmp_path: Path
) -> None:
    held_out, nothing = HeldOut.bundled(), np.zeros(RATE, np.float32)
    locked = next(
        c for c in halves.built_in().half("test") if c.origin in halves.built_in().packages
    )
    renamed = tmp_path / Path(locked.path).name
    shutil.copy(recordings / "music/0.wav", renamed)
    assert held_out.reason(renamed, locked.origin, nothing) == (
        f"{locked.name} of the test half is cut from it"
    )
    assert held_out.reason(renamed, "another-package", nothing) is None
    folder = tmp_path / "edited"
    shutil.copytree(prepared, folder)
    items = Dataset(folder).items
    write_manifest(folder, [replace(items[0], sha256=locked.sha256), *items[1:]])
    with pytest.raises(InputError, match=f"lists {locked.name} of the test half"):
        Dataset(folder)


def test_folders_that_are_not_prepared_are_refused(prepared: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="codecmark train data --out DIR"):
        Dataset(tmp_path)
    folder = tmp_path / "long"
    shutil.copytree(prepared, folder)
    items = Dataset(folder).items
    write_manifest(folder, [*items[:-1], replace(items[-1], samples=10**9)])
    with pytest.raises(InputError, match="is shorter than"):
        Dataset(folder)


def test_missing_packages_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"apt-get install festvox-ru .*fluid-soundfont-gm"):
        prepare.from_packages(tmp_path)


def test_the_recipe_is_permissive_and_has_no_speaker_of_the_headline() -> None:
    for package in packages.AUDIO:
        assert package.licence.split()[0] in {"BSD-like", "CC0-1.0", "CC-BY-3.0"}
    with (corpus.bundled_folder() / "clips.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["language"] in {"en", "fr", "es"}]
    assert rows
    assert not {row["source_package"] for row in rows} & set(packages.NAMES)
    assert not {row["source"] for row in rows} & {audio.source for audio in packages.AUDIO}


def test_crops_depend_on_seed_and_step_alone(dataset: Dataset) -> None:
    first = dataset.batch(3, 7, 4, 3_200)
    dataset.batch(3, 8, 4, 3_200)
    again = dataset.batch(3, 7, 4, 3_200)
    assert np.array_equal(first.waveform, again.waveform)
    assert np.array_equal(first.clock, again.clock)
    assert not np.array_equal(first.waveform, dataset.batch(3, 8, 4, 3_200).waveform)
    assert not np.array_equal(first.waveform, dataset.batch(4, 7, 4, 3_200).waveform)
    assert np.abs(first.waveform).max() <= 0.5 + 1e-6


def test_a_crop_comes_with_the_clock_of_its_own_speed(dataset: Dataset) -> None:
    """Slowed down or sped up, the clock still turns once for each period of the waveform."""
    checked = 0
    for step in range(20):
        batch = dataset.batch(0, step, 4, 6_400)
        for waveform, clock, rate, speech in zip(
            batch.waveform, batch.clock, batch.rate, batch.is_speech, strict=True
        ):
            if not speech:
                assert not rate.any()
                continue
            voiced = rate > 0
            if voiced.mean() < 0.9:
                continue
            fundamental = np.mean(waveform[voiced] * np.exp(-2j * np.pi * clock[voiced]))
            assert abs(fundamental) > 0.1 * waveform[voiced].std()
            assert abs(np.angle(fundamental)) < 0.5  # the fundamental is a cosine of the clock
            checked += 1
    assert checked > 10


def test_the_command_prepares_a_folder(recordings: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    assert main(["train", "data", "--folder", str(recordings), "--out", str(out)]) == 0
    assert len(Dataset(out).items) == 6
    assert main(["train", "data", "--packages", str(tmp_path), "--out", str(out)]) == 2


def test_items_round_trip(tmp_path: Path) -> None:
    item = Item('a, "b".wav', "0" * 64, 80, 160, "speech", "s", "CC0-1.0", "é", "p", "train")
    write_manifest(tmp_path, [item])
    with (tmp_path / MANIFEST).open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["name"] == item.name


def test_audio_without_a_header_is_read(tmp_path: Path) -> None:
    """Raw G.722, as Asterisk's packages hold it: half a byte a sample at 16 kHz."""
    path = tmp_path / "prompt.g722"
    path.write_bytes(bytes(range(256)) * 100)
    clip = read_audio(path)
    assert clip.sample_rate_hz == RATE
    assert clip.n_samples == 2 * 25_600
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.SoundFile(path)


def test_fetching_needs_a_folder_and_leaves_what_lies_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "data", "--fetch", "--out", str(tmp_path / "out")]) == 2
    assert "name a folder to unpack into" in capsys.readouterr().err
    own = tmp_path / "festvox-ru_1.0_all.deb"
    own.write_bytes(b"somebody's own")

    def download(package: str, folder: Path, *, remedy: str) -> Path:
        archive = folder / f"{package}_2.0_all.deb"
        archive.write_bytes(b"fetched")
        return archive

    monkeypatch.setattr(debian, "download", download)
    monkeypatch.setattr(debian, "unpack", lambda *_, **__: None)
    packages.fetch(tmp_path, ("festvox-ru",))
    assert [path.name for path in tmp_path.iterdir()] == [own.name]
    assert own.read_bytes() == b"somebody's own"
