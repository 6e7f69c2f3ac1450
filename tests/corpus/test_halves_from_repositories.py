"""Clips of a half that are files of a public repository: pinned, fetched, held to their digests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from codecmark import InputError, UnavailableError
from codecmark.corpus import halves, published
from codecmark.corpus.halves import Clip, Library, Manifest, Repository
from codecmark.errors import DamagedAudioError
from made_halves import made_clip, phrases, write_all
from served import served

REPOSITORY = Repository("someone/sounds", "0123456789abcdef0123456789abcdef01234567", "made up")
ORIGIN = f"github:{REPOSITORY.repository}"


@pytest.fixture
def clips(tmp_path: Path) -> list[Clip]:
    root = tmp_path / "root"
    paths = write_all(root, {"sharp # one": phrases(1), "two": phrases(2)})
    return [
        made_clip("one", "test", paths["sharp # one"], root, origin=ORIGIN),
        made_clip("two", "development", paths["two"], root, origin=ORIGIN),
    ]


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the repository at its commit, as its source has it."""
    for name in ("CODECMARK_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    place = tmp_path / "served" / REPOSITORY.repository / REPOSITORY.commit
    place.parent.mkdir(parents=True)
    (tmp_path / "root").rename(place)
    return place


@pytest.fixture
def made(tmp_path: Path, clips: list[Clip], offered: Path) -> Iterator[Library]:
    manifest = Manifest(clips, [], [REPOSITORY])
    with served(offered.parents[2]) as template:
        yield Library(
            manifest, tmp_path / "corpora", published.Library.from_environment(), template
        )


def test_every_repository_is_used_and_its_clips_say_where_they_are() -> None:
    manifest = halves.built_in()
    used = {clip.repository for clip in manifest.clips.values()} - {None}
    assert used == set(manifest.repositories)
    for clip in manifest.clips.values():
        assert ".." not in Path(clip.path).parts
        assert not Path(clip.path).is_absolute()


def test_a_repository_that_is_not_pinned_is_refused(clips: list[Clip]) -> None:
    with pytest.raises(InputError, match=r"repositories\.csv does not pin 'someone/sounds'"):
        Manifest(clips, [])


def test_files_are_fetched_by_their_commit(made: Library) -> None:
    test = made.manifest.half("test")
    assert made.fetch(test, ORIGIN) is None
    (clip,) = halves.load("test", made)
    assert clip.path == made.folder / "repositories" / "someone+sounds" / test[0].path
    assert clip.read().duration_s == 2.0
    assert made.find(made.manifest.half("development")[0]) is None


def test_a_file_that_broke_off_is_gone_on_with(made: Library, offered: Path) -> None:
    (clip,) = made.manifest.half("test")
    content = (offered / clip.path).read_bytes()
    target = made.folder / "repositories" / "someone+sounds" / clip.path
    target.parent.mkdir(parents=True)
    target.with_name(f"{target.name}.part").write_bytes(content[:1000])
    made.fetch([clip], ORIGIN)
    assert target.read_bytes() == content
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_file_that_moved_is_named_and_the_others_are_kept(made: Library, offered: Path) -> None:
    one, two = made.manifest.clips.values()
    shutil.copy(offered / two.path, offered / one.path)
    with pytest.raises(UnavailableError, match=r"1 of 2 files .* is not the published file"):
        made.fetch([one, two], ORIGIN)
    assert made.find(one) is None
    assert made.path(two).is_file()
    shutil.copytree(offered, made.folder / "repositories" / "someone+sounds", dirs_exist_ok=True)
    with pytest.raises(DamagedAudioError, match="the file of one has"):
        made.path(one)


def test_a_source_that_cannot_be_reached_is_said_once_and_a_folder_helps(
    made: Library, offered: Path
) -> None:
    away = replace(made, source="http://127.0.0.1:9/{repository}/{commit}/{path}")
    everything = list(made.manifest.clips.values())
    with pytest.raises(UnavailableError) as refused:
        away.fetch(everything, ORIGIN)
    assert "2 of 2 files could not be fetched, first: 127.0.0.1:9 cannot be reached" in str(
        refused.value
    )
    assert "commit 0123456789ab below repositories/someone+sounds" in str(refused.value)
    shutil.copytree(offered, away.folder / "repositories" / "someone+sounds", dirs_exist_ok=True)
    assert away.fetch(everything, ORIGIN) is None
    assert len(halves.load("development", away)) == 1


def test_nothing_is_fetched_offline(made: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODECMARK_OFFLINE", "1")
    with pytest.raises(UnavailableError, match="someone/sounds is not here, and the network is"):
        made.fetch(made.manifest.clips.values(), ORIGIN)


def test_a_commit_has_to_be_whole(tmp_path: Path) -> None:
    for table, line in (
        ("clips", "name"),
        ("packages", "name,version,sha256,bytes"),
        ("repositories", "repository,commit,about\nsomeone/sounds,main,made up"),
    ):
        (tmp_path / f"{table}.csv").write_text(f"{line}\n")
    with pytest.raises(InputError, match=r"repositories\.csv line 2: .*\$\.commit"):
        Manifest.read(tmp_path)
    pinned = msgspec.convert({**msgspec.to_builtins(REPOSITORY)}, Repository)
    assert pinned == REPOSITORY
