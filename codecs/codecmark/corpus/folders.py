"""Folder layouts. Each function returns the clips of a folder, or none if its layout is another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from codecmark.corpus.audio_files import SUFFIXES
from codecmark.corpus.entry import CLASSES, UNKNOWN_CLASS, CorpusClip
from codecmark.system.text import storable

_LIBRI = re.compile(r"(\d+)/(\d+)/\1[-_]\2[-_][\d_-]+\.(?:flac|wav)$")
_VCTK = re.compile(r"wav48[^/]*/([ps]\d+)/\1_\d+[^/]*\.(?:flac|wav)$")
_MUSDB = re.compile(r"(?:^|/)(?:train|test)/([^/]+?)(?:/mixture\.wav|\.stem\.mp4)$")


def librispeech(root: Path) -> list[CorpusClip]:
    """LibriSpeech and LibriTTS: `split/speaker/chapter/speaker-chapter-n.flac`."""
    return _matching(root, _LIBRI, "speech")


def vctk(root: Path) -> list[CorpusClip]:
    """VCTK: `wav48*/pNNN/pNNN_MMM*.flac`."""
    return _matching(root, _VCTK, "speech")


def musdb18(root: Path) -> list[CorpusClip]:
    """MUSDB18: `train|test/track.stem.mp4`, or in its HQ form `train|test/track/mixture.wav`."""
    return _matching(root, _MUSDB, "music")


def plain(root: Path) -> list[CorpusClip]:
    """Every audio file; the innermost folder named speech, music or ambient gives the class.

    The source is the folder a file is in; at the top, or in a folder that is named for a class and
    so holds more than one source, it is the file itself.
    """
    top = root.resolve().name
    clips = []
    for name in _audio_below(root):
        file = Path(name)
        by_itself = file.parent == Path() or file.parent.name.lower() in CLASSES
        source = file.with_suffix("") if by_itself else file.parent
        clips.append(
            CorpusClip(
                storable(name),
                root / name,
                storable(str(source)),
                _class_of((top, *file.parent.parts)),
            )
        )
    return clips


def _matching(root: Path, pattern: re.Pattern[str], clip_class: str) -> list[CorpusClip]:
    return [
        CorpusClip(storable(name), root / name, storable(match.group(1)), clip_class)
        for name in _audio_below(root)
        if (match := pattern.search(name))
    ]


def _audio_below(root: Path) -> Iterator[str]:
    """Relative names in order; links that lead out of the folder are not followed.

    What has the name of an audio file and is none is among them, so that reading it says so.
    """
    inside = root.resolve()
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in SUFFIXES and _leads_into(path, inside):
            yield path.relative_to(root).as_posix()


def _leads_into(path: Path, folder: Path) -> bool:
    """Return whether a path stays below a folder; a link that leads to itself does."""
    try:
        return path.resolve().is_relative_to(folder)
    except (OSError, RuntimeError):  # RuntimeError up to Python 3.12
        return True


def _class_of(folders: Sequence[str]) -> str:
    """Search from the innermost folder out; one named audio says nothing about what it holds."""
    names = (folder.lower() for folder in reversed(folders))
    return next(
        (name for name in names if name in CLASSES and name != UNKNOWN_CLASS), UNKNOWN_CLASS
    )
