"""Files that are replaced as a whole.

A path that the user named is followed wherever it leads. A folder that somebody else made may hold
links that lead out of it, so what is written *inside* a folder is written through none of them.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

_BINARY = getattr(os, "O_BINARY", 0)  # of Windows
_LINK = (
    "is a link or lies behind one, which may lead out of the folder; "
    "put there what it leads to, or remove it"
)


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
    path = make_folder(path.parent, folder) / path.name
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | _BINARY
    with (
        _becoming(part, path),
        open(part, "wb", opener=lambda name, _: os.open(name, flags, mode)) as file,
    ):
        _write_synchronised(file, data)


def open_inside(path: Path, folder: Path) -> FileIO:
    """Open a file inside a folder for reading and appending, through no link; make it if absent.

    Raises
    ------
    OSError
        If it is a link or lies behind one, is no plain file, or cannot be opened.
    """
    path = make_folder(path.parent, folder) / path.name
    refuse_link(path)
    no_follow = getattr(os, "O_NOFOLLOW", 0)
    file = open(  # noqa: SIM115 - the caller's
        path, "a+b", buffering=0, opener=lambda name, flags: os.open(name, flags | no_follow, 0o666)
    )
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "is no plain file", str(path))
    return file


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
    given.mkdir(parents=True, exist_ok=True)
    place = given
    for part in _as_written(folder).relative_to(_as_written(given)).parts:
        place /= part
        refuse_link(place)
        place.mkdir(exist_ok=True)
    return place


def refuse_link(path: Path) -> None:
    """Raise `OSError` if a path is a link, or on Windows a junction; names it and the remedy."""
    # junctions need no rights to make; Python 3.12 on can tell them
    if path.is_symlink() or getattr(os.path, "isjunction", lambda _: False)(path):
        raise OSError(errno.ELOOP, _LINK, str(path))


def cannot_write(path: Path, error: OSError) -> str:
    """Return the message of a file that cannot be written: names it, or the link on the way."""
    named = error.filename if error.errno == errno.ELOOP and error.filename else path
    return f"{named}: cannot be written ({error.strerror})"


def is_inside(path: Path, folder: Path) -> bool:
    """Say whether a path is written as one inside a folder, wherever links lead."""
    return _as_written(path).is_relative_to(_as_written(folder))


def _as_written(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links


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
