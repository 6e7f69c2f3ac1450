"""The originals of published audio as a corpus: `published`, or `published:SET`."""

from __future__ import annotations

from pathlib import Path

from codecmark.corpus.entry import CorpusClip
from codecmark.corpus.published.files import Library
from codecmark.errors import InputError
from codecmark.system.schema import near

_NAME = "published"


def is_published(corpus: str | Path | None) -> bool:
    """Return whether the name of a corpus is one of these."""
    return str(corpus).partition(":")[0] == _NAME


def load(name: str, library: Library | None = None) -> list[CorpusClip]:
    """Return the originals of one set, or of all; a recording that several sets hold counts once.

    Raises
    ------
    InputError
        If no set has that name.
    UnavailableError
        If a file is not here; says how to get it.
    """
    library = library or Library.from_environment()
    sets, chosen = library.manifest.sets, name.partition(":")[2]
    if chosen and chosen not in sets:
        raise InputError(
            f"corpus: no set of published audio is named {chosen!r};{near(chosen, sets)} "
            f"known: {', '.join(sets)}"
        )
    clips: dict[str, CorpusClip] = {}
    for original in library.manifest.originals.values():
        if original.sha256 not in clips and (not chosen or original.set == chosen):
            clips[original.sha256] = CorpusClip(
                original.name,
                library.path(original),
                original.source,
                original.clip_class,
                sha256=original.sha256,
            )
    return list(clips.values())
