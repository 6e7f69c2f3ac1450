"""Fetch one file: resumed where it broke off, checked, and put in place only when whole.

What has arrived lies beside the target as `NAME.part`. An interruption leaves it there and the
next call asks the source for the rest only; a file that turns out not to be the published one is
deleted. Two processes that want the same file take turns, and the second finds it there.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filelock import FileLock
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from codecmark.system import environment
from codecmark.system.digest import file_sha256

_TIMEOUT_S = 10
_CHUNK = 1 << 18
_PARTIAL_CONTENT = 206
_RANGE_NOT_SATISFIABLE = 416

_unreachable_hosts: set[str] = set()  # a host that did not answer is not waited for again


def offline() -> bool:
    """Whether the network must not be asked."""
    return environment.is_on("CODECMARK_OFFLINE", "HF_HUB_OFFLINE")


def cache() -> Path:
    """Return the folder that holds what was fetched."""
    return environment.folder("CODECMARK_CACHE") or Path.home() / ".cache" / "codecmark"


def fetch(url: str, target: Path, digest: str | None, *, lock: Path) -> str | None:
    """Fetch `url` to `target`; return what went wrong, or None.

    Parameters
    ----------
    digest : str or None
        SHA-256 that the file must have; None takes what the source sends, whole.
    lock : Path
        File that processes which want the same target lock meanwhile.
    """
    host = url.split("/")[2]
    if host in _unreachable_hosts:
        return f"{host} cannot be reached"
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            if target.is_file():
                return None
            if problem := _receive(url, host, part):
                return problem
            if digest is not None and file_sha256(part) != digest:
                part.unlink()
                return f"{url} is not the published file"
            part.replace(target)
    except OSError as error:
        return f"cannot write {part}: {error.strerror}; set CODECMARK_CACHE to another folder"
    return None


def _receive(url: str, host: str, part: Path) -> str | None:
    """Append to `part` what it lacks of `url`; return what went wrong, or None."""
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            if answer.status != _PARTIAL_CONTENT:
                have = 0  # the source sends the whole file, asked or not
            left = answer.headers.get("Content-Length")
            whole = None if left is None else have + int(left)
            with part.open("ab" if have else "wb") as out, _progress(part.stem, have, whole) as bar:
                received = have + _copy(answer, out, bar)
    except urllib.error.HTTPError as error:
        if error.code == _RANGE_NOT_SATISFIABLE:
            return _all_here(error, url, part)
        return f"{host} answered {error.code} for {url}"
    except urllib.error.URLError:
        _unreachable_hosts.add(host)
        return f"{host} cannot be reached"
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        return f"{url} broke off: {type(error).__name__}: {error}; run again to go on"
    if whole is not None and received != whole:
        return f"{url} broke off after {received} of {whole} bytes; run again to go on"
    return None


def _all_here(error: urllib.error.HTTPError, url: str, part: Path) -> str | None:
    """Nothing is left to send: because all is here, or because `part` is not of this file."""
    if error.headers.get("Content-Range") == f"bytes */{part.stat().st_size}":
        return None
    part.unlink()
    return f"{url} is not what was begun; run again to fetch it anew"


def _copy(answer: http.client.HTTPResponse, out: IO[bytes], bar: tuple[Progress, TaskID]) -> int:
    progress, task = bar
    copied = 0
    while chunk := answer.read(_CHUNK):
        copied += out.write(chunk)
        progress.update(task, advance=len(chunk))
    return copied


@contextmanager
def _progress(name: str, have: int, whole: int | None) -> Iterator[tuple[Progress, TaskID]]:
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield progress, progress.add_task(name, total=whole, completed=have)
