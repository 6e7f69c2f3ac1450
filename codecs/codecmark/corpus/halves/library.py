"""Where the audio of the halves is, and how it is fetched.

`CODECMARK_CORPORA` names the folder; without it, it is `corpora` in the cache. A package's files
lie below `packages/NAME/` by their own paths, without the `.gz` of compressed ones, and a
repository's below `repositories/OWNER+NAME/`; only those that are needed are kept. Originals of
published audio lie where that library has them, see `codecmark.corpus.published`.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from codecmark.corpus import published
from codecmark.corpus.entry import CorpusClip
from codecmark.corpus.halves.manifest import HALVES, Clip, Half, Manifest, built_in
from codecmark.corpus.published.files import SOURCE, address
from codecmark.corpus.published.manifest import Original
from codecmark.errors import DamagedAudioError, InputError, UnavailableError
from codecmark.system.counting import counted
from codecmark.system.digest import file_sha256
from codecmark.system.schema import near

FOLDER = "CODECMARK_CORPORA"
_GZIP = ".gz"
_LARGEST_BYTES = 512 << 20  # of a recording, unpacked: many times the largest of them


def is_half(corpus: str | Path | None) -> bool:
    """Return whether the name of a corpus is one of these."""
    return str(corpus) in HALVES


def named(name: str) -> Half:
    """Return the half of a name, or raise `InputError`."""
    for half in HALVES:
        if name == half:
            return half
    raise InputError(
        f"corpus: no half is named {name!r};{near(name, HALVES)} known: {', '.join(HALVES)}"
    )


def load(name: str, library: Library | None = None) -> list[CorpusClip]:
    """Return the clips of a half.

    Raises
    ------
    InputError
        If no half has that name.
    UnavailableError
        If a file is not here; says how to get it.
    """
    library = library or Library.from_environment()
    return [
        CorpusClip(
            clip.name,
            library.path(clip),
            clip.source,
            clip.clip_class,
            start_s=clip.start_s,
            duration_s=clip.duration_s,
            sha256=clip.sha256,
        )
        for clip in library.manifest.half(named(name))
    ]


@dataclass(frozen=True)
class Library:
    """A manifest, and where its files are.

    Attributes
    ----------
    folder : Path
        Holds the packages' files; what is fetched goes there.
    published : codecmark.corpus.published.Library
        Has the originals of published audio.
    source : str
        Template of the address of a repository's file, as of `published.Library`.
    """

    manifest: Manifest
    folder: Path
    published: published.Library
    source: str = SOURCE

    @classmethod
    def from_environment(cls) -> Library:
        """Return the built-in manifest with the folders that the environment names."""
        from codecmark.system import download  # libraries that only fetching needs

        named_folder = os.environ.get(FOLDER)
        folder = Path(named_folder).expanduser() if named_folder else download.cache() / "corpora"
        return cls(built_in(), folder, published.Library.from_environment())

    def find(self, clip: Clip) -> Path | None:
        """Return the path of a clip's file, which is not read, or None."""
        if clip.published_set is not None:
            return self.published.find(self._original(clip))
        path = self._place(clip)
        return path if path.is_file() else None

    def path(self, clip: Clip) -> Path:
        """Return the path of a clip's file, after checking its digest.

        Raises
        ------
        UnavailableError
            If it is not here; says how to get it.
        DamagedAudioError
            If a file is in its place that is another one.
        """
        if clip.published_set is not None and self.find(clip) is not None:
            return self.published.path(self._original(clip))
        path = self.find(clip)
        if path is None:
            raise UnavailableError(
                f"corpus {clip.half}: {clip.name} is not here ({clip.origin}: {clip.path})",
                self.remedy(clip.half),
            )
        if file_sha256(path) != clip.sha256:
            raise DamagedAudioError(
                f"corpus {clip.half}: {path} has SHA-256 {file_sha256(path)[:16]}..., the file of "
                f"{clip.name} has {clip.sha256[:16]}...",
                f"delete it and run `codecmark corpus fetch {clip.half}`",
            )
        return path

    def fetch(self, clips: Iterable[Clip], origin: str) -> str | None:
        """Fetch what is missing of the clips of one origin; return what moved, or None.

        What has moved is an archive of another version or digest; the files within are held to
        their own digests all the same, by `path`.

        Raises
        ------
        UnavailableError
            If something could not be fetched; what has arrived is kept, and the next call goes on.
        """
        missing = [clip for clip in clips if clip.origin == origin and self.find(clip) is None]
        if not missing:
            return None
        if missing[0].published_set is not None:
            for clip in missing:
                self.published.fetch(self._original(clip))
            return None
        if missing[0].repository is not None:
            self._fetch_from_repository(missing[0].repository, missing)
            return None
        return self._fetch_package(origin, missing)

    def remedy(self, half: str) -> str:
        """Return how to get a half."""
        return (
            f"`codecmark corpus fetch {half}` with a network, or name the folder that holds it in "
            f"{FOLDER}"
        )

    def _fetch_from_repository(self, name: str, missing: list[Clip]) -> None:
        from codecmark.system import download

        remedy = self.remedy(missing[0].half)
        if download.offline():
            raise UnavailableError(f"repository {name} is not here, and the network is off", remedy)
        commit = self.manifest.repositories[name].commit
        problems = []
        for clip in missing:
            url = address(self.source, name, commit, clip.path)
            problem = download.fetch(url, self._place(clip), clip.sha256, lock=self._lock(name))
            if problem is not None:
                problems.append(problem)
        if problems:
            raise UnavailableError(
                f"repository {name}: {len(problems)} of {counted(len(missing), 'file')} could not "
                f"be fetched, first: {problems[0]}",
                f"{remedy}, with the files of commit {commit[:12]} below "
                f"{self._place(missing[0]).relative_to(self.folder).parents[-3]}",
            )

    def _fetch_package(self, name: str, missing: list[Clip]) -> str | None:
        from filelock import FileLock

        from codecmark.system import debian, download

        package, remedy = self.manifest.packages[name], self.remedy(missing[0].half)
        if download.offline():
            raise UnavailableError(f"package {name} is not here, and the network is off", remedy)
        self.folder.mkdir(parents=True, exist_ok=True)
        archives = self.folder / "archives" / name  # an archive that broke off stays here
        with FileLock(self._lock(name)):
            archive = debian.download(name, archives, version=package.version, remedy=remedy)
            digest = file_sha256(archive)
            with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
                debian.unpack(archive, Path(scratch), remedy=remedy)
                absent = [clip for clip in missing if not self._keep(clip, Path(scratch))]
            shutil.rmtree(archives)
        moved = None
        if digest != package.sha256:
            moved = (
                f"{name}: apt offers {archive.name}, pinned is version {package.version} with "
                f"SHA-256 {package.sha256[:16]}..."
            )
        if absent:
            raise UnavailableError(
                f"{moved or name}: {counted(len(absent), 'file')} no longer in it, "
                f"first {absent[0].path}",
                f"unpack version {package.version} below {self.folder / 'packages' / name}",
            )
        return moved

    def _keep(self, clip: Clip, unpacked: Path) -> bool:
        """Move the file of a clip in place; return whether it was in the package."""
        found, place = unpacked / clip.path, self._place(clip)
        if not place.is_file():  # two clips may be parts of one file
            if not found.is_file():
                return False
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_name(f"{place.name}.part")
            unpacked_file = gzip.open if found.suffix == _GZIP else open
            with unpacked_file(found, "rb") as packed, part.open("wb") as out:
                while block := packed.read(1 << 20):
                    out.write(block)
                    if out.tell() > _LARGEST_BYTES:
                        part.unlink()
                        raise DamagedAudioError(
                            f"{clip.path}: more than {_LARGEST_BYTES >> 20} MiB, which no "
                            f"recording of the corpus has; {clip.origin} is not what is pinned",
                            f"unpack the pinned version below {self.folder / 'packages'}",
                        )
            part.replace(place)
        return True

    def _lock(self, name: str) -> Path:
        return self.folder / f".{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock"

    def _place(self, clip: Clip) -> Path:
        if clip.repository is not None:
            return self.folder / "repositories" / clip.repository.replace("/", "+") / clip.path
        return self.folder / "packages" / clip.origin / clip.path.removesuffix(_GZIP)

    def _original(self, clip: Clip) -> Original:
        for original in self.published.manifest.originals.values():
            if original.sha256 == clip.sha256 and original.set == clip.published_set:
                return original
        raise InputError(
            f"corpus {clip.half}: {clip.name}: no original of {clip.origin} has SHA-256 "
            f"{clip.sha256[:16]}..."
        )
