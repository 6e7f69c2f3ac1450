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
import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from codecmark.errors import DamagedWeightsError, UnavailableError

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
class WeightFile:
    """One file of a set: path inside the set and, where known, size and digest."""

    path: str
    sha256: str | None = None


@dataclass(frozen=True)
class WeightSet:
    """A published set of files at one pinned revision.

    `url` is a template with `{revision}` and `{path}`; `revision` None means that no revision is
    known to be good, so the set is taken from a folder or the cache only.
    """

    name: str
    url: str
    revision: str | None
    licence: str
    files: tuple[WeightFile, ...]

    @property
    def source(self) -> str:
        """Human-readable address of the set."""
        return self.url.format(revision=self.revision or "main", path="").rstrip("/")


_HUB = "https://huggingface.co/{repo}/resolve/{{revision}}/{{path}}"


def _hub_model(
    repo: str, revision: str | None, licence: str, *files: WeightFile
) -> tuple[str, WeightSet]:
    return repo, WeightSet(repo, _HUB.format(repo=repo), revision, licence, files)


def _single(repo: str, revision: str, licence: str, sha256: str | None) -> tuple[str, WeightSet]:
    files = WeightFile("config.json"), WeightFile("model.safetensors", sha256)
    return _hub_model(repo, revision, licence, *files)


def _audioldm2(repo: str, revision: str | None) -> tuple[str, WeightSet]:
    return _hub_model(
        repo, revision, "CC-BY-NC-SA-4.0",
        WeightFile("vae/config.json"), WeightFile("vae/diffusion_pytorch_model.safetensors"),
        WeightFile("vocoder/config.json"), WeightFile("vocoder/model.safetensors"),
    )  # fmt: skip


SETS: dict[str, WeightSet] = {
    "lyra": WeightSet(
        "lyra",
        "https://raw.githubusercontent.com/google/lyra/{revision}/lyra/model_coeffs/{path}",
        "47698dadf0010abff6a848e02642f55f806d4842",
        "Apache-2.0",
        (
            WeightFile(
                "soundstream_encoder.tflite",
                "237da0b16226fb0a68d49551c81bebf614e42142af72764448359f68581e88f1",
            ),
            WeightFile(
                "quantizer.tflite",
                "841ee05989687d32d1f616a8ad1419fc7eda37599d3c05c7cf5a0d60ccf8ac5c",
            ),
            WeightFile(
                "lyragan.tflite",
                "50e7839cda4f30599a3a34cfaddcd9c98449b049eee884e1a74295780448ad06",
            ),
        ),
    ),
    **dict(
        (
            _single(
                "facebook/encodec_24khz",
                "c1dbe2ae3f1de713481a3b3e7c47f357092ee040",
                "CC-BY-NC-4.0 (weights)",
                "37a7cb100f71a29e6c1d815aca8666a1d7ea8885ebe44c306c751a5103559d57",
            ),
            _single("descript/dac_16khz", "7c2fc5e759f1f501aefc6e7a0265cc57f5d17ba7", "MIT", None),
            _single(
                "descript/dac_24khz",
                "6ba020b5ba7d9d8076fb90db7e67f27e31980f6e",
                "MIT",
                "7452e3fc6972991da871ae1a1c9d3e8e219aa247cc0f757018867d6a7fe59aaf",
            ),
            _single(
                "descript/dac_44khz",
                "c1bc521685adf9cfe247bc39a5ca58917eda1ac4",
                "MIT",
                "6128ebff483a41422b0164d079a3773b0d8d82e64c4293d775994cbf8baf913a",
            ),
            _audioldm2("cvssp/audioldm2", "c8e7e189d324425c05c4c2f81214041ef4107983"),
            _audioldm2("cvssp/audioldm2-music", None),
            _audioldm2("cvssp/audioldm2-large", "4b0b875a9e0c5305dfc917da808584e50e1c7ed4"),
        )
    ),
}


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
    if weight_set.revision is None or not weight_set.url.startswith(_HUB.partition("{")[0]):
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
        if (problem := _download(url, target)) is not None:
            raise UnavailableError(
                f"weights of {weight_set.name} could not be fetched ({problem})",
                _remedy(weight_set),
            )
    return folder


_unreachable_hosts: set[str] = set()  # a host that did not answer is not waited for again


def _download(url: str, target: Path) -> str | None:
    host = url.split("/")[2]
    if host in _unreachable_hosts:
        return f"{host} cannot be reached"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, part.open("wb") as out:
            print(f"fetching {url}", file=sys.stderr)
            while chunk := answer.read(_CHUNK):
                out.write(chunk)
            expected = answer.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        return f"{host} answered {error.code} for {url}"
    except OSError:
        _unreachable_hosts.add(host)
        return f"{host} cannot be reached"
    if expected is not None and part.stat().st_size != int(expected):
        return f"{url} broke off after {part.stat().st_size} of {expected} bytes"
    part.replace(target)
    return None


def _remedy(weight_set: WeightSet) -> str:
    files = ", ".join(file.path for file in weight_set.files)
    return (
        f"run with a network, or put {files} from {weight_set.source} into "
        f"$CODECMARK_WEIGHTS/{weight_set.name}/"
    )
