"""The log-mel with waveform layers, as a codec: `mel:16k-64+wave@snr10`.

`mel:16k-64+wave+shaped@11k` shapes the step by what is heard, and keeps 10 dB SNR where the rate
allows; `mel:16k-64+wave+shaped+anchored@11k` fills with the trained network too.
"""

from __future__ import annotations

from dataclasses import replace

from codecmark.layered import fill_spec
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.layered.mel_base import MelBase
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

FORMATS = ("16k-64",)  # mel formats that can be the base
# a finer mel raises ViSQOL by 0.1 and costs as much PESQ
_SHAPED_SHARE = 0.3


class MelWaveformCodec(WaveformLayerCodec):
    """Waveform layers on the log-mel."""

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> MelWaveformCodec:
        """Build from e.g. `mel:16k-64+wave@snr10`."""
        plain, shaped = _without_shaping(spec)
        _, anchored = fill_spec.split(plain, FORMATS)
        base = MelBase(_SHAPED_SHARE) if shaped else MelBase()
        return cls(
            spec, base, fill_spec.load(setup, anchored=anchored), setup, shaped=shaped,
            licence="MIT", reference="this project",
            notes="the log-mel and the strongest MDCT coefficients; models adapt over the clip",
        )  # fmt: skip


def _without_shaping(spec: Spec) -> tuple[Spec, bool]:
    """Return the spec without `+shaped` behind `+wave`, and whether it was there."""
    mark = f"+{fill_spec.WAVE}+{fill_spec.SHAPED}"
    variant = (spec.variant or "").replace(mark, f"+{fill_spec.WAVE}", 1)
    return replace(spec, variant=variant), variant != spec.variant
