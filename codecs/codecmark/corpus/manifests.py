"""Manifests: a CSV table, or the JSON lines of NeMo and lhotse, read without those packages.

All are UTF-8, with or without the byte order mark that spreadsheets write.

CSV: a header line; column `name` (or `path`) is the file, relative to the manifest. Optional:
`source`, `class`, `sha256`. Other columns are for people.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codecmark.corpus.audio_files import LATEST_S
from codecmark.corpus.entry import CorpusClip
from codecmark.errors import InputError

CSV_NAME = "clips.csv"


def read_csv(path: Path) -> list[CorpusClip]:
    """Read a CSV manifest."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            columns = table.fieldnames or ()
            rows = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a CSV manifest in UTF-8 ({error})") from error
    column = next((c for c in ("name", "path") if c in columns), None)
    if column is None:
        raise InputError(f"{path}: needs a column 'name' with the file of each clip")
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
    """Read a NeMo manifest (`audio_filepath`) or a lhotse set of recordings or cuts."""
    clips = [
        _from_nemo(item, path) if "audio_filepath" in item else _from_lhotse(item, path)
        for item in _json_items(path)
    ]
    return _distinct(clips, path)


def _from_nemo(item: Mapping[str, Any], manifest: Path) -> CorpusClip:
    file = str(item["audio_filepath"])
    offset = _seconds(item, "offset", manifest)
    name = file if offset is None else f"{file}@{offset:.15g}s"  # as many digits as a float has
    return CorpusClip(
        name,
        manifest.parent / file,
        str(item.get("speaker") or Path(file).stem),
        str(item.get("class") or "speech"),
        start_s=offset or 0.0,
        duration_s=_seconds(item, "duration", manifest),
    )


def _from_lhotse(item: Mapping[str, Any], manifest: Path) -> CorpusClip:
    """Take a recording, or a MonoCut or MultiCut: the part of its recording that it names."""
    is_cut = "recording" in item
    try:
        recording = item["recording"] if is_cut else item
        (source,) = recording["sources"]
        if source["type"] != "file":
            raise InputError(f"{manifest}: source type {source['type']!r}, only 'file' is read")
        if recording.get("transforms"):
            raise InputError(f"{manifest}: {item['id']} is to be transformed on reading; save it")
        if isinstance(item.get("channel"), int) and len(source["channels"]) > 1:
            raise InputError(f"{manifest}: {item['id']} takes one channel of several; save it")
        speakers = {said.get("speaker") for said in item.get("supervisions") or ()}
        speaker = speakers.pop() if len(speakers) == 1 else item.get("speaker")
        return CorpusClip(
            str(item["id"]),
            manifest.parent / str(source["source"]),
            str(speaker or recording["id"]),  # cuts of one recording are not independent
            str(item.get("class") or "speech"),
            start_s=(_seconds(item, "start", manifest) or 0.0) if is_cut else 0.0,
            duration_s=_seconds(item, "duration", manifest) if is_cut else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{manifest}: {str(item)[:80]} is neither a NeMo entry (audio_filepath) nor a lhotse "
            "recording with one source, nor a cut of one"
        ) from error


def _seconds(item: Mapping[str, Any], field: str, manifest: Path) -> float | None:
    """Return a field in seconds, if it is there; JSON knows NaN, Infinity and endless integers."""
    value = item.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LATEST_S:
        raise InputError(
            f"{manifest}: {field} must be a number of seconds from 0 on, got {str(value)[:40]!r}"
        )
    return float(value)


def _json_items(path: Path) -> list[Mapping[str, Any]]:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
        if text.lstrip().startswith("["):
            items = json.loads(text)
        else:  # not splitlines: JSON strings may hold U+2028 and the like
            items = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        raise InputError(f"{path}: not a JSON manifest ({error})") from error
    if not items or not all(isinstance(item, dict) for item in items):
        raise InputError(f"{path}: holds no entries; one JSON object a line is expected")
    return list(items)


def _distinct(clips: list[CorpusClip], path: Path) -> list[CorpusClip]:
    if not clips:
        raise InputError(f"{path}: lists no clips")
    seen: set[str] = set()
    for clip in clips:
        if clip.name in seen:
            raise InputError(f"{path}: {clip.name!r} is listed more than once")
        seen.add(clip.name)
    return clips
