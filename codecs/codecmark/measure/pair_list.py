"""Lists of decoded files that were made elsewhere: a CSV table with a line for each.

Columns `reference` and `decoded` are files, relative to the table. `codec` names what decoded
them, `kbps` is its nominal rate, `clip`, `source` and `class` say what the reference is. All but
the first two may be left out; further columns are kept as notes of the row.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.spec import Spec
from codecmark.system import given_files

FAMILY = "elsewhere"
COLUMNS = ("reference", "decoded", "codec", "kbps", "clip", "source", "class")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.+-]+")


@dataclass(frozen=True)
class ListedPair:
    """A decoded file and its reference.

    Attributes
    ----------
    reference, decoded : Path
    codec : str
        What decoded it, in the form of a spec or of a plain name.
    kbps : float or None
        Nominal rate in kbit/s.
    clip, source : str
        Name of the reference, and the speaker, track or recording it is from.
    clip_class : {"speech", "music", "ambient", "audio"}
    notes : dict
        What else is known.

    Raises
    ------
    InputError
        If a field is not usable; says which.
    """

    reference: Path
    decoded: Path
    codec: str
    kbps: float | None = None
    clip: str = ""
    source: str = ""
    clip_class: str = "audio"
    notes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.clip_class not in CLASSES:
            raise InputError(f"class: {self.clip_class!r}; use one of {', '.join(CLASSES)}")
        if self.kbps is not None and not 0 < self.kbps < 1e6:
            raise InputError(f"kbps: must be a rate above 0 in kbit/s, got {self.kbps:g}")
        try:
            Spec.parse(self.spec)
        except InputError as error:
            raise InputError(
                f"codec: {self.codec!r} cannot be a name; use letters, digits and . _ + -, or the "
                "form of a spec, e.g. mycodec@6k"
            ) from error
        object.__setattr__(self, "clip", self.clip or self.reference.stem)
        object.__setattr__(self, "source", self.source or self.clip)

    @property
    def spec(self) -> str:
        """What labels its row."""
        return f"{FAMILY}:{self.codec}"


def name_from(path: Path) -> str:
    """Return a codec's name made of that of a decoded file."""
    return _NOT_IN_NAMES.sub("-", path.stem).strip("-") or "decoded"


def read_pairs(path: Path, clip_class: str = "audio") -> list[ListedPair]:
    """Read a table; `clip_class` is that of lines which state none.

    Raises
    ------
    InputError
        If it is no such table; names line and column.
    """
    pairs: dict[tuple[str, str], ListedPair] = {}
    for number, record in _records(path):
        try:
            pair = _pair(path.parent, record, clip_class)
        except InputError as error:
            raise InputError(f"{path} line {number}: {error}") from error
        if (pair.codec, pair.clip) in pairs:
            raise InputError(
                f"{path} line {number}: {pair.clip!r} of {pair.codec} is listed more than once; "
                "give clips different names in a column 'clip'"
            )
        pairs[pair.codec, pair.clip] = pair
    if not pairs:
        raise InputError(f"{path}: lists no pairs")
    return list(pairs.values())


def _records(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = given_files.read(path).decode("utf-8-sig")
        with StringIO(text, newline="") as file:
            table = csv.DictReader(file)
            lacking = {"reference", "decoded"}.difference(table.fieldnames or ())
            if lacking:
                raise InputError(
                    f"{path}: has no column {sorted(lacking)[0]!r}; columns are "
                    f"{', '.join(COLUMNS)}"
                )
            for record in table:
                yield (
                    table.line_num,
                    {name: (text or "").strip() for name, text in record.items() if name},
                )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a CSV table in UTF-8 ({error})") from error


def _pair(folder: Path, record: Mapping[str, str], clip_class: str) -> ListedPair:
    for column in ("reference", "decoded"):
        if not record[column]:
            raise InputError(f"{column}: is empty")
    decoded = folder / record["decoded"]
    return ListedPair(
        folder / record["reference"],
        decoded,
        record.get("codec") or name_from(decoded),
        _rate(record.get("kbps", "")),
        record.get("clip", ""),
        record.get("source", ""),
        record.get("class") or clip_class,
        {name: text for name, text in record.items() if text and name not in COLUMNS},
    )


def _rate(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError as error:
        raise InputError(f"kbps: {text!r} is not a number") from error
