"""What keys depend on beside codec, clip and condition: the axes, and the code behind them."""

from __future__ import annotations

from codecmark.measure import content_key
from codecmark.measure.code_digests import code_digest
from codecmark.measure.content_key import KeyedClip
from codecmark.measure.impairments.treatment import Treatment
from codecmark.networks.setup import Setup

_ROOM = "codecmark.measure.impairments"
_CODE_OF = {
    "passes": "tandem",
    **dict.fromkeys(("noise_snr_db", "level_db", "overdrive_db", "shift_samples"), "clip_changes"),
}


def row_key(codec_key: str, clip: KeyedClip | None, treatment: Treatment, setup: Setup) -> str:
    """Return the key of a row; `clip` is as the condition presents it, before any change."""
    if not treatment:
        return content_key.row_key(codec_key, clip)
    modules = {_CODE_OF[name] for name in treatment.axes if name in _CODE_OF}
    code = "".join(code_digest(f"{_ROOM}.{module}") for module in sorted(modules))
    if treatment.passed_through is not None:
        code += content_key.codec_digest(treatment.passed_through, setup)
    return content_key.row_key(codec_key, clip, **treatment.axes, code=code)
