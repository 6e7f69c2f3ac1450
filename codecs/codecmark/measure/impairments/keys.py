"""What keys depend on beside codec, clip and condition: the axes, and the code behind them."""

from __future__ import annotations

from codecmark.measure import content_key
from codecmark.measure.code_digests import code_digest
from codecmark.measure.content_key import KeyedClip
from codecmark.measure.impairments import packets, token_stability
from codecmark.measure.impairments.treatment import Treatment
from codecmark.networks.setup import Setup

_ROOM = "codecmark.measure.impairments"
_CODE_OF = {
    "passes": "tandem",
    "loss_pattern": "loss_patterns",
    "concealment": "concealment",
    "bit_error_rate": "bit_errors",
    **dict.fromkeys(("noise_snr_db", "level_db", "overdrive_db", "shift_samples"), "clip_changes"),
}
_TOKENS = "token_stability"  # compared where only the place or the level of the input is another


def row_key(
    codec_key: str, clip: KeyedClip | None, treatment: Treatment, setup: Setup, family: str
) -> str:
    """Return the key of a row; `clip` is as the condition presents it, before any change."""
    if not treatment:
        return content_key.row_key(codec_key, clip)
    modules = {_CODE_OF[name] for name in treatment.axes if name in _CODE_OF}
    if token_stability.is_asked(treatment):
        modules.add(_TOKENS)
    code = "".join(code_digest(f"{_ROOM}.{module}") for module in sorted(modules))
    splitting = packets.module_of(family) if treatment.needs_packets else None
    if splitting is not None:
        code += code_digest(splitting)
    if treatment.passed_through is not None:
        code += content_key.codec_digest(treatment.passed_through, setup)
    return content_key.row_key(codec_key, clip, **treatment.axes, code=code)
