"""Preparing a training folder, from Debian packages and generated music or from own audio."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codecmark import corpus
from codecmark.corpus.audio_files import SUFFIXES, read_audio
from codecmark.errors import InputError
from codecmark.system.digest import file_sha256
from codecmark.training import packages, pitch, scores
from codecmark.training.dataset import AUDIO, CLOCK, RATE_HZ, Item, write_manifest
from codecmark.training.heldout import HeldOut

_SHORTEST_S = 0.3
_EVERY = 50  # one of so many items of a source, and at least one, is for validation
_SEED = 0


@dataclass(frozen=True)
class Raw:
    """A file that may be trained on."""

    path: Path
    name: str
    clip_class: str
    source: str
    licence: str
    author: str
    package: str


@dataclass(frozen=True)
class Prepared:
    """The result: seconds by source, and the reasons for files that were left out."""

    seconds: dict[str, float]
    left_out: dict[str, str]


def from_packages(root: Path) -> list[Raw]:
    """Return the recipe's files below the root of the unpacked packages.

    Raises
    ------
    InputError
        If packages are missing; names them.
    """
    absent = packages.missing(root)
    if absent:
        raise InputError(
            f"--packages: {', '.join(absent)} not below {root}; "
            f"`apt-get install {' '.join(absent)}`, or --fetch"
        )
    files = []
    for audio in packages.AUDIO:
        for path in sorted((root / audio.folder).glob(audio.pattern)):
            relative = path.relative_to(root / audio.folder)
            if path.suffix.lower() not in SUFFIXES or path.name.startswith(audio.without):
                continue
            files.append(
                Raw(
                    path, f"{audio.package}/{relative.as_posix()}", audio.clip_class,
                    audio.source or path.stem, audio.licence, audio.author, audio.package,
                )
            )  # fmt: skip
    return files


def generated(root: Path, folder: Path, count: int, progress: Callable[[str], None]) -> list[Raw]:
    """Render `count` pieces of music below `folder`, except those already there."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        path = folder / f"score_{index:03d}.wav"
        if not path.is_file():
            progress(path.name)
            scores.render(root / packages.SOUNDFONT, path, index)
    return [
        Raw(
            folder / f"score_{index:03d}.wav", f"generated/score_{index:03d}.wav", "music",
            f"score_{index:03d}", packages.SOUNDFONT_LICENCE, packages.SOUNDFONT_AUTHOR,
            packages.SOUNDFONT_PACKAGE,
        )
        for index in range(count)
    ]  # fmt: skip


def from_folder(path: Path, licence: str) -> list[Raw]:
    """Return a user's own audio files, in any layout that `--corpus` accepts."""
    return [
        Raw(clip.path, clip.name, clip.clip_class, clip.source, licence, "", "")
        for clip in corpus.load(path)
    ]


def prepare(raw: list[Raw], out: Path, progress: Callable[[str], None]) -> Prepared:
    """Write a prepared folder.

    Bundled clips, and files that they were cut from, are left out with the reason.

    Raises
    ------
    InputError
        If nothing is left for training or for validation.
    """
    held_out = HeldOut.bundled()
    pieces: list[NDArray[np.int16]] = []
    clocks: list[pitch.Track] = []
    items: list[Item] = []
    left_out: dict[str, str] = {}
    first = 0
    for source, signal in _read(raw, left_out, progress):
        reason = held_out.reason(source.path, source.package, signal)
        if reason is not None:
            left_out[source.name] = reason
            continue
        samples = len(signal) // pitch.KNOT * pitch.KNOT
        pcm = np.clip(np.rint(signal[:samples] * 32_768), -32_768, 32_767).astype(np.int16)
        pieces.append(pcm)
        speech = source.clip_class == "speech"
        knots = samples // pitch.KNOT
        clocks.append(pitch.track(signal)[:knots] if speech else np.zeros((knots, 2), np.float32))
        items.append(
            Item(
                source.name, file_sha256(source.path), first, samples, source.clip_class,
                source.source, source.licence, source.author, source.package, "train",
            )
        )  # fmt: skip
        first += samples
    items = _split(items)
    if len({item.split for item in items}) < 2:
        raise InputError(
            "data: at least one item for training and one for validation are needed; "
            f"{len(items)} of {len(raw)} files could be used ({_most_common(left_out)}); add audio"
        )
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / AUDIO, np.concatenate(pieces))
    np.save(out / CLOCK, np.concatenate(clocks))
    write_manifest(out, items)
    seconds: Counter[str] = Counter()
    for item in items:
        group = item.source if item.clip_class == "speech" else item.package or item.clip_class
        seconds[group] += item.samples // RATE_HZ
    return Prepared(dict(seconds), left_out)


def _read(
    raw: list[Raw], left_out: dict[str, str], progress: Callable[[str], None]
) -> Iterator[tuple[Raw, NDArray[np.float32]]]:
    for source in raw:
        progress(source.name)
        try:
            clip = read_audio(source.path).with_channels(1).resampled(RATE_HZ)
        except InputError as error:
            left_out[source.name] = str(error)
            continue
        if clip.duration_s < _SHORTEST_S:
            left_out[source.name] = f"shorter than {_SHORTEST_S} s"
        elif not clip.samples.any():
            left_out[source.name] = "silent"
        else:
            yield source, clip.samples[0]


def _split(items: list[Item]) -> list[Item]:
    """Assign every 50th item of each speaker, and of all other audio, to validation."""
    groups: dict[str, list[int]] = {}
    for index, item in enumerate(items):
        key = item.source if item.clip_class == "speech" else ""
        groups.setdefault(key, []).append(index)
    chosen: set[int] = set()
    for indices in groups.values():
        order = sorted(indices, key=lambda index: _draw(items[index].name))
        chosen.update(order[: -(-len(order) // _EVERY)])
    return [
        replace(item, split="validation") if index in chosen else item
        for index, item in enumerate(items)
    ]


def _draw(name: str) -> bytes:
    return hashlib.sha256(f"{_SEED} {name}".encode()).digest()


def _most_common(left_out: dict[str, str]) -> str:
    counted = Counter(left_out.values()).most_common(1)
    return counted[0][0] if counted else "none left out"
