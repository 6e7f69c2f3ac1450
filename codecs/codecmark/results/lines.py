"""The lines of a row file: rows and headings, each sealed by a checksum of its own.

A heading `{"schema_version", "versions_id", "versions"}` holds a table of versions that the rows
below it name in their `versions`, since thousands of them share the same. The last field of every
line is `crc32`, the checksum of its bytes as they would be without that field. Lines of schema 1
and 2 have none.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from codecmark.errors import InputError, ResultSchemaError
from codecmark.results.row import SCHEMA_VERSION, ResultRow, parse_line

Result = TypeVar("Result")

_HEADING = "versions_id"
# texts that many rows share
_REPEATED = (
    "run_id", "spec", "family", "weights", "weights_sha256", "weight_sets", "clip", "clip_sha256",
    "source", "clip_class", "condition", "status", "visqol_mode", "device", "backend", "dtype",
    "host",
)  # fmt: skip
_SEALED_SINCE = 3
_SEAL = re.compile(rb',"crc32":"([0-9a-f]{8})"\}')
_SEAL_BYTES = len(b',"crc32":"00000000"}')
_repeated = attrgetter(*_REPEATED)
REMEDY = (
    "restore the file from a copy, or put the line aside with `codecmark verify DIR --salvage` and "
    "run the same command again: it makes the row anew"
)


class LineWriter:
    """Turns rows into lines, and writes each table of versions once."""

    def __init__(self) -> None:
        self._headings: set[str] = set()

    def lines(self, rows: Iterable[ResultRow]) -> bytes:
        """Return the lines of rows, with the headings that they need and that were not written."""
        lines = []
        for row in rows:
            versions = json.dumps(row.versions, sort_keys=True)
            name = hashlib.sha256(versions.encode()).hexdigest()[:12]
            if name not in self._headings:
                self._headings.add(name)
                heading = {
                    "schema_version": SCHEMA_VERSION, _HEADING: name, "versions": row.versions,
                }  # fmt: skip
                lines.append(sealed(msgspec.json.encode(heading).decode()))
            lines.append(sealed(row.to_json(versions=name)))
        return b"".join(lines)


class LineReader:
    """Turns lines into rows, in the order of the file.

    Attributes
    ----------
    schemas : set of int
        The versions of the lines that were read.
    """

    def __init__(self) -> None:
        self.schemas: set[int] = set()
        self._headings: dict[str, Any] = {}
        self._kept = _Kept()

    def rows(self, path: Path) -> Iterator[ResultRow]:
        """Yield every whole row of a file; a last line that was cut off is left out.

        Raises
        ------
        InputError
            If the file cannot be read.
        ResultSchemaError
            If a line is damaged, no row, or of a newer schema; names file and line, and says what
            to do.
        """
        return filter(None, _each_line(path, self.row))

    def row(self, line: bytes) -> ResultRow | None:
        """Return the row of a line, or None for a heading; raises `ResultSchemaError`."""
        content, is_sealed = unsealed(line)
        record = parse_line(content)
        self.schemas.add(record["schema_version"])
        if record["schema_version"] >= _SEALED_SINCE and not is_sealed:
            raise ResultSchemaError("crc32: not at the end of the line, where it was written")
        if _HEADING in record:
            if not isinstance(record[_HEADING], str):
                raise ResultSchemaError(f"{_HEADING}: must be a text")
            self._headings[record[_HEADING]] = record.get("versions")
            return None
        named = record.get("versions")
        if isinstance(named, str):
            if named not in self._headings:
                raise ResultSchemaError(f"versions: {named!r} is named by no line above")
            record["versions"] = self._headings[named]
        return self._kept.row(record)

    def row_without_versions(self, line: bytes) -> ResultRow | None:
        """Return a row all of which is whole but the table of versions that it names, else None."""
        try:
            content, is_sealed = unsealed(line)
            record = parse_line(content)
            named = record.get("versions")
            if not is_sealed or not isinstance(named, str) or named in self._headings:
                return None
            return ResultRow.from_record({**record, "versions": {}})
        except ResultSchemaError:
            return None


class _Kept:
    """What rows have in common, held once: a hundred thousand rows name few codecs and reasons."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._tables: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def row(self, record: dict[str, Any]) -> ResultRow:
        """Return the row of a record; raises `ResultSchemaError`."""
        row = ResultRow.from_record(record)
        for name, text in zip(_REPEATED, _repeated(row), strict=True):
            if text is not None and (same := self._texts.setdefault(text, text)) is not text:
                msgspec.structs.force_setattr(row, name, same)
        for name in ("versions", "reasons"):
            table = getattr(row, name)
            shared = self._tables.setdefault(tuple(table.items()), table)
            msgspec.structs.force_setattr(row, name, shared)
        return row


def _each_line(path: Path, call: Callable[[bytes], Result]) -> Iterator[Result]:
    """Yield what `call` makes of each whole line; its errors get file, line and remedy."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if is_torn(line):
                    continue
                try:
                    result = call(line)
                except ResultSchemaError as error:
                    remedy = "" if "update codecmark" in str(error) else f"; {REMEDY}"
                    raise ResultSchemaError(f"{path} line {number}: {error}{remedy}") from error
                yield result
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def row_digest(row: ResultRow) -> str:
    """Return the digest of what a row says."""
    return hashlib.sha256(row.to_json().encode()).hexdigest()


def sealed(text: str) -> bytes:
    """Return a JSON object with its checksum as last field, as a line."""
    content = text.encode()
    return content[:-1] + b',"crc32":"%08x"}\n' % zlib.crc32(content)


def unsealed(line: bytes) -> tuple[bytes, bool]:
    """Return a line without its checksum and whether it had one.

    Raises
    ------
    ResultSchemaError
        If the checksum is not that of the line.
    """
    content = line.rstrip(b"\r\n")
    if (seal := _seal(content)) is None:
        return content, False
    content = content[: seal.start()] + b"}"
    if zlib.crc32(content) != int(seal[1], 16):
        raise ResultSchemaError("crc32: the line is not what was written")
    return content, True


def is_sealed(line: bytes) -> bool:
    """Return whether a line ends in a checksum, be it that of the line or not."""
    return _seal(line.rstrip(b"\r\n")) is not None


def _seal(content: bytes) -> re.Match[bytes] | None:
    return _SEAL.fullmatch(content, max(0, len(content) - _SEAL_BYTES))


def is_torn(line: bytes) -> bool:
    """Return whether a last line was cut off while it was written.

    What has its checksum, or goes on after it, or is whole JSON has lost no more than the end of
    the line, and is read: as a row, or as damage.
    """
    if line.endswith(b"\n") or _SEAL.search(line):
        return False
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return True
    return False
