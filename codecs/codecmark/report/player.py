"""What the player on the page needs: the sound as base64, and what is known of it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.report.listening import Heard, Listening
from codecmark.report.text import minus

_SHOWN = ("snr_db", VISQOL_FIELD, "pesq_wb")


def player(
    listening: Sequence[Listening], start: Sequence[str]
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the sound by id, and clips and codecs with their figures; `start` is heard first."""
    audio: dict[str, str] = {}
    clips = []
    for number, one in enumerate(listening):
        audio[f"audio-{number}"] = base64.b64encode(one.flac).decode()
        heard = []
        for index, each in enumerate(one.heard):
            name = f"audio-{number}-{index}" if each.flac else None
            if name:
                audio[name] = base64.b64encode(each.flac).decode()
            heard.append(
                {"spec": each.spec, "audio": name, "facts": _facts(each), "note": each.note}
            )
        clips.append(
            {
                "name": one.clip.name,
                "class": one.clip.clip_class,
                "rate": one.clip.audio.sample_rate_hz,
                "audio": f"audio-{number}",
                "heard": heard,
            }
        )
    return audio, {"clips": clips, "start": list(start)}


def _facts(heard: Heard) -> str:
    """Return the row's figures of this clip, in short."""
    row = heard.row
    if row is None or row.status != "ok":
        return ""
    found = [] if row.bitrate_kbps is None else [f"{row.bitrate_kbps:.1f} kbit/s"]
    for metric in (TABLE[name] for name in _SHOWN):
        value = getattr(row, metric.field)
        if value is not None:
            text = f"{metric.label} {value:.{metric.decimals}f} {metric.written_unit}"
            found.append(minus(text.strip()))
        elif row.is_exact(metric.field):
            found.append(f"{metric.label} exact")
    return ", ".join(found)
