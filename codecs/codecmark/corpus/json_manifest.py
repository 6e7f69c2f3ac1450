"""The JSON manifests of NeMo and lhotse, read without those packages.

One JSON object a line, or a list of them, in UTF-8; `.gz` is unpacked. Only the fields below are
looked at.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from codecmark.corpus import manifest_text
from codecmark.corpus.audio_files import LATEST_S
from codecmark.corpus.entry import CorpusClip, distinct
from codecmark.errors import InputError
from codecmark.system import schema

_Seconds = Annotated[
    Annotated[float, Meta(ge=0, lt=LATEST_S)] | None,
    Meta(description="a number of seconds from 0 on"),
]
_Text = Annotated[str | None, Meta(description="text")]
_Identity = Annotated[str | int | None, Meta(description="text or a whole number")]


_NONE = "holds no entries; one JSON object a line is expected"


class _NemoEntry(msgspec.Struct):
    """A line of a NeMo manifest."""

    audio_filepath: Annotated[str, Meta(min_length=1, description="the path of a file")]
    offset: _Seconds = None
    duration: _Seconds = None
    speaker: _Identity = None
    clip_class: _Text = msgspec.field(name="class", default=None)

    def clip(self, folder: Path) -> CorpusClip:
        """Return the part of the file that is meant."""
        file = self.audio_filepath
        # as many digits as a float has: segments may start close to each other
        name = file if self.offset is None else f"{file}@{self.offset:.15g}s"
        return CorpusClip(
            name,
            folder / file,
            str(self.speaker or Path(file).stem),
            self.clip_class or "speech",
            start_s=self.offset or 0.0,
            duration_s=self.duration,
        )


class _Source(msgspec.Struct):
    """Where lhotse finds the samples of a recording."""

    type: str
    source: Annotated[str, Meta(min_length=1, description="the path of a file")]
    channels: list[int] = []


class _Recording(msgspec.Struct):
    """A lhotse recording."""

    id: str
    sources: Annotated[
        list[_Source], Meta(min_length=1, max_length=1, description="a list with one source")
    ]
    transforms: list[Any] | None = None


class _Supervision(msgspec.Struct):
    """What lhotse knows of a stretch of a cut; here, who speaks."""

    speaker: _Identity = None


class _Labels(msgspec.Struct):
    """What both a recording and a cut may say of themselves."""

    id: str
    supervisions: list[_Supervision] | None = None
    speaker: _Identity = None
    clip_class: _Text = msgspec.field(name="class", default=None)

    def clip(
        self,
        recording: _Recording,
        folder: Path,
        start_s: float = 0.0,
        duration_s: float | None = None,
    ) -> CorpusClip:
        """Return a part of the recording; cuts of one recording share its source."""
        (source,) = recording.sources
        if source.type != "file":
            raise InputError(f"sources[1].type: {source.type!r}; only 'file' is read")
        if recording.transforms:
            raise InputError(f"{self.id} is to be transformed on reading; save it as audio")
        speakers = {said.speaker for said in self.supervisions or ()}
        speaker = speakers.pop() if len(speakers) == 1 else self.speaker
        return CorpusClip(
            self.id,
            folder / source.source,
            str(speaker or recording.id),
            self.clip_class or "speech",
            start_s=start_s,
            duration_s=duration_s,
        )


class _Cut(_Labels, kw_only=True):
    """A lhotse MonoCut or MultiCut: a part of its recording."""

    recording: _Recording
    start: _Seconds = None
    duration: _Seconds = None
    channel: int | list[int] | None = None

    def part(self, folder: Path) -> CorpusClip:
        """Return the part of the recording that the cut names."""
        if isinstance(self.channel, int) and len(self.recording.sources[0].channels) > 1:
            raise InputError(f"{self.id} takes one channel of several; save it as audio")
        return self.clip(self.recording, folder, self.start or 0.0, self.duration)


def read(path: Path) -> list[CorpusClip]:
    """Return the clips of a NeMo manifest, or of a lhotse set of recordings or cuts.

    Raises
    ------
    InputError
        If it is no such manifest; names the entry, the field and the remedy.
    """
    clips = []
    for number, item in enumerate(_items(path), start=1):
        try:
            clips.append(_clip(item, path.parent))
        except InputError as error:
            raise InputError(f"{path} entry {number}: {error}") from error
    return distinct(clips, path)


def _clip(item: Mapping[str, Any], folder: Path) -> CorpusClip:
    if "audio_filepath" in item:
        return schema.convert(item, _NemoEntry).clip(folder)
    if "recording" in item:
        return schema.convert(item, _Cut).part(folder)
    if "sources" in item:
        return schema.convert(item, _Labels).clip(schema.convert(item, _Recording), folder)
    raise InputError(
        f"is neither a NeMo entry (audio_filepath) nor a lhotse recording (sources), nor a cut of "
        f"one (recording); it has {', '.join(map(str, item))[:80] or 'no fields'}"
    )


def _items(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield one entry after another: what follows one that is none is not looked at."""
    number = 0
    try:
        text = manifest_text.read(path)
        is_list = text.lstrip().startswith("[")
        items = json.loads(text) if is_list else map(json.loads, _lines(text))
        for number, item in enumerate(items, start=1):
            if not isinstance(item, dict):
                raise InputError(f"{path} entry {number}: {_NONE}")
            yield item
    except (OSError, EOFError, ValueError, RecursionError, zlib.error) as error:
        raise InputError(f"{path}: not a JSON manifest ({error})") from error
    if not number:
        raise InputError(f"{path}: {_NONE}")


def _lines(text: str) -> Iterator[str]:
    """Yield the lines that hold something; not by splitlines: JSON strings may hold U+2028."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if line := text[start:end].strip():
            yield line
        start = end + 1
