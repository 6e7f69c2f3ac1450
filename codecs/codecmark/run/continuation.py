"""Which stored run a new one goes on with: that of the same clips, by name and by samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codecmark.corpus.condition import Condition
from codecmark.errors import ResultSchemaError
from codecmark.measure.impairments.treatment import Treatment
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run.planned_clip import PlannedClip
from codecmark.system.counting import counted

# the axes that change what a codec is given
_OF_THE_CLIP = ("noise_snr_db", "level_db", "overdrive_db", "shift_samples")


@dataclass
class Found:
    """The run to continue and its rows, if any; and those that are of other sounds, and why."""

    run_id: str | None = None
    rows: list[ResultRow] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def why_none(self) -> str:
        """Why no run is continued that has clips of these names; empty where one is."""
        return "" if self.run_id is not None else next(iter(self.refused.values()), "")


def continued(clips: Sequence[PlannedClip], condition: Condition, results: Path) -> Found:
    """Return the run to continue and its rows; none where none has these clips."""
    names = {clip.entry.name for clip in clips}
    sounds = _Sounds(clips, condition)
    found = Found()
    for run_id in reversed(store.run_ids(results)):
        try:
            first = next(store.rows_of(results, run_id), None)
            if first is None or first.key is None:
                continue
            rows = store.latest(store.rows_of(results, run_id))
        except ResultSchemaError as error:
            raise ResultSchemaError(
                f"{error}; --new leaves what is there alone and measures everything afresh"
            ) from error
        ours = [row for row in rows if row.condition == condition.name]
        theirs = {row.clip for row in ours if row.clip is not None}
        if not ours or not (theirs <= names or names <= theirs):
            continue
        others = sounds.others(ours)
        if not others:
            found.run_id, found.rows = run_id, rows
            break
        more = f" and {counted(len(others) - 1, 'more clip')}" if len(others) > 1 else ""
        found.refused[run_id] = (
            f"a new run: {others[0]}{more} of run {run_id} had other samples, and one table never "
            "compares codecs on different sounds"
        )
    return found


class _Sounds:
    """Tells whether rows are of the samples that clips have now."""

    def __init__(self, clips: Sequence[PlannedClip], condition: Condition) -> None:
        self._clips = {clip.entry.name: clip for clip in clips}
        self._condition = condition

    def others(self, rows: Iterable[ResultRow]) -> list[str]:
        """Return the names of the clips of which some row is of other samples."""
        by_clip: dict[str, list[ResultRow]] = {}
        for row in rows:
            if row.clip in self._clips and row.clip_sha256 and row.status == "ok":
                by_clip.setdefault(row.clip, []).append(row)
        return [name for name, group in by_clip.items() if self._differs(name, group)]

    def _differs(self, name: str, rows: Sequence[ResultRow]) -> bool:
        whole = [row for row in rows if row.weights != "random"]
        as_it_is = [row for row in whole if not _changes(row)]
        if as_it_is:
            return any(row.clip_sha256 != self._clips[name].sha256 for row in as_it_is)
        # a run has one sound of a clip, so that one row tells
        row = (whole or rows)[0]
        clip = Treatment.of(_changes(row)).changed(self._clips[name].read(self._condition))
        if row.weights == "random":
            clip = clip.cropped(self._condition.untrained_clip_s)
        return row.clip_sha256 != clip.audio.sha256()


def _changes(row: ResultRow) -> dict[str, Any]:
    """Return the axes of a row that change the clip itself."""
    values = {name: getattr(row, name) for name in _OF_THE_CLIP}
    return {name: value for name, value in values.items() if value is not None}
