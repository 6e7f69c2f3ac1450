"""The facts about the two halves: their clips, and the packages and repositories of those."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec

from codecmark.errors import InputError

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, msgspec.Meta(ge=1)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Half = Literal["test", "development"]

HALVES: tuple[Half, ...] = get_args(Half)
CLIPS, PACKAGES, REPOSITORIES = "clips.csv", "packages.csv", "repositories.csv"
PUBLISHED = "published:"  # begins the origin of a clip that is an original of published audio
GITHUB = "github:"  # begins the origin of a clip that is a file of a repository


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Debian package; its files count, whatever archive they come in.

    Attributes
    ----------
    version, sha256, bytes
        Of the archive that the files were first taken from.
    """

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9.+-]+$")]
    version: Text
    sha256: Digest
    bytes: Count


class Repository(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public GitHub repository, at one commit.

    Attributes
    ----------
    about : str
        What it is, and where it states its licence.
    """

    repository: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$")]
    commit: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{40}$")]
    about: Text


class Clip(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A clip, and what must be known of it to use it and to hand it on.

    Attributes
    ----------
    kind : str
        What is heard: `read`, `acted` or `prompt` for speech; for music its critical kind, e.g.
        `percussion` or `brass`; for ambient sound what makes it.
    source : str
        The speaker, the work or the recording.
    author, licence : str
        Of the recording. They travel with the clip.
    language : str
        ISO 639-1, for speech.
    origin : str
        The package; or `published:` and the set of published audio; or `github:` and the
        repository.
    path : str
        Of the file in its package or repository.
    sha256 : str
        Of the file, unpacked where its path ends in `.gz`; not of the part.
    start_s, duration_s : float
        The part that is the clip.
    sample_rate_hz, channels : int
        Of the file.
    lossless : {"yes", "no"}
        Whether the sound was never coded before, as far as is known.
    coding : str
        What it was coded with before, in words.
    rms_dbfs, peak_dbfs : float
        Level of the part, full scale being 0 dB (a square wave's RMS). Lossy files may decode
        beyond it; conditions clip them there.
    low_hz, high_hz : float
        Between them lies all energy of the part but 0.1 % at either end. No filter is applied.
    """

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]*$")]
    half: Half
    clip_class: Literal["speech", "music", "ambient"]
    kind: Text
    source: Text
    author: Text
    licence: Text
    language: str
    origin: Text
    path: Text
    sha256: Digest
    start_s: Annotated[float, msgspec.Meta(ge=0)]
    duration_s: Annotated[float, msgspec.Meta(gt=0, le=10)]
    sample_rate_hz: Count
    channels: Count
    lossless: Literal["yes", "no"]
    coding: Text
    rms_dbfs: float
    peak_dbfs: float
    low_hz: float
    high_hz: float

    @property
    def published_set(self) -> str | None:
        """The set of published audio that it is an original of."""
        return self.origin.removeprefix(PUBLISHED) if self.origin.startswith(PUBLISHED) else None

    @property
    def repository(self) -> str | None:
        """The repository that it is a file of, as `owner/name`."""
        return self.origin.removeprefix(GITHUB) if self.origin.startswith(GITHUB) else None


class Manifest:
    """Clips, packages and repositories, checked against each other.

    Raises
    ------
    InputError
        If a clip occurs twice, names a package or repository that is not pinned, or has a source
        or a file of the other half.
    """

    def __init__(
        self,
        clips: Iterable[Clip],
        packages: Iterable[Package],
        repositories: Iterable[Repository] = (),
    ) -> None:
        self.packages = {package.name: package for package in packages}
        self.repositories = {pinned.repository: pinned for pinned in repositories}
        self.clips: dict[str, Clip] = {}
        halves: dict[str, Clip] = {}
        for clip in clips:
            if clip.name in self.clips:
                raise InputError(f"{CLIPS}: {clip.name} is listed more than once")
            self._refuse_if_not_pinned(clip)
            for identity in (f"source {clip.source}", f"file {clip.sha256}"):
                other = halves.setdefault(identity, clip)
                if other.half != clip.half:
                    raise InputError(
                        f"{CLIPS}: {clip.name} and {other.name} have one {identity:.60} and are "
                        "in different halves; take one of them out"
                    )
            self.clips[clip.name] = clip

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the three tables of a folder.

        Raises
        ------
        InputError
            If one is missing or wrong; names file, line and field.
        """
        return cls(
            _table(folder / CLIPS, Clip),
            _table(folder / PACKAGES, Package),
            _table(folder / REPOSITORIES, Repository),
        )

    def half(self, name: Half) -> list[Clip]:
        """Return the clips of a half, in the order of the table."""
        return [clip for clip in self.clips.values() if clip.half == name]

    def _refuse_if_not_pinned(self, clip: Clip) -> None:
        if clip.repository is not None:
            if clip.repository not in self.repositories:
                raise InputError(
                    f"{CLIPS}: {clip.name}: {REPOSITORIES} does not pin {clip.repository!r}"
                )
        elif clip.published_set is None and clip.origin not in self.packages:
            raise InputError(f"{CLIPS}: {clip.name}: {PACKAGES} does not pin {clip.origin!r}")


@cache
def built_in() -> Manifest:
    """Return the manifest that comes with the package."""
    return Manifest.read(Path(__file__).parent)


_Line = TypeVar("_Line", Clip, Package, Repository)


def _table(path: Path, kind: type[_Line]) -> list[_Line]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            table = csv.DictReader(file)
            return [_line(path, table.line_num, record, kind) for record in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from error


def _line(path: Path, number: int, record: dict[str, Any], kind: type[_Line]) -> _Line:
    try:
        return msgspec.convert(record, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{path} line {number}: {error}") from error
