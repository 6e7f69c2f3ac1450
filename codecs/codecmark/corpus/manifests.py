"""Manifests: a CSV table, or the JSON lines of NeMo and lhotse, read without those packages.

CSV: a header line; column `name` (or `path`) is the file, relative to the manifest. Optional:
`source`, `class`, `sha256`. Other columns are for people.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codecmark.corpus.entry import CorpusClip
from codecmark.errors import InputError

CSV_NAME = "clips.csv"


def read_csv(path: Path) -> list[CorpusClip]:
    """Read a CSV manifest."""
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        column = next((c for c in ("name", "path") if c in (table.fieldnames or ())), None)
        if column is None:
            raise InputError(f"{path}: needs a column 'name' with the file of each clip")
        rows = list(table)
    clips = []
    for line, row in enumerate(rows, start=2):
        name = row[column]
        if not name:
            raise InputError(f"{path} line {line}: column {column!r} is empty")
        clips.append(
            CorpusClip(
                name,
                path.parent / name,
                row.get("source") or Path(name).stem,
                row.get("class") or "audio",
                sha256=row.get("sha256") or None,
            )
        )
    return _distinct(clips, path)


def read_json(path: Path) -> list[CorpusClip]:
    """Read a NeMo manifest (`audio_filepath`) or a lhotse recording set (`sources`)."""
    clips = [
        _from_nemo(item, path) if "audio_filepath" in item else _from_lhotse(item, path)
        for item in _json_items(path)
    ]
    return _distinct(clips, path)


def _from_nemo(item: Mapping[str, Any], manifest: Path) -> CorpusClip:
    file = str(item["audio_filepath"])
    offset, duration = item.get("offset"), item.get("duration")
    name = file if offset is None else f"{file}@{offset:g}s"
    return CorpusClip(
        name,
        manifest.parent / file,
        str(item.get("speaker") or Path(file).stem),
        str(item.get("class") or "speech"),
        start_s=float(offset or 0.0),
        duration_s=None if duration is None else float(duration),
    )


def _from_lhotse(item: Mapping[str, Any], manifest: Path) -> CorpusClip:
    try:
        (source,) = item["sources"]
        if source["type"] != "file":
            raise InputError(f"{manifest}: source type {source['type']!r}, only 'file' is read")
        return CorpusClip(
            str(item["id"]),
            manifest.parent / str(source["source"]),
            str(item.get("speaker") or item["id"]),
            str(item.get("class") or "speech"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{manifest}: {str(item)[:80]} is neither a NeMo entry (audio_filepath) nor a lhotse "
            "recording with one source"
        ) from error


def _json_items(path: Path) -> list[Mapping[str, Any]]:
    data = path.read_bytes()
    try:
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
        if text.lstrip().startswith("["):
            items = json.loads(text)
        else:
            items = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, EOFError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: not a JSON manifest ({error})") from error
    if not items or not all(isinstance(item, dict) for item in items):
        raise InputError(f"{path}: holds no entries; one JSON object a line is expected")
    return list(items)


def _distinct(clips: list[CorpusClip], path: Path) -> list[CorpusClip]:
    if not clips:
        raise InputError(f"{path}: lists no clips")
    names = [clip.name for clip in clips]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{path}: {name!r} is listed more than once")
    return clips
