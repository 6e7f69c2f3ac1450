"""Where clips come from: the bundled corpus, or a user's own data in a known layout.

`load(path)` recognises what `path` is:

- an audio file;
- a CSV manifest, or a folder that holds `clips.csv`;
- a JSON manifest of NeMo or lhotse;
- a folder in the layout of LibriSpeech or LibriTTS, VCTK, or MUSDB18;
- any other folder: every audio file below it;
- `test` or `development`: the halves that `codecmark corpus fetch` brings, see `halves`;
- `published`, or `published:SET`: the originals of published audio, see `published`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, islice, zip_longest
from pathlib import Path

from codecmark.corpus import csv_manifest, folders, halves, json_manifest, published
from codecmark.corpus.audio_files import SUFFIXES
from codecmark.corpus.entry import UNKNOWN_CLASS, ClipClass, CorpusClip
from codecmark.errors import InputError
from codecmark.system.text import storable

__all__ = ["UNKNOWN_CLASS", "CorpusClip", "bundled_folder", "limited", "load"]

_JSON_ENDINGS = (".json", ".jsonl", ".json.gz", ".jsonl.gz")
_FOLDER_LAYOUTS: tuple[Callable[[Path], list[CorpusClip]], ...] = (
    folders.musdb18,
    folders.vctk,
    folders.librispeech,
    folders.plain,
)


def bundled_folder() -> Path:
    """Return the folder of the clips that come with the package, in a checkout or in its wheel.

    Raises
    ------
    InputError
        If they are not there.
    """
    here = Path(__file__).resolve()
    for folder in (here.parents[3] / "benchmarks" / "corpus", here.parent / "bundled"):
        if (folder / csv_manifest.NAME).is_file():
            return folder
    raise InputError("corpus: the bundled clips are not here; name your own with --corpus PATH")


def load(path: Path | str | None = None, clip_class: ClipClass = UNKNOWN_CLASS) -> list[CorpusClip]:
    """Return the clips that `path` holds, in a stable order; without a path the bundled ones.

    Clips whose class neither a folder's name, a layout nor a manifest tells get `clip_class`.

    Raises
    ------
    InputError
        If the path does not exist, or nothing in it is audio.
    UnavailableError
        If published audio or a half is asked for that is not here; says how to get it.
    """
    clips = _found(path)
    return [
        replace(clip, clip_class=clip_class) if clip.clip_class == UNKNOWN_CLASS else clip
        for clip in clips
    ]


def _found(path: Path | str | None) -> list[CorpusClip]:
    path = bundled_folder() if path is None else Path(path).expanduser()
    if published.is_published(path) and not path.exists():
        return published.load(str(path))
    if halves.is_half(path) and not path.exists():
        return halves.load(str(path))
    if path.is_dir():
        if (path / csv_manifest.NAME).is_file():
            return csv_manifest.read(path / csv_manifest.NAME)
        for layout in _FOLDER_LAYOUTS:
            if clips := layout(path):
                return clips
        raise InputError(f"corpus: no audio below {path}; known endings: {' '.join(SUFFIXES)}")
    if not path.is_file():
        raise InputError(f"corpus: {path} does not exist")
    if path.name.lower().endswith(_JSON_ENDINGS):
        return json_manifest.read(path)
    if path.suffix.lower() == ".csv":
        return csv_manifest.read(path)
    return [CorpusClip(storable(path.name), path, storable(path.stem), UNKNOWN_CLASS)]


def limited(
    clips: Sequence[CorpusClip],
    limit: int | None,
    seed: int,
    is_usable: Callable[[CorpusClip], bool] = lambda _: True,
) -> list[CorpusClip]:
    """Return at most `limit` usable clips, spread over the classes, the same for the same seed.

    Parameters
    ----------
    is_usable : callable
        Asked of one clip after another until there are enough, so that what a condition refuses
        does not count.

    Raises
    ------
    InputError
        If the limit is below 1.
    """
    if limit is not None and limit < 1:
        raise InputError(f"limit: must be at least 1, got {limit}")
    if limit is None:
        return list(filter(is_usable, clips))
    shuffled = sorted(
        clips, key=lambda clip: hashlib.sha256(f"{seed} {clip.name}".encode()).digest()
    )
    classes: dict[str, list[CorpusClip]] = {}
    for clip in shuffled:
        classes.setdefault(clip.clip_class, []).append(clip)
    turns = zip_longest(*(filter(is_usable, classes[name]) for name in sorted(classes)))
    taken = islice(filter(None, chain.from_iterable(turns)), limit)
    chosen = {clip.name for clip in taken}
    return [clip for clip in clips if clip.name in chosen]
