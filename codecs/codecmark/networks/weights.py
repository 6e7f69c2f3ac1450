"""Where learned weights come from, and what that allows a row to claim.

Six kinds of evidence, in every row:

- `none`: the codec has no learned part;
- `published`: the published file, from a folder, the cache or the network, with its SHA-256;
- `trained`: weights that this project trained and ships;
- `replayed`: decoded audio that was published stands for the codec. Quality is real, the rate is
  the nominal one, and there are neither bytes nor times;
- `elsewhere`: files that somebody decoded elsewhere, of which no more is known;
- `random`: seeded random numbers in the published architecture. Speed, memory and rate are real,
  quality is never computed.

A published set is looked for in this order: the folder that `CODECMARK_WEIGHTS` names, this
package's cache (`CODECMARK_CACHE`, default `~/.cache/codecmark`), the model hub's own cache, its
public source. `CODECMARK_OFFLINE=1` or `HF_HUB_OFFLINE=1` leaves the last step out. A file whose
SHA-256 differs from a pinned one is refused by name, wherever it was found.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from codecmark.errors import DamagedWeightsError, UnavailableError
from codecmark.networks.published_sets import SETS, WeightSet
from codecmark.system import download
from codecmark.system.digest import combined, file_sha256

Evidence = Literal["none", "published", "trained", "replayed", "elsewhere", "random"]
RANDOM_SEED = 20_240_601
UNREAD = "the files are here; `codecmark weights verify` reads them"


@dataclass(frozen=True)
class Weights:
    """What a codec's learned part is.

    Attributes
    ----------
    evidence : {"none", "published", "trained", "replayed", "elsewhere", "random"}
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
    """A set that is here, whole and checked: its folder, what rows may claim, which one it is."""

    folder: Path
    weights: Weights
    name: str = ""


_recordings: list[list[str]] = []
_unread: ContextVar[bool] = ContextVar("unread", default=False)


@contextmanager
def recording() -> Iterator[list[str]]:
    """Collect the names of the sets that are asked for, found or not."""
    names: list[str] = []
    _recordings.append(names)
    try:
        yield names
    finally:
        _recordings.pop()


def record(name: str) -> None:
    """Note that a set is asked for, see `recording`."""
    for names in _recordings:
        names.append(name)


@contextmanager
def unread() -> Iterator[None]:
    """Let `locate` say what is here by names and headers: it reads no file whole, fetches none.

    So a set has no digest, and its note is `UNREAD`.
    """
    token = _unread.set(True)
    try:
        yield
    finally:
        _unread.reset(token)


def locate(name: str, *, fetch: bool = True) -> Located:
    """Find a published set; fetch it if allowed and needed.

    Raises
    ------
    UnavailableError
        If it is nowhere, or a file is not the published one; says what to do.
    """
    record(name)
    weight_set = SETS[name]
    incomplete = ""
    for look in (_user_folder, _cache_folder, _hub_snapshot):
        folder = look(name)
        if folder is None:
            continue
        absent = [file.path for file in weight_set.files if not (folder / file.path).is_file()]
        if not absent:
            return _checked(weight_set, folder)
        if len(absent) < len(weight_set.files):
            incomplete = f" whole: {folder} lacks {', '.join(absent)}"
    if not fetch or download.offline() or _unread.get():
        raise UnavailableError(f"weights of {name} are not here{incomplete}", _remedy(weight_set))
    return _checked(weight_set, _fetch(weight_set))


def locate_or_random(name: str, *others: str) -> Located | Weights:
    """Find a published set, or say honestly that seeded random weights must stand in.

    `others` hold the same network in other files: the first that is here is taken, and `name` is
    fetched where none is. A set that is here but damaged still raises `UnavailableError`: a wrong
    file is not a reason to measure something else.
    """
    tries = [(each, False) for each in (name, *others)] if others else []
    for each, fetch in (*tries, (name, True)):
        try:
            return locate(each, fetch=fetch)
        except DamagedWeightsError:
            raise
        except UnavailableError as error:
            last = error
    return Weights("random", note=f"seeded random weights: {last}")


def _user_folder(name: str) -> Path | None:
    root = os.environ.get("CODECMARK_WEIGHTS")
    return Path(root).expanduser() / name if root else None


def _cache_folder(name: str) -> Path:
    return download.cache() / "weights" / name


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
    if _unread.get():
        for file in learned:
            if file.path.endswith(".safetensors"):
                _require_whole(weight_set, folder / file.path)
        return Located(folder, Weights("published", note=UNREAD), weight_set.name)
    digests = {file.path: file_sha256(folder / file.path) for file in learned}
    for file in learned:
        if file.sha256 is not None and digests[file.path] != file.sha256:
            raise DamagedWeightsError(
                f"weights of {weight_set.name}: {folder / file.path} has SHA-256 "
                f"{digests[file.path][:16]}..., the published file has {file.sha256[:16]}...",
                "delete it, or replace it with the published file",
            )
        if file.sha256 is None and file.path.endswith(".safetensors"):
            _require_whole(weight_set, folder / file.path)
    pinned = all(file.sha256 for file in learned)
    note = "published file" if pinned else "no published digest is known here: taken on trust"
    return Located(folder, Weights("published", combined(digests), note), weight_set.name)


def _require_whole(weight_set: WeightSet, path: Path) -> None:
    """Refuse a file that breaks off: its header tells its length, where no digest is known."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):
            pass
    except SafetensorError as error:
        raise DamagedWeightsError(
            f"weights of {weight_set.name}: {path} is damaged or cut off ({error})",
            "delete it, or replace it with the published file",
        ) from error


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
        lock = download.cache() / "locks" / hashlib.sha256(str(target).encode()).hexdigest()
        if (problem := download.fetch(url, target, file.sha256, lock=lock)) is not None:
            raise UnavailableError(
                f"weights of {weight_set.name} could not be fetched ({problem})",
                _remedy(weight_set),
            )
    return folder


def _remedy(weight_set: WeightSet) -> str:
    files = ", ".join(file.path for file in weight_set.files)
    fetch = "run with a network, or " if weight_set.revision else ""
    return f"{fetch}put {files} from {weight_set.source} into $CODECMARK_WEIGHTS/{weight_set.name}/"
