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
