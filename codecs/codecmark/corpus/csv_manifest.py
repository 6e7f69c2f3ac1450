"""CSV manifests: a table of clips, in UTF-8 with or without a byte order mark.

The first line names the columns. `name` (or `path`) is the file of a clip, relative to the
manifest. Optional: `source`, `class`, `sha256`. Other columns are for people.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from codecmark.corpus import manifest_text
from codecmark.corpus.entry import UNKNOWN_CLASS, CorpusClip, distinct
from codecmark.errors import InputError

NAME = "clips.csv"  # a folder that holds this file is described by it


def read(path: Path) -> list[CorpusClip]:
    """Return the clips of a table.

    Raises
    ------
    InputError
        If it is no such table; names the line, the column and the remedy.
    """
    try:
        table = csv.DictReader(io.StringIO(manifest_text.read(path), newline=""))
        columns = table.fieldnames or ()
        rows = [(table.line_num, row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path}: not a CSV manifest in UTF-8 ({error}); save it as CSV, UTF-8, with commas"
        ) from error
    column = next((name for name in ("name", "path") if name in columns), None)
    if column is None:
        raise InputError(
            f"{path} line 1: needs a column 'name' with the file of each clip; "
            f"it has {', '.join(map(repr, columns)) or 'none'}"
        )
    clips = []
    for line, row in rows:
        if None in row:
            raise InputError(
                f"{path} line {line}: has more cells than line 1 has columns ({len(columns)}); "
                "put quotes around a cell that holds a comma"
            )
        name = row[column]
        if not name:
            raise InputError(f"{path} line {line}: column {column!r} is empty; name a file")
        try:
            clips.append(
                CorpusClip(
                    name,
                    path.parent / name,
                    row.get("source") or Path(name).stem,
                    row.get("class") or UNKNOWN_CLASS,
                    sha256=row.get("sha256") or None,
                )
            )
        except InputError as error:
            raise InputError(f"{path} line {line}: {error}") from error
    return distinct(clips, path)
