"""Where a run took its clips from, so that a page of it can be heard without asking again.

`results/rows/<run id>.corpus.json` holds what `--corpus` and `--class` were. A folder beside the
results is named from there, so that both can be moved together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from codecmark import corpus
from codecmark.corpus import halves, published
from codecmark.corpus.entry import UNKNOWN_CLASS, ClipClass, CorpusClip
from codecmark.corpus.halves.manifest import Half, built_in
from codecmark.errors import InputError
from codecmark.results import store
from codecmark.system import whole_files
from codecmark.system.digest import file_sha256

LOCKED: Half = "test"


class _Stored(msgspec.Struct, frozen=True):
    """The file; `corpus` is None for the bundled clips."""

    corpus: str | None = None
    clip_class: ClipClass = UNKNOWN_CLASS


def remember(results: Path, run_id: str, path: Path | None, clip_class: ClipClass) -> None:
    """Store where the clips of a run are; `path` as `corpus.load` takes it.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    kept = _Stored(None if path is None else _named(path, results), clip_class)
    target = _file(results, run_id)
    try:
        whole_files.write_inside(
            results, target.relative_to(results), msgspec.json.encode(kept) + b"\n"
        )
    except OSError as error:
        raise InputError(whole_files.cannot_write(target, error)) from error


def inherit(results: Path, run_id: str, source: Path, source_run: str) -> None:
    """Let a run that others are joined to know where their clips are."""
    if not _file(source, source_run).is_file():
        return
    kept = _read(source, source_run)
    path = None if kept.corpus is None else _whole(kept.corpus, source)
    remember(results, run_id, path, kept.clip_class)


def load(results: Path, run_id: str) -> list[CorpusClip]:
    """Return the clips that a run was given; of a run that does not say, the bundled ones.

    Raises
    ------
    InputError
        If they are no longer there.
    UnavailableError
        As `corpus.load`.
    """
    kept = _read(results, run_id)
    path = None if kept.corpus is None else _whole(kept.corpus, results)
    return corpus.load(path, kept.clip_class)


def folder_of(results: Path, run_id: str) -> Path | None:
    """Return where a run says that its clips are; None where this package has their digests.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    named = _read(results, run_id).corpus
    if named is None:
        return None
    path = _whole(named, results)
    is_pinned = halves.is_half(named) or published.is_published(named)
    return None if is_pinned and not path.exists() else path


def impostors(clips: Iterable[CorpusClip]) -> frozenset[str]:
    """Return the names that bundled clips and those of the halves have, of clips that are others.

    Parameters
    ----------
    clips : iterable of CorpusClip
        Of a folder that somebody named; those whose file cannot be read are left out.
    """
    pinned = {clip.name: clip.sha256 for clip in corpus.load()}
    pinned |= {clip.name: clip.sha256 for clip in built_in().clips.values()}
    return frozenset(
        clip.name
        for clip in clips
        if clip.name in pinned
        and clip.path.is_file()
        and file_sha256(clip.path) != pinned[clip.name]
    )


def any_locked(results: Path, run_ids: Iterable[str]) -> bool:
    """Say whether a run among them was given the test half, on which nothing is chosen.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    return any(_read(results, run_id).corpus == LOCKED for run_id in run_ids)


def _read(results: Path, run_id: str) -> _Stored:
    path = _file(results, run_id)
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Stored) if path.is_file() else _Stored()
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); name the clips with --corpus"
        ) from error


def _whole(named: str, results: Path) -> Path:
    """Return the path that `_named` made."""
    beside = results / named
    return beside if beside.exists() else Path(named)


def _named(path: Path, results: Path) -> str:
    """Return a path from the results folder if both are in one folder, else the whole path."""
    if not path.exists():  # `test`, `published:SET`
        return str(path)
    whole, base = path.expanduser().resolve(), results.resolve()
    inside = whole.is_relative_to(base.parent)
    return Path(os.path.relpath(whole, base)).as_posix() if inside else str(whole)


def _file(results: Path, run_id: str) -> Path:
    return results / store.ROWS / f"{run_id}.corpus.json"
