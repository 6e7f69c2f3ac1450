"""Several listening sets as one: more listeners of one test, each rating once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from msgspec.structs import replace

from codecmark.corpus.audio_files import SUFFIXES
from codecmark.errors import InputError
from codecmark.listen.ratings import (
    HEAD,
    ListeningSet,
    Rating,
    Stimulus,
    check_audio,
    read_set,
    write_set,
)
from codecmark.system import whole_files

_LOCK = ".lock"
_WAIT_S = 60.0
_WRITTEN = 1e-5  # ratings are stored with six digits


def merged(sets: Sequence[ListeningSet], title: str) -> ListeningSet:
    """Return the stimuli and ratings of all sets; what is there twice counts once.

    Raises
    ------
    InputError
        If the methods differ, or two sets say different things of one stimulus or rating.
    """
    methods = dict.fromkeys(each.method for each in sets)
    if len(methods) > 1:
        raise InputError(f"method: {' and '.join(methods)} are different tests; keep them apart")
    stimuli: dict[tuple[str, str], Stimulus] = {}
    ratings: dict[tuple[str, str, str], Rating] = {}
    for each in sets:
        for stimulus in each.stimuli:
            if stimuli.setdefault((stimulus.clip, stimulus.system), stimulus) != stimulus:
                raise InputError(
                    f"stimuli: {stimulus.clip} of {stimulus.system} has another role, source or "
                    "file in another set; make them agree"
                )
        for rating in each.ratings:
            key = rating.listener, rating.clip, rating.system
            before = ratings.setdefault(key, rating)
            if not math.isclose(before.value, rating.value, rel_tol=_WRITTEN):
                raise InputError(
                    f"ratings: {rating.listener} on {rating.clip} of {rating.system}: "
                    f"{before.value:g} and {rating.value:g}; if these are two people, give one "
                    "another name"
                )
    return replace(sets[0], stimuli=tuple(stimuli.values()), ratings=tuple(ratings.values()),
                   title=title)  # fmt: skip


def save(folder: Path, listening: ListeningSet, given: Path | None = None) -> None:
    """Write a set with the sounds that it has: then it is one for trials of predictors as well.

    In `given`, the folder that it was read from, no link is followed.

    Raises
    ------
    InputError
        If a sound cannot be read, or the folder cannot be written to.
    """
    check_audio(listening.stimuli)
    _check_names(listening)
    within = (listening.folder or folder).resolve()
    sounds = {}
    for stimulus in listening.stimuli:
        source = listening.audio_path(stimulus)
        if source is None or stimulus.audio is None:
            continue
        if not source.resolve().is_relative_to(within):
            raise InputError(f"{source}: is a link or lies behind one; put the sound itself there")
        if not source.is_file():  # a pipe may be waited for without end
            raise InputError(f"{source}: cannot be copied (is no file); put the sound there")
        sounds[stimulus.audio] = source
    try:
        folder = whole_files.make_folder(folder, given)
        for name, source in sounds.items():
            _copy(source, folder, name)
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: cannot be copied ({error.strerror}); name a new folder"
        ) from error
    write_set(folder, listening)


def _copy(source: Path, folder: Path, name: str) -> None:
    data, target = source.read_bytes(), folder / name
    whole_files.make_folder(target.parent, folder)
    if target.is_file() and not target.is_symlink() and target.read_bytes() != data:
        raise InputError(f"{target}: is there with other content; name a new folder")
    whole_files.write_inside(folder, name, data)


def _check_names(listening: ListeningSet) -> None:
    """Raise `InputError` for a file that is none of sound: a set may be a stranger's."""
    for stimulus in listening.stimuli:
        path = Path(stimulus.audio or "a.wav")
        is_hidden = any(part.startswith(".") for part in path.parts)
        if is_hidden or path.suffix.lower() not in SUFFIXES:
            raise InputError(
                f"audio: {stimulus.audio!r:.80} is no sound; endings are {' '.join(SUFFIXES)}"
            )


def add_to(folder: Path, listening: ListeningSet) -> tuple[ListeningSet, int]:
    """Add a set to the one in a folder, or begin one there; return it and the count of new ratings.

    Raises
    ------
    InputError
        As `merged`, or if the folder can be neither read nor written; nothing is changed then.
    """
    with _alone(folder):  # or two at once would each write what the other had not
        before = read_set(folder) if (folder / HEAD).exists() else None
        whole = listening if before is None else merged([before, listening], before.title)
        write_set(folder, whole)
    return whole, len(whole.ratings) - (0 if before is None else len(before.ratings))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes that add to the folder waiting."""
    lock = folder / _LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if lock.is_symlink():  # the folder may be a stranger's
            raise InputError(f"{lock}: is a link; remove it")
        with FileLock(lock, timeout=_WAIT_S):
            yield
    except Timeout as error:
        raise InputError(f"{folder}: another process adds to this set; end it first") from error
    except OSError as error:
        raise InputError(f"{lock}: cannot be written ({error.strerror})") from error
