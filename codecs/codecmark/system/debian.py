"""Files of Debian packages without installing them: `apt-get download`, then `dpkg-deb`.

No rights of an administrator are needed. What apt offers is what the machine's own sources list.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from codecmark.errors import UnavailableError


def download(package: str, folder: Path, *, remedy: str, version: str | None = None) -> Path:
    """Download a package's archive into `folder`, which is made; return where it is.

    Parameters
    ----------
    version : str or None
        The one that is wanted; without it, or where it is no longer offered, the newest.
    remedy : str
        What the user can do where this fails.

    Raises
    ------
    UnavailableError
        If there is no apt, it does not know the package, or it cannot be fetched.
    """
    apt = _program("apt-get", remedy)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [package] if version is None else [f"{package}={version}", package]
    for name in wanted:
        # apt fetches only what is missing of an archive that lies there
        done = subprocess.run(
            [apt, "--quiet", "download", name],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        archives = sorted(folder.glob(f"{package}_*.deb"), key=lambda path: path.stat().st_mtime)
        if done.returncode == 0 and archives:
            return archives[-1]
    said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
    raise UnavailableError(f"apt-get cannot download {package} ({said[0]})", remedy)


def unpack(archive: Path, folder: Path, *, remedy: str) -> None:
    """Unpack an archive's files below `folder`, which is made.

    Raises
    ------
    UnavailableError
        If there is no dpkg-deb, or the archive is damaged.
    """
    dpkg = _program("dpkg-deb", remedy)
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [dpkg, "-x", str(archive), str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise UnavailableError(f"dpkg-deb cannot unpack {archive.name} ({said[0]})", remedy)


def _program(name: str, remedy: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise UnavailableError(f"fetching packages needs Debian's {name}", remedy)
    return path
