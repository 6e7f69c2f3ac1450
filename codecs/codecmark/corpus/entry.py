"""One clip of a corpus: where it is and what is known about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from codecmark.clip import AudioClip
from codecmark.corpus.audio_files import read_audio, require_part
from codecmark.errors import InputError
from codecmark.system.digest import file_sha256

ClipClass = Literal["speech", "music", "ambient", "audio"]
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
UNKNOWN_CLASS: ClipClass = "audio"
CLASSES: tuple[str, ...] = get_args(ClipClass)


@dataclass(frozen=True)
class CorpusClip:
    """A clip that can be read.

    Attributes
    ----------
    name : str
        Unique within the corpus; labels rows.
    path : Path
    source : str
        The speaker, track or recording: clips of one source are not independent.
    clip_class : {"speech", "music", "ambient", "audio"}
        Decides which metrics apply; "audio" is what is not known.
    start_s, duration_s : float, float or None
        The part of the file that is meant.
    sha256 : str or None
        Of the file, checked on reading.
    """

    name: str
    path: Path
    source: str
    clip_class: str
    start_s: float = 0.0
    duration_s: float | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        if self.clip_class not in CLASSES:
            raise InputError(
                f"class: {self.name} has {self.clip_class!r}; use one of {', '.join(CLASSES)}"
            )
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            raise InputError(
                f"sha256: {self.name} has {self.sha256!r:.80}; it must be 64 hexadecimal digits, "
                "or left out"
            )
        require_part(self.name, self.start_s, self.duration_s)

    def read(self, at_most_s: float | None = None) -> AudioClip:
        """Read the samples, or the first `at_most_s` seconds of them.

        Raises
        ------
        InputError
            If the file is missing, damaged, or not the one the manifest describes.
        """
        if self.sha256 is not None:
            try:
                digest = file_sha256(self.path)
            except OSError as error:
                raise InputError(f"{self.path}: cannot be read ({error.strerror})") from error
            except ValueError as error:
                raise InputError(f"{self.path}: cannot be read ({error})") from error
            if digest != self.sha256.lower():
                raise InputError(
                    f"{self.path}: SHA-256 {digest[:16]}... is not the manifest's, "
                    f"{self.sha256[:16].lower()}...; fetch the file again, or correct the manifest"
                )
        limits = [limit for limit in (self.duration_s, at_most_s) if limit is not None]
        return read_audio(self.path, start_s=self.start_s, duration_s=min(limits, default=None))


def distinct(clips: Sequence[CorpusClip], manifest: Path) -> list[CorpusClip]:
    """Return the clips of a manifest, or raise `InputError` if none is listed, or one twice."""
    if not clips:
        raise InputError(f"{manifest}: lists no clips")
    seen: set[str] = set()
    for clip in clips:
        if clip.name in seen:
            raise InputError(
                f"{manifest}: {clip.name!r} is listed more than once; leave one of them out"
            )
        seen.add(clip.name)
    return list(clips)
