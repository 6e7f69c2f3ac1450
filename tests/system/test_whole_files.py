"""Files are replaced as a whole or stay as they were."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from codecmark.system import whole_files


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    whole_files.replace(path, "old ß")
    whole_files.replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "kept.md").write_text("old")
    link = tmp_path / "link.md"
    link.symlink_to(tmp_path / "kept.md")
    whole_files.replace(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "kept.md").read_text() == "new"


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.md"
    path.write_text("old")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    holder, name = {"open": (Path, "open"), "fsync": (os, "fsync"), "replace": (Path, "replace")}[
        step
    ]
    monkeypatch.setattr(holder, name, full)
    with pytest.raises(OSError, match="No space left"):
        whole_files.replace(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("kept")
    return tmp_path / "outside"


def test_inside_a_folder_no_link_is_followed(tmp_path: Path, outside: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "file").symlink_to(outside / "kept")
    (folder / "dangling").symlink_to(outside / "new")
    (folder / "sub").symlink_to(outside)
    for name in ("file", "dangling", "deep/er/file"):
        whole_files.write_inside(folder, name, "mine", mode=0o600)
        assert not (folder / name).is_symlink()
        assert (folder / name).read_text() == "mine"
        assert os.name != "posix" or (folder / name).stat().st_mode & 0o777 == 0o600
    leaving = "sub/kept", "sub/new/file", "../outside/kept", "sub/../x", str(outside / "kept")
    for name in leaving:
        with pytest.raises(OSError, match=r"link|leaves"):
            whole_files.write_inside(folder, name, "mine")
    assert [path.name for path in outside.iterdir()] == ["kept"]
    assert (outside / "kept").read_text() == "kept"
    assert sorted(path.name for path in folder.iterdir()) == ["dangling", "deep", "file", "sub"]


def test_a_folder_that_is_reached_by_a_link_may_be_named(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "link").symlink_to(outside)
    whole_files.write_inside(tmp_path / "link", "a/b", "mine")
    assert (outside / "a" / "b").read_text() == "mine"
    whole_files.write_beside(tmp_path / "link" / "c", "mine", tmp_path / "theirs")
    assert (outside / "c").read_text() == "mine"
    with pytest.raises(OSError, match="is a link"):
        whole_files.write_beside(tmp_path / "link" / "d", "mine", tmp_path)
    assert whole_files.make_folder(tmp_path / "x" / ".." / "y", tmp_path) == tmp_path / "y"
    assert not (tmp_path / "x").exists()


def test_a_full_disk_leaves_the_old_file_inside_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        whole_files.write_inside(tmp_path, "a", "new")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
