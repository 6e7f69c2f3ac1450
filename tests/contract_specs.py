"""The specs that the contract is tested on: all, and one of each form of payload."""

from __future__ import annotations

import pytest

from codecmark import catalog
from codecmark.codec import Codec
from codecmark.errors import UnavailableError
from codecmark.spec import Spec
from entries import tiny, tone

SPECS = (*catalog.all_specs(), "command:top-byte", "mel:16k-64+wave@8k-16k")
ONE_OF_EACH = (
    *{Spec.parse(spec).family: spec for spec in reversed(SPECS)}.values(),
    "opus@12k-vbr-60ms",  # packets of several frames and lengths
    "mp3@v4",
    "encodec:48khz@6k",  # a payload of its own
    "mel:16k-64+wave@snr10",  # of another class than the rest of its family
    "mel:16k-64+wave@8k-16k",  # two waveform layers
    "audioldm2:compact+wave@snr10",  # its models are told what a network decoded
)
CLIP = tone(0.25)


def build(spec: str) -> Codec:
    """Return the codec, tiny; skip the test if it is not available."""
    try:
        return tiny(spec)
    except UnavailableError as error:
        pytest.skip(str(error))
