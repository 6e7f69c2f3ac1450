"""What a run will lack because its clips have no class."""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.corpus import UNKNOWN_CLASS, CorpusClip
from codecmark.metrics.table import TABLE


def notice(clips: Sequence[CorpusClip]) -> str | None:
    """Return a notice to show before a run of these clips; None where each has a class."""
    count = sum(clip.clip_class == UNKNOWN_CLASS for clip in clips)
    if not count:
        return None
    missing = [
        metric.label
        for metric in TABLE.values()
        if metric.computed
        and not metric.on_request
        and metric.classes
        and not metric.applies_to(UNKNOWN_CLASS)
    ]
    subject = f"{count} of {len(clips)} clips have" if len(clips) > 1 else "the clip has"
    return (
        f"{subject} no class: no {', no '.join(missing)}, and ViSQOL in its audio mode. If this is "
        "speech, add --class speech; else --class music or ambient, a folder of that name, or a "
        "column 'class' in a manifest"
    )
