"""Saving a set copies its sounds, and nothing else from anywhere."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codecmark import InputError
from codecmark.listen import merging
from codecmark.listen.ratings import ListeningSet, Rating, Stimulus, read_set, write_set


@pytest.mark.parametrize(
    "name", ["Makefile", ".hidden.wav", ".git/hooks/a.wav", "a.sh", "x/.bashrc"]
)
def test_only_sounds_are_copied(tmp_path: Path, name: str) -> None:
    source = tmp_path / "set" / name
    source.parent.mkdir(parents=True)
    source.write_bytes(b"evil")
    with pytest.raises(InputError, match="is no sound"):
        merging.save(tmp_path / "copy", heard(tmp_path / "set", name))
    assert not (tmp_path / "copy").exists()


def test_no_file_of_another_content_is_replaced(tmp_path: Path) -> None:
    for folder, content in (("set", b"theirs"), ("mine", b"mine")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.wav").write_bytes(content)
    with pytest.raises(InputError, match="there with other content"):
        merging.save(tmp_path / "mine", heard(tmp_path / "set", "a.wav"))
    assert [path.read_bytes() for path in (tmp_path / "mine").iterdir()] == [b"mine"]
    for _ in range(2):  # the same again is no other content
        merging.save(tmp_path / "new", heard(tmp_path / "set", "a.wav"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are of POSIX systems")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    os.mkfifo(tmp_path / "set" / "a.wav")
    with pytest.raises(InputError, match="is no file"):
        merging.save(tmp_path / "copy", heard(tmp_path / "set", "a.wav"))


def heard(folder: Path, audio: str) -> ListeningSet:
    stimulus = Stimulus("c", "opus@16k", "system", audio, "s", "speech")
    return ListeningSet("mushra", (stimulus,), (Rating("a", "c", "opus@16k", 50.0),), folder=folder)


def test_a_sound_outside_the_folder_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "evil").write_bytes(b"x")
    (tmp_path / "set").mkdir()
    with pytest.raises(InputError, match="leaves the set's folder"):
        merging.save(tmp_path / "a" / "b", heard(tmp_path / "set", "../evil"))
    assert not (tmp_path / "a" / "evil").exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.wav").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="is a link"):
        merging.save(tmp_path / "copy", heard(tmp_path / "set", "a.wav"))
    assert not (tmp_path / "copy" / "a.wav").exists()


def test_a_link_to_a_folder_is_not_followed_either_way(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.wav").write_bytes(b"secret")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "audio").symlink_to(tmp_path / "outside")
    with pytest.raises(InputError, match="lies behind one"):
        merging.save(tmp_path / "copy", heard(tmp_path / "set", "audio/a.wav"))
    assert not (tmp_path / "copy").exists()
    (tmp_path / "own" / "audio").mkdir(parents=True)
    (tmp_path / "own" / "audio" / "a.wav").write_bytes(b"sound")
    with pytest.raises(InputError, match="lies behind one"):  # written out of the folder
        merging.save(tmp_path / "set", heard(tmp_path / "own", "audio/a.wav"))
    assert (tmp_path / "outside" / "a.wav").read_bytes() == b"secret"
    merging.save(tmp_path / "new", heard(tmp_path / "own", "audio/a.wav"))
    assert (tmp_path / "new" / "audio" / "a.wav").read_bytes() == b"sound"


def test_sets_that_are_added_at_once_are_all_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(folder: Path, listening: ListeningSet) -> None:
        time.sleep(0.02)  # after what was there has been read
        write_set(folder, listening)

    monkeypatch.setattr("codecmark.listen.merging.write_set", slowly)
    sets = [
        ListeningSet("mushra", (Stimulus("c", "a"),), (Rating(f"l{n}", "c", "a", 50.0),))
        for n in range(6)
    ]
    with ThreadPoolExecutor(6) as pool:
        added = list(pool.map(lambda each: merging.add_to(tmp_path / "set", each)[1], sets))
    assert added == [1] * 6
    assert len(read_set(tmp_path / "set").listeners) == 6


@pytest.mark.skipif(os.name != "posix", reason="links of this kind are of POSIX systems")
def test_the_lock_of_a_set_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / ".lock").symlink_to(tmp_path / "outside")
    listening = ListeningSet("mushra", (Stimulus("c", "a"),), (Rating("l", "c", "a", 50.0),))
    with pytest.raises(InputError, match="is a link"):
        merging.add_to(tmp_path / "set", listening)
    assert not (tmp_path / "outside").exists()
