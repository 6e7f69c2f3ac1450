"""Files that are replaced as a whole.

A path that the user named is followed wherever it leads. A folder that somebody else made may hold
links that lead out of it, so what is written *inside* a folder is written through none of them.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_BINARY = getattr(os, "O_BINARY", 0)  # of Windows


def replace(path: Path, content: str | bytes) -> None:
    """Write a whole file so that an interruption or a full disk leaves the old one as it was.

    Raises
    ------
    OSError
        If it cannot be written; nothing of the attempt is left.
    """
    data = content.encode() if isinstance(content, str) else content
    path = path.resolve()  # what a link leads to is replaced, not the link
    if path.exists() and not path.is_file():  # a terminal or a pipe
        path.write_bytes(data)
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with _becoming(part, path), part.open("wb") as file:
        _write_synchronised(file, data)


def write_inside(folder: Path, name: str | Path, content: str | bytes, mode: int = 0o666) -> None:
    """Write a whole file inside a folder, and the folders that it is in, through no link.

    A link in place of the file is replaced, not what it leads to.

    Parameters
    ----------
    folder : Path
        Made if it is absent; may itself be reached through links.
    name : str or Path
        Relative to it.
    mode : int
        Who may read it, less what the process withholds from all its files.

    Raises
    ------
    OSError
        If it leaves the folder, lies behind a link or cannot be written; nothing of the attempt is
        left.
    """
    data = content.encode() if isinstance(content, str) else content
    if ".." in Path(name).parts or not is_inside(path := folder / name, folder):
        raise OSError(errno.EINVAL, "leaves the folder", str(folder / name))
    folder.mkdir(parents=True, exist_ok=True)
    path = make_folder(path.parent, folder) / path.name
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | _BINARY
    with (
        _becoming(part, path),
        open(part, "wb", opener=lambda name, _: os.open(name, flags, mode)) as file,
    ):
        _write_synchronised(file, data)


def write_beside(path: Path, content: str | bytes, given: Path | None) -> None:
    """Write a file that the user named: as `write_inside` if it is in a given folder.

    Raises
    ------
    OSError
        As `write_inside`, or as `replace` elsewhere.
    """
    if given is not None and is_inside(path, given):
        write_inside(make_folder(path.parent, given), path.name, content)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, content)


def make_folder(folder: Path, given: Path | None) -> Path:
    """Make a folder with its parents; what of them is inside a given one is reached by no link.

    Returns
    -------
    Path
        Where to write to: without `..`, which behind a link leads elsewhere.

    Raises
    ------
    OSError
        If it is, or cannot be made.
    """
    if given is None or not is_inside(folder, given):
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    place = given
    for part in _as_written(folder).relative_to(_as_written(given)).parts:
        place /= part
        if _is_link(place):
            raise OSError(errno.ELOOP, "is a link or lies behind one", str(place))
        place.mkdir(exist_ok=True)
    return place


def is_inside(path: Path, folder: Path) -> bool:
    """Say whether a path is written as one inside a folder, wherever links lead."""
    return _as_written(path).is_relative_to(_as_written(folder))


def _as_written(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links


def _is_link(path: Path) -> bool:
    """Say whether a path is a link, or on Windows a junction, which needs no rights to make."""
    is_junction = getattr(os.path, "isjunction", lambda _: False)  # of Python 3.12 on
    return path.is_symlink() or bool(is_junction(path))


@contextmanager
def _becoming(part: Path, path: Path) -> Iterator[None]:
    """Let what is written beside a file take its place; leave nothing if that fails."""
    try:
        yield
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _write_synchronised(file: BinaryIO, data: bytes) -> None:
    file.write(data)
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Have the new name on disk too, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return
    with suppress(OSError):
        os.fsync(descriptor)
    os.close(descriptor)
