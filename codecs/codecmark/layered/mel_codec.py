"""The log-mel with waveform layers, as a codec: `mel:16k-64+wave@snr10`."""

from __future__ import annotations

from codecmark.layered import fill_spec
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.layered.mel_base import MelBase
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

FORMATS = ("16k-64",)  # mel formats that can be the base


class MelWaveformCodec(WaveformLayerCodec):
    """Waveform layers on the log-mel."""

    @classmethod
    def from_spec(cls, spec: Spec, setup: Setup) -> MelWaveformCodec:
        """Build from e.g. `mel:16k-64+wave@snr10`."""
        _, anchored = fill_spec.split(spec, FORMATS)
        return cls(
            spec, MelBase(), fill_spec.load(setup, anchored=anchored), setup, licence="MIT",
            reference="this project",
            notes="the log-mel and the strongest MDCT coefficients; models adapt over the clip",
        )  # fmt: skip
