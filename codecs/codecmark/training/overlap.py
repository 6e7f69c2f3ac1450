"""What a half must not share with anything that was trained on: speakers, packages, recordings.

By name: the sources that the model cards of shipped sets list, and the files of the recipe's
packages. By sound: fingerprints, see `codecmark.corpus.fingerprints`.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from codecmark.corpus.halves import Clip
from codecmark.errors import InputError
from codecmark.networks import trained_sets
from codecmark.training import packages

_HEADING = "| source | package |"
_NO_SPEAKER = "(not speech)"
_ANY_AUTHOR = "see the package's copyright file"


class TrainedOn(NamedTuple):
    """A line of a model card's table of data."""

    source: str
    package: str
    author: str


def cards() -> Mapping[str, Path]:
    """Return the model card of every shipped set that was trained."""
    return {name: trained_sets.SHIPPED / name / trained_sets.CARD for name in trained_sets.SETS}


def read_card(path: Path) -> list[TrainedOn]:
    """Return what a model card says was trained on.

    Raises
    ------
    InputError
        If it has no such table.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next((n for n, line in enumerate(lines) if line.startswith(_HEADING)), None)
    if first is None:
        raise InputError(f"{path}: has no table of data that begins {_HEADING!r}")
    listed = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        source, package, _, author, *_ = (cell.strip() for cell in line.strip("|").split("|"))
        listed.append(TrainedOn(source, package, author))
    return listed


def by_name(
    clips: Iterable[Clip],
    trained_on: Mapping[str, Iterable[TrainedOn]],
    recipe: Iterable[packages.PackageAudio] = packages.AUDIO,
) -> list[str]:
    """Return in words what of the clips was trained on, by cards and by the recipe.

    A package whose card line names an author is shared with that author's files only, so other
    authors' kits of one package are not an overlap.
    """
    problems = []
    for clip in clips:
        for name, lines in trained_on.items():
            for line in lines:
                if line.source not in (_NO_SPEAKER, "") and line.source == clip.source:
                    problems.append(f"{clip.name}: {name} was trained on source {clip.source}")
                elif line.package == clip.origin and line.author in (_ANY_AUTHOR, clip.author):
                    problems.append(f"{clip.name}: {name} was trained on {line.package}")
        path = PurePosixPath(clip.path)
        for audio in recipe:
            inside = audio.package == clip.origin and path.is_relative_to(audio.folder)
            if inside and fnmatch.fnmatch(path.name, audio.pattern.rpartition("/")[2]):
                problems.append(f"{clip.name}: the recipe trains on {audio.package}/{path.name}")
            elif audio.source is not None and audio.source == clip.source:
                problems.append(f"{clip.name}: the recipe trains on source {audio.source}")
    return list(dict.fromkeys(problems))
