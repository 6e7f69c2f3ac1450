"""Named mel formats: published ones, the users' own, and a sweep of formats without weights."""

from __future__ import annotations

import re

from codecmark.errors import InputError
from codecmark.mel.front_end import MelFormat

AUDIOLDM2 = MelFormat(16_000, 64, 1024, 160, 0.0, 8_000.0)
AUDIOLDM2_CENTRED = MelFormat(16_000, 64, 1024, 160, 0.0, 8_000.0, "centred")
USER = MelFormat(16_000, 80, 1024, 256, 0.0, 8_000.0, "centred")
SPEECHT5 = MelFormat(16_000, 80, 1024, 256, 80.0, 7_600.0, "centred", 1e-10, 10.0)
HIFIGAN_22K = MelFormat(22_050, 80, 1024, 256, 0.0, 8_000.0)
AUDIOLDM_48K = MelFormat(48_000, 256, 2048, 480, 20.0, 24_000.0)
# transformers' UnivNetFeatureExtractor, its defaults
UNIVNET = MelFormat(24_000, 100, 1024, 256, 0.0, 12_000.0)
# torchaudio's MelSpectrogram, its defaults, in gemelo-ai/vocos:vocos/feature_extractors.py
VOCOS = MelFormat(
    24_000, 100, 1024, 256, 0.0, 12_000.0, "centred", floor=1e-7, htk=True, equal_area=False
)
# diffusers' MMAudioMelSpectrogram
MMAUDIO = MelFormat(44_100, 128, 2048, 512, 0.0, 22_050.0)

NAMED = {
    "16k-64": AUDIOLDM2,
    "16k-64-centred": AUDIOLDM2_CENTRED,
    "16k-80-256": USER,
    "22k-80": HIFIGAN_22K,
    "24k-100": UNIVNET,
    "24k-100-htk": VOCOS,
    "44k-128": MMAUDIO,
    "48k-256": AUDIOLDM_48K,
}
_SWEEP = re.compile(r"16k-(64|80|128)-(160|256)(?:-(1024|2048))?")


def mel_format(name: str) -> MelFormat:
    """Return a named format, or one of the sweep `16k-BANDS-HOP[-N_FFT]`.

    The sweep has 64, 80 or 128 bands, a hop of 160 or 256, and an FFT of 1024 or 2048 points.

    Raises
    ------
    InputError
        If there is no such format.
    """
    if name in NAMED:
        return NAMED[name]
    match = _SWEEP.fullmatch(name)
    if match is None:
        raise InputError(
            f"spec: no mel format {name!r}; use {', '.join(NAMED)} or 16k-BANDS-HOP[-N_FFT] with "
            "64, 80 or 128 bands, hop 160 or 256, n_fft 1024 or 2048"
        )
    bands, hop, n_fft = match.groups(default="1024")
    return MelFormat(16_000, int(bands), int(n_fft), int(hop), 0.0, 8_000.0)
