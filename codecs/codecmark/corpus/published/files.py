"""Where the files of published audio are: in folders of the user's, in the cache, or at the source.

`CODECMARK_PUBLISHED_AUDIO` names one folder, or several as `PATH` does. A folder holds a set as

- `audio/OWNER+REPOSITORY/CLIP/ref.wav` and beside it `CODEC.wav`, where `_` in the name of the
  clip, and `:` and `/` in that of the codec, are `-`; or, for a set of the other layout,
- the repository's own paths.

The cache is laid out in the same way. Wherever a file is found, it has to be the published one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from codecmark.corpus.published.manifest import (
    Decoded,
    Manifest,
    PublishedFile,
    PublishedSet,
    built_in,
)
from codecmark.errors import DamagedAudioError, UnavailableError
from codecmark.system import environment
from codecmark.system.digest import file_sha256
from codecmark.system.environment import PUBLISHED_AUDIO

SOURCE = "https://raw.githubusercontent.com/{repository}/{commit}/{path}"


def address(source: str, repository: str, commit: str, path: str) -> str:
    """Return the address of a repository's file at a commit, by a template such as `SOURCE`."""
    return source.format(repository=repository, commit=commit, path=quote(path))


@dataclass(frozen=True)
class Library:
    """A manifest, and where its files may be.

    Attributes
    ----------
    folders : tuple of Path
        The user's, searched in order.
    cache : Path
        Searched last; what is fetched goes there.
    source : str
        Template of a file's address, with `{repository}`, `{commit}` and `{path}`.
    offline : bool
        Whether downloads are forbidden.
    """

    manifest: Manifest
    folders: tuple[Path, ...]
    cache: Path
    source: str = SOURCE
    offline: bool = True

    @classmethod
    def at(cls, folders: Iterable[Path], cache: Path, *, offline: bool) -> Library:
        """Return the built-in manifest with these folders and the package's `cache`."""
        return cls(built_in(), tuple(folders), cache / "published_audio", offline=offline)

    @classmethod
    def from_environment(cls) -> Library:
        """Return the built-in manifest with the folders that the environment names."""
        from codecmark.system import download  # libraries that only fetching needs

        folders = environment.folders(PUBLISHED_AUDIO)
        return cls.at(folders, download.cache(), offline=download.offline())

    def set_of(self, file: PublishedFile) -> PublishedSet:
        """Return the set that a file belongs to."""
        return self.manifest.sets[file.set]

    def find(self, file: PublishedFile) -> Path | None:
        """Return the path of a file, which is not read, or None."""
        return next((path for path in self._places(file) if path.is_file()), None)

    def path(self, file: PublishedFile) -> Path:
        """Return the path of a file, after checking its published digest.

        Raises
        ------
        UnavailableError
            If it is not here; says how to get it.
        DamagedAudioError
            If a file is in its place that is another one.
        """
        path = self.find(file)
        if path is None:
            raise self._missing(file)
        if path.stat().st_size != file.bytes or file_sha256(path) != file.sha256:
            raise DamagedAudioError(
                f"published audio of {file.set}: {path} has SHA-256 {file_sha256(path)[:16]}..., "
                f"the published file has {file.sha256[:16]}...",
                "delete it, or replace it with the published file",
            )
        return path

    def folder(self, name: str) -> Path:
        """Return the folder of a set.

        Raises
        ------
        UnavailableError
            If a file of it is not here.
        """
        files = self.manifest.files_of(name)
        for file in files:
            if self.find(file) is None:
                raise self._missing(file)
        place, relative = self.find(files[0]), self._relative(files[0])
        assert place is not None  # noqa: S101 - it was there a line ago
        # the repository's root, or its folder below `audio`
        depth = len(relative.parts) - (0 if self.set_of(files[0]).layout == "repository" else 2)
        return place.parents[depth - 1]

    def fetch(self, file: PublishedFile) -> Path:
        """Return the path of a file; fetch it into the cache if it is not here.

        Raises
        ------
        UnavailableError
            If it could not be fetched; what has arrived is kept, and the next call goes on.
        DamagedAudioError
            As `path`.
        """
        from codecmark.system import download

        if self.find(file) is None and not self.offline:
            published = self.set_of(file)
            url = address(self.source, published.repository, published.commit, file.path)
            target = self.cache / self._relative(file)
            lock = self.cache / ".locks" / hashlib.sha256(str(target).encode()).hexdigest()
            if (problem := download.fetch(url, target, file.sha256, lock=lock)) is not None:
                raise UnavailableError(
                    f"published audio of {file.set} could not be fetched ({problem})",
                    self.remedy(file.set),
                )
        return self.path(file)

    def remedy(self, name: str) -> str:
        """Return how to get a set."""
        repository = self.manifest.sets[name].repository
        return (
            f"`codecmark audio fetch {name}` with a network, or name a folder that holds "
            f"{repository} in {PUBLISHED_AUDIO}"
        )

    def _missing(self, file: PublishedFile) -> UnavailableError:
        return UnavailableError(
            f"published audio of {file.set} is not here ({self._relative(file)})",
            self.remedy(file.set),
        )

    def _places(self, file: PublishedFile) -> Iterator[Path]:
        return (folder / self._relative(file) for folder in (*self.folders, self.cache))

    def _relative(self, file: PublishedFile) -> Path:
        published = self.set_of(file)
        if published.layout == "repository":
            return Path(file.path)
        stem = "ref"
        if isinstance(file, Decoded):
            stem = file.codec.replace(":", "-").replace("/", "-")
        folder = Path("audio", published.repository.replace("/", "+"), file.clip.replace("_", "-"))
        return folder / f"{stem}{PurePosixPath(file.path).suffix}"
