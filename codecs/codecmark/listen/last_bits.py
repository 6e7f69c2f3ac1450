"""Sounds that are the same to the ear and not to a tool that compares files.

The hidden reference is the open one, and X is A or B: whoever compares files or their digests in
the browser would know without listening. So each copy that is handed out has the last bit of one
sample in sixteen inverted, on average and at random: noise of -105 dB below full scale, which is
less than that of rounding to 16 bits. Whoever decodes two copies and subtracts them still knows;
no test whose sounds a listener's own machine plays can keep that from him.
"""

from __future__ import annotations

import hashlib
import io
import wave
from collections.abc import Iterable
from typing import Final

from codecmark.errors import InputError

_SHARE_OF_256: Final = 16
_BYTES: Final = 2


def varied(data: bytes, seeds: Iterable[str], name: str = "sound") -> bytes:
    """Return a 16-bit WAV file with last bits inverted, the same ones for the same seeds.

    So that who asks for a sound again and again cannot average the noise away.

    Raises
    ------
    InputError
        If it is no such file; says its name.
    """
    import numpy as np

    try:
        with wave.open(io.BytesIO(data)) as file:
            parameters = file.getparams()
            samples = np.frombuffer(file.readframes(parameters.nframes), "<i2").copy()
    except (wave.Error, EOFError, ValueError) as error:
        reason = str(error) or "cut off"
        raise InputError(f"{name}: is no WAV file ({reason}); plan the test anew") from error
    if parameters.sampwidth != _BYTES:
        raise InputError(f"{name}: has {8 * parameters.sampwidth} bits, not 16; plan the test anew")
    digest = hashlib.sha256(" ".join(seeds).encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest))
    samples ^= rng.integers(0, 256, len(samples), dtype=np.uint8) < _SHARE_OF_256
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams(parameters)
        file.writeframes(samples.tobytes())
    return made.getvalue()
