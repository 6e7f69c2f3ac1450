"""Where learned weights come from, and what that allows a row to claim.

Four kinds of evidence, in every row:

- `none`: the codec has no learned part;
- `published`: the published file, from a folder, the cache or the network, with its SHA-256;
- `trained`: weights that this project trained and ships;
- `random`: seeded random numbers in the published architecture. Speed, memory and rate are real,
  quality is never computed.

A published set is looked for in this order: the folder that `CODECMARK_WEIGHTS` names, this
package's cache (`CODECMARK_CACHE`, default `~/.cache/codecmark`), the model hub's own cache, its
public source. `CODECMARK_OFFLINE=1` or `HF_HUB_OFFLINE=1` leaves the last step out. A file whose
SHA-256 differs from a pinned one is refused by name, wherever it was found.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Literal

from codecmark.errors import DamagedWeightsError, UnavailableError
from codecmark.weight_sets import SETS, WeightSet

Evidence = Literal["none", "published", "trained", "random"]
RANDOM_SEED = 20_240_601
_TIMEOUT_S = 10
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Weights:
    """What a codec's learned part is.

    Attributes
    ----------
    evidence : {"none", "published", "trained", "random"}
    sha256 : str or None
        Digest of the file, or of the sorted lines "path digest" where there are several.
    note : str
        Where they were found; for `random`, what is missing and how to get it.
    """

    evidence: Evidence
    sha256: str | None = None
    note: str = ""


NO_WEIGHTS = Weights("none")


@dataclass(frozen=True)
class Located:
    """A set that is here, whole and checked: its folder and what rows may claim."""

    folder: Path
    weights: Weights


def locate(name: str, *, fetch: bool = True) -> Located:
    """Find a published set; fetch it if allowed and needed.

    Raises
    ------
    UnavailableError
        If it is nowhere, or a file is not the published one; says what to do.
    """
    weight_set = SETS[name]
    for look in (_user_folder, _cache_folder, _hub_snapshot):
        folder = look(name)
        if folder is not None and all((folder / f.path).is_file() for f in weight_set.files):
            return _checked(weight_set, folder)
    if not fetch or offline():
        raise UnavailableError(f"weights of {name} are not here", _remedy(weight_set))
    return _checked(weight_set, _fetch(weight_set))


def locate_or_random(name: str) -> Located | Weights:
    """Find a published set, or say honestly that seeded random weights must stand in.

    A set that is here but damaged still raises `UnavailableError`: a wrong file is not a reason
    to measure something else.
    """
    try:
        return locate(name)
    except DamagedWeightsError:
        raise
    except UnavailableError as error:
        return Weights("random", note=f"seeded random weights: {error}")


def offline() -> bool:
    """Whether the network must not be asked."""
    return any(
        os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}
        for name in ("CODECMARK_OFFLINE", "HF_HUB_OFFLINE")
    )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file; remembered by path, size and time of change."""
    stat = path.stat()
    return _file_sha256(path, stat.st_size, stat.st_mtime_ns)


@cache
def _file_sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _user_folder(name: str) -> Path | None:
    root = os.environ.get("CODECMARK_WEIGHTS")
    return Path(root).expanduser() / name if root else None


def _cache_folder(name: str) -> Path:
    root = os.environ.get("CODECMARK_CACHE")
    base = Path(root).expanduser() if root else Path.home() / ".cache" / "codecmark"
    return base / "weights" / name


def _hub_snapshot(name: str) -> Path | None:
    weight_set = SETS[name]
    if not weight_set.on_hub:
        return None
    from huggingface_hub import try_to_load_from_cache

    config = weight_set.files[0].path
    found = try_to_load_from_cache(name, config, revision=weight_set.revision)
    if not isinstance(found, str):
        return None
    return Path(found).parents[config.count("/")]


def _checked(weight_set: WeightSet, folder: Path) -> Located:
    learned = [f for f in weight_set.files if not f.path.endswith(".json")]
    digests = {file.path: file_sha256(folder / file.path) for file in learned}
    for file in learned:
        if file.sha256 is not None and digests[file.path] != file.sha256:
            raise DamagedWeightsError(
                f"weights of {weight_set.name}: {folder / file.path} has SHA-256 "
                f"{digests[file.path][:16]}..., the published file has {file.sha256[:16]}...",
                "delete it, or replace it with the published file",
            )
    if len(digests) == 1:
        (digest,) = digests.values()
    else:
        lines = "".join(f"{path} {digests[path]}\n" for path in sorted(digests))
        digest = hashlib.sha256(lines.encode()).hexdigest()
    pinned = all(file.sha256 for file in learned)
    note = "published file" if pinned else "no published digest is known here: taken on trust"
    return Located(folder, Weights("published", digest, note))


def _fetch(weight_set: WeightSet) -> Path:
    folder = _cache_folder(weight_set.name)
    if weight_set.revision is None:
        raise UnavailableError(
            f"weights of {weight_set.name} have no pinned revision", _remedy(weight_set)
        )
    for file in weight_set.files:
        target = folder / file.path
        if target.is_file():
            continue
        url = weight_set.url.format(revision=weight_set.revision, path=file.path)
        if (problem := _download(url, target, file.sha256)) is not None:
            raise UnavailableError(
                f"weights of {weight_set.name} could not be fetched ({problem})",
                _remedy(weight_set),
            )
    return folder


_unreachable_hosts: set[str] = set()  # a host that did not answer is not waited for again


def _download(url: str, target: Path, sha256: str | None) -> str | None:
    """Fetch one file whole; return what went wrong, or None."""
    host = url.split("/")[2]
    if host in _unreachable_hosts:
        return f"{host} cannot be reached"
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as out:
            problem = _receive(url, host, out)
    except OSError as error:
        return f"cannot write {part}: {error.strerror}; set CODECMARK_CACHE to another folder"
    if problem is None and sha256 is not None and file_sha256(part) != sha256:
        problem = f"{url} is not the published file"
    if problem is None:
        part.replace(target)
    else:
        part.unlink()
    return problem


def _receive(url: str, host: str, out: IO[bytes]) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            print(f"fetching {url}", file=sys.stderr)
            expected = answer.headers.get("Content-Length")
            received = 0
            while chunk := answer.read(_CHUNK):
                received += out.write(chunk)
    except urllib.error.HTTPError as error:
        return f"{host} answered {error.code} for {url}"
    except urllib.error.URLError:
        _unreachable_hosts.add(host)
        return f"{host} cannot be reached"
    except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
        return f"{url} broke off: {type(error).__name__}: {error}"
    if expected is not None and received != int(expected):
        return f"{url} broke off after {received} of {expected} bytes"
    return None


def _remedy(weight_set: WeightSet) -> str:
    files = ", ".join(file.path for file in weight_set.files)
    fetch = "run with a network, or " if weight_set.revision else ""
    return f"{fetch}put {files} from {weight_set.source} into $CODECMARK_WEIGHTS/{weight_set.name}/"
