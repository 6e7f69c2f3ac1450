"""The test half and the development half: their tables, and how they are fetched."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from codecmark import InputError, UnavailableError, corpus
from codecmark.corpus import halves, published
from codecmark.corpus.halves import Clip, Library, Manifest
from codecmark.corpus.halves import library as halves_library
from codecmark.errors import DamagedAudioError
from made_halves import PACKAGE, Shop, library, made_clip, phrases, shop, write_all
from places import REPOSITORY


@dataclass(frozen=True)
class Made:
    """Two clips of one package, in either half, and where they are offered."""

    clips: list[Clip]
    root: Path
    shop: Shop
    library: Library


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    root = tmp_path / "root"
    paths = write_all(root, {"one": phrases(1), "two": phrases(2), "unasked": phrases(3)})
    clips = [
        made_clip("one", "test", paths["one"], root, start_s=0.5),
        made_clip("two", "development", paths["two"], root),
    ]
    offered = shop(tmp_path, monkeypatch)
    archive = offered.put(root)
    return Made(clips, root, offered, library(tmp_path / "corpora", clips, archive))


def test_the_built_in_tables_are_whole_and_free() -> None:
    manifest = halves.built_in()
    known = published.built_in().originals.values()
    for clip in manifest.clips.values():
        assert not any(word in clip.licence for word in ("NC", "ND", "rights", "not stated"))
        assert clip.peak_dbfs <= (0 if clip.lossless == "yes" else 1.5)
        assert clip.rms_dbfs <= clip.peak_dbfs
        assert clip.low_hz < clip.high_hz <= clip.sample_rate_hz / 2
        assert (clip.language != "") == (clip.clip_class == "speech")
        if clip.published_set is not None:
            original = next(o for o in known if o.sha256 == clip.sha256)
            assert original.source == clip.source
            assert (original.path, original.set) == (clip.path, clip.published_set)
    used = {clip.origin for clip in manifest.clips.values()}
    assert set(manifest.packages) <= used


def test_the_halves_have_no_recording_or_speaker_in_common_with_each_other_or_the_default() -> None:
    manifest = halves.built_in()
    test, development = (manifest.half(half) for half in halves.HALVES)
    for field in ("source", "sha256"):
        ours = {getattr(clip, field) for clip in test}
        assert not ours & {getattr(clip, field) for clip in development}
        assert not ours & {getattr(clip, field) for clip in corpus.load()}


def test_the_page_states_what_the_manifest_holds() -> None:
    page = (REPOSITORY / "results" / "corpora.md").read_text(encoding="utf-8")
    for half in halves.HALVES:
        for clip_class in ("speech", "music", "ambient"):
            clips = [c for c in halves.built_in().half(half) if c.clip_class == clip_class]
            figures = (
                len(clips),
                len({clip.source for clip in clips}),
                sum(clip.lossless == "yes" for clip in clips),
                sum(clip.sample_rate_hz >= 44_100 for clip in clips),
                sum(clip.channels == 2 for clip in clips),
            )
            assert f"| {half} | {clip_class} | {' | '.join(map(str, figures))} |" in page


def test_a_source_in_both_halves_is_refused(made: Made) -> None:
    one, two = made.clips
    shared = msgspec.structs.replace(two, source=one.source)
    with pytest.raises(InputError, match=r"two and one have one source one .* different halves"):
        library(made.root, [one, shared])
    same_file = msgspec.structs.replace(two, sha256=one.sha256)
    with pytest.raises(InputError, match="one file"):
        library(made.root, [one, same_file])


def test_tables_that_do_not_hold_together_are_refused(made: Made, tmp_path: Path) -> None:
    one, _ = made.clips
    with pytest.raises(InputError, match="listed more than once"):
        Manifest([one, one], made.library.manifest.packages.values())
    with pytest.raises(InputError, match=f"does not pin '{PACKAGE}'"):
        Manifest([one], [])
    (tmp_path / "packages.csv").write_text("name,version,sha256,bytes\nxy,1,abc,1\n")
    (tmp_path / "clips.csv").write_text("name\n")
    with pytest.raises(InputError, match=r"packages\.csv line 2: .*\$\.sha256"):
        Manifest.read(tmp_path)


def test_a_half_is_fetched_once_and_only_its_files_are_kept(made: Made) -> None:
    clips = made.library.manifest.half("test")
    with pytest.raises(UnavailableError, match=r"one is not here.*codecmark corpus fetch test"):
        halves.load("test", made.library)
    assert made.library.fetch(clips, PACKAGE) is None
    (clip,) = halves.load("test", made.library)
    assert clip.read().duration_s == 2.0
    kept = [path.name for path in made.library.folder.rglob("*") if path.suffix in (".wav", ".deb")]
    assert kept == ["one.wav"]
    assert made.shop.asked == [f"{PACKAGE}=1.0"]
    assert made.library.fetch(clips, PACKAGE) is None
    assert made.shop.asked == [f"{PACKAGE}=1.0"]  # nothing was missing


def test_fetching_goes_on_where_it_stopped(made: Made) -> None:
    everything = list(made.library.manifest.clips.values())
    archive = next(made.shop.archives.iterdir())
    away = archive.rename(archive.parent.parent / archive.name)
    with pytest.raises(UnavailableError, match="Unable to locate package"):
        made.library.fetch(everything, PACKAGE)
    away.rename(archive)
    made.library.fetch(everything, PACKAGE)
    assert {clip.name for clip in everything if made.library.find(clip)} == {"one", "two"}
    made.library.path(everything[0]).unlink()
    made.library.fetch(everything, PACKAGE)
    assert made.library.path(everything[0]).is_file()


def test_another_archive_is_named_and_its_files_count(made: Made) -> None:
    """What moved is said; the files within are held to their own digests."""
    clips = made.library.manifest.half("test")
    made.shop.put(made.root, version="1.1")
    moved = made.library.fetch(clips, PACKAGE)
    assert moved is not None
    assert f"{PACKAGE}_1.1_all.deb, pinned is version 1.0" in moved
    assert made.library.path(clips[0]).is_file()


def test_a_file_that_changed_or_left_its_package_is_refused(made: Made) -> None:
    clips = list(made.library.manifest.clips.values())
    write_all(made.root, {"one": phrases(9)})
    (made.root / clips[1].path).unlink()
    made.shop.put(made.root, version="1.1")
    with pytest.raises(UnavailableError, match=r"1 file no longer in it, first .*two\.wav"):
        made.library.fetch(clips, PACKAGE)
    with pytest.raises(DamagedAudioError, match="the file of one has"):
        made.library.path(clips[0])


def test_compressed_files_are_unpacked(made: Made) -> None:
    clip = made.clips[0]
    path = made.root / clip.path
    path.with_name("one.wav.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    made.shop.put(made.root)
    packed = library(made.library.folder, [msgspec.structs.replace(clip, path=f"{clip.path}.gz")])
    packed.fetch(packed.manifest.half("test"), PACKAGE)
    (loaded,) = halves.load("test", packed)
    assert loaded.path.name == "one.wav"
    assert loaded.read().duration_s == 2.0


def test_what_unpacks_without_end_is_refused(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halves_library, "_LARGEST_BYTES", 1 << 20)
    clip = made.clips[0]
    path = made.root / clip.path
    path.with_name("one.wav.gz").write_bytes(gzip.compress(bytes(8 << 20)))
    path.unlink()
    made.shop.put(made.root)
    packed = library(made.library.folder, [msgspec.structs.replace(clip, path=f"{clip.path}.gz")])
    with pytest.raises(DamagedAudioError, match=r"one\.wav\.gz: more than 1 MiB"):
        packed.fetch(packed.manifest.half("test"), PACKAGE)
    assert not list((made.library.folder / "packages").rglob("*one*"))


def test_nothing_is_fetched_offline(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECMARK_OFFLINE", "1")
    with pytest.raises(UnavailableError, match="the network is off"):
        made.library.fetch(made.clips, PACKAGE)
    assert made.shop.asked == []


def test_names_are_those_of_corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECMARK_CORPORA", str(tmp_path))
    with pytest.raises(UnavailableError, match="codecmark corpus fetch development"):
        corpus.load("development")
    with pytest.raises(InputError, match="did you mean development"):
        halves.load("developement")
    assert Counter(map(halves.is_half, ("test", "development", "tests", None))) == {
        True: 2,
        False: 2,
    }
