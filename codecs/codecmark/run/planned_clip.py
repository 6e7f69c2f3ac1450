"""A clip that a run is planned with: known by its digest, read when it is needed."""

from __future__ import annotations

from dataclasses import dataclass

from codecmark.corpus import reading
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.corpus.entry import CorpusClip
from codecmark.errors import InputError
from codecmark.measure.content_key import KeyedClip


@dataclass(frozen=True)
class PlannedClip:
    """A clip that the condition admits: where to read it, and what reading it gives."""

    entry: CorpusClip
    sha256: str
    duration_s: float

    @property
    def keyed(self) -> KeyedClip:
        """What of the clip its rows' keys depend on."""
        entry = self.entry
        return KeyedClip(entry.name, entry.source, entry.clip_class, self.sha256)

    def read(self, condition: Condition) -> PreparedClip:
        """Read the clip, from memory if it is there.

        Raises
        ------
        InputError
            If it is no longer what was planned.
        """
        clip = reading.read(self.entry, condition)
        if clip.audio.sha256() != self.sha256:
            raise InputError(f"{self.entry.path}: the file has changed since the run was planned")
        return clip
