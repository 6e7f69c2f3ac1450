"""What keys depend on beside codec, clip and condition: the axes, and the code behind them."""

from __future__ import annotations

from codecmark.measure import code_digests, content_key
from codecmark.measure.code_digests import code_digest
from codecmark.measure.content_key import KeyedClip
from codecmark.measure.impairments import packets, token_stability
from codecmark.measure.impairments.treatment import Treatment
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

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
    code = "".join(map(code_digest, _modules_of(treatment, family)))
    if treatment.passed_through is not None:
        code += content_key.codec_digest(treatment.passed_through, setup)
    return content_key.row_key(codec_key, clip, **treatment.axes, code=code)


def changed(spec: str, treatment: Treatment, setup: Setup) -> list[str]:
    """Return what of a codec and its treatment is not as first read, see `content_key.changed`."""
    others = {name for each in treatment.specs(spec) for name in content_key.changed(each, setup)}
    others |= set(code_digests.changed(_modules_of(treatment, Spec.parse(spec).family)))
    return sorted(others)


def _modules_of(treatment: Treatment, family: str) -> list[str]:
    modules = {_CODE_OF[name] for name in treatment.axes if name in _CODE_OF}
    if token_stability.is_asked(treatment):
        modules.add(_TOKENS)
    splitting = packets.module_of(family) if treatment.needs_packets else None
    return [f"{_ROOM}.{module}" for module in sorted(modules)] + ([splitting] if splitting else [])
