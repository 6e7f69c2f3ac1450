"""The facts about published audio: sets, their originals, and the decoded files of each.

A set is what one public repository holds at one commit. An original is known by the SHA-256 of its
file; several sets may hold the same one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, msgspec.Meta(ge=1)]
Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]*$")]

SETS, ORIGINALS, DECODED = "sets.toml", "originals.csv", "decoded.csv"
_LOSSY = frozenset({".mp3", ".ogg", ".opus", ".m4a", ".aac", ".webm"})


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A codec as the authors of a set ran it.

    Attributes
    ----------
    variant : str
        In their words, and what was inferred from them.
    rate : {"stated", "inferred", "doubtful", "none"}
        Where `nominal_kbps` is from; `none` where nothing is coded.
    nominal_kbps : float or None
    note : str
    """

    variant: str
    rate: Literal["stated", "inferred", "doubtful", "none"]
    nominal_kbps: Annotated[float, msgspec.Meta(gt=0)] | None = None
    note: str = ""


class PublishedSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one repository holds.

    Attributes
    ----------
    repository, commit : str
        `owner/name`, and the 40 digits.
    licence : str
        Of the repository; that of the recordings is with each original.
    levels : {"kept", "normalised"}
        Whether the authors set the level of each file by itself.
    layout : {"codec", "repository"}
        How a folder holds the files, see `files`.
    codecs : dict
        Settings by the spec that codecmark would write, or a plain name.
    """

    repository: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
    commit: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{40}$")]
    about: str
    licence: str
    codecs: dict[str, Setting]
    caution: str = ""
    levels: Literal["kept", "normalised"] = "kept"
    layout: Literal["codec", "repository"] = "codec"


class Original(msgspec.Struct, frozen=True):
    """A recording, by its file in the repository."""

    set: str
    clip: str
    source: str
    clip_class: str
    language: str
    licence: str
    path: str
    sha256: Digest
    bytes: Count
    sample_rate_hz: Count
    channels: Count
    duration_s: Annotated[float, msgspec.Meta(gt=0)]

    @property
    def name(self) -> str:
        """What labels rows: unique over all sets."""
        return f"{self.set}/{self.clip}"


class Decoded(msgspec.Struct, frozen=True):
    """What a codec made of an original, by its file in the repository.

    `level_db` is its energy over that of the original, both at 16 kHz.
    """

    set: str
    clip: str
    codec: str
    path: str
    sha256: Digest
    bytes: Count
    sample_rate_hz: Count
    channels: Count
    level_db: float

    @property
    def is_lossy(self) -> bool:
        """Whether its container coded the decoded sound once more."""
        return PurePosixPath(self.path).suffix.lower() in _LOSSY


PublishedFile = Original | Decoded
Line = TypeVar("Line", Original, Decoded)


class Manifest:
    """Sets, originals and decoded files, checked against each other.

    Raises
    ------
    InputError
        If a line names a set, clip or codec that is not there, or occurs twice, or a codec has
        two nominal rates.
    """

    def __init__(
        self,
        sets: Mapping[str, PublishedSet],
        originals: Iterable[Original],
        decoded: Iterable[Decoded],
    ) -> None:
        self.sets = dict(sets)
        nominal: dict[str, float | None] = {}
        for name, published in self.sets.items():
            for codec, setting in published.codecs.items():
                if nominal.setdefault(codec, setting.nominal_kbps) != setting.nominal_kbps:
                    raise InputError(
                        f"published audio: {name}: {codec} has another nominal rate than in "
                        "other sets; give it another name"
                    )
        self.originals: dict[tuple[str, str], Original] = {}
        self.decoded: dict[tuple[str, str, str], Decoded] = {}
        for original in originals:
            self._require(original.set in self.sets, original, "no set of that name")
            self._require(
                original.clip_class in CLASSES, original, f"class {original.clip_class!r}"
            )
            clip = original.set, original.clip
            self._require(clip not in self.originals, original, "listed more than once")
            self.originals[clip] = original
        for file in decoded:
            self._require((file.set, file.clip) in self.originals, file, "has no original")
            self._require(file.codec in self.sets[file.set].codecs, file, "no codec of that name")
            key = file.set, file.clip, file.codec
            self._require(key not in self.decoded, file, "listed more than once")
            self.decoded[key] = file

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the three tables of a folder.

        Raises
        ------
        InputError
            If one is missing or wrong; names file, line and field.
        """
        path = folder / SETS
        try:
            sets = msgspec.toml.decode(path.read_bytes(), type=dict[Name, PublishedSet])
        except (OSError, msgspec.MsgspecError) as error:
            raise InputError(f"{path}: {error}") from error
        originals = _table(folder / ORIGINALS, Original)
        return cls(sets, originals, _table(folder / DECODED, Decoded))

    def codecs(self) -> list[str]:
        """Return every codec, in alphabetical order."""
        return sorted({file.codec for file in self.decoded.values()})

    def of_codec(self, codec: str) -> list[Decoded]:
        """Return the decoded files of a codec, in all sets."""
        return [file for file in self.decoded.values() if file.codec == codec]

    def original_of(self, file: PublishedFile) -> Original:
        """Return the original that a file belongs to; an original is its own."""
        return self.originals[file.set, file.clip]

    def files_of(self, name: str) -> list[PublishedFile]:
        """Return every file of a set, originals first."""
        files: list[PublishedFile] = [o for o in self.originals.values() if o.set == name]
        return [*files, *(d for d in self.decoded.values() if d.set == name)]

    @staticmethod
    def _require(holds: bool, line: PublishedFile, problem: str) -> None:
        if not holds:
            codec = f" {line.codec}" if isinstance(line, Decoded) else ""
            raise InputError(f"published audio: {line.set}/{line.clip}{codec}: {problem}")


@cache
def built_in() -> Manifest:
    """Return the manifest that comes with the package."""
    return Manifest.read(Path(__file__).parent)


def _table(path: Path, kind: type[Line]) -> list[Line]:
    lines: list[Line] = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for number, record in enumerate(csv.DictReader(file), start=2):
                lines.append(_line(path, number, record, kind))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV ({error})") from error
    return lines


def _line(path: Path, number: int, record: dict[str, Any], kind: type[Line]) -> Line:
    try:
        return msgspec.convert(record, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{path} line {number}: {error}") from error
