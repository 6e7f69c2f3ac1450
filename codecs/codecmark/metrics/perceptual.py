"""Predictors of perceived quality. They are stand-ins: a predicted MOS is not a MOS.

Conventions: `[channels, samples]`, equal shapes, higher is better. Channels are mixed to mono,
as the models are monaural; each model gets the rate it is defined for.

References
----------
PESQ: ITU-T P.862.2 (wideband). ESTOI: Jensen and Taal, IEEE/ACM TASLP 24(11), 2016.
ViSQOL: Chinen et al., arXiv 2004.09584 (speech mode at 16 kHz with the lattice mapping, audio
mode at 48 kHz; two scales that must not be averaged together). Zimtohrli: Alakuijala et al.,
arXiv 2509.26133.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

import numpy as np

from codecmark.clip import Samples, resample
from codecmark.errors import MetricError

PESQ_RATE_HZ = 16_000
VISQOL_RATE_HZ = {"speech": 16_000, "audio": 48_000}
ZIMTOHRLI_RATE_HZ = 48_000
_PESQ_SHORTEST_S = 0.25
_ZIMTOHRLI_SHORTEST_S = 0.1


def pesq_wb(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Wideband PESQ, MOS-LQO of 1.0 to 4.64; for speech.

    Raises
    ------
    MetricError
        Below 16 kHz: what is missing above would be judged as if it had been there and was kept.
        Otherwise with PESQ's own words if it gives up, e.g. on silence.
    """
    import pesq

    if sample_rate_hz < PESQ_RATE_HZ:
        raise MetricError(
            f"not defined for {sample_rate_hz} Hz: wideband PESQ is for {PESQ_RATE_HZ} Hz and more"
        )
    if reference.shape[1] < _PESQ_SHORTEST_S * sample_rate_hz:
        raise MetricError(f"too short: PESQ needs {_PESQ_SHORTEST_S} s")
    ours, theirs = (mono(x, sample_rate_hz, PESQ_RATE_HZ) for x in (reference, decoded))
    if not (ours.any() and theirs.any()):
        raise MetricError("PESQ: undefined for silence")
    try:
        return float(pesq.pesq(PESQ_RATE_HZ, ours, theirs, "wb"))
    except pesq.PesqError as error:
        raise MetricError(f"PESQ: {type(error).__name__}: {error}") from error


def estoi(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Extended short-time objective intelligibility, about 0 to 1; for speech."""
    import warnings

    import pystoi

    ours, theirs = (mono(x, sample_rate_hz, sample_rate_hz) for x in (reference, decoded))
    with warnings.catch_warnings(), _same_noise():
        warnings.simplefilter("error", RuntimeWarning)  # pystoi warns, then returns 1e-5
        try:
            return float(pystoi.stoi(ours, theirs, sample_rate_hz, extended=True))
        except (RuntimeWarning, ValueError) as error:
            raise MetricError(f"ESTOI: {error}") from error


@contextmanager
def _same_noise() -> Iterator[None]:
    """Have pystoi, which adds noise from NumPy's global generator, add the same in every call."""
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)


def visqol(
    reference: Samples,
    decoded: Samples,
    sample_rate_hz: int,
    mode: Literal["speech", "audio"],
) -> float:
    """ViSQOL MOS-LQO: speech mode about 1 to 4.64, audio mode about 1 to 4.73."""
    from codecmark.metrics import visqol_model

    rate = VISQOL_RATE_HZ[mode]
    ours, theirs = (mono(x, sample_rate_hz, rate).astype(float) for x in (reference, decoded))
    try:
        return float(visqol_model.model(mode).measure_from_arrays(ours, theirs, rate).moslqo)
    except IndexError as error:  # it has no words for that: its list of patches is empty
        raise MetricError("ViSQOL: too short, or no speech in it that it could compare") from error
    except (ValueError, RuntimeError) as error:
        raise MetricError(f"ViSQOL: {error}") from error


def zimtohrli(reference: Samples, decoded: Samples, sample_rate_hz: int) -> float:
    """Zimtohrli's distance on its own scale of opinion, 1 to 5; 5 is no audible difference.

    It takes a sine of full scale for 78.3 dB sound pressure level.
    """
    from zimtohrli import mos_from_zimtohrli

    ours, theirs = (mono(x, sample_rate_hz, ZIMTOHRLI_RATE_HZ) for x in (reference, decoded))
    if not ours.any():
        raise MetricError("Zimtohrli: undefined for a silent reference")
    if len(ours) < _ZIMTOHRLI_SHORTEST_S * ZIMTOHRLI_RATE_HZ:
        raise MetricError(f"too short: Zimtohrli needs {_ZIMTOHRLI_SHORTEST_S} s")
    return float(mos_from_zimtohrli(_zimtohrli_model().distance(ours, theirs)))


@cache
def _zimtohrli_model() -> Any:
    from zimtohrli import Pyohrli

    return Pyohrli()


def mono(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Return `[channels, samples]` mixed to `[samples]` at another rate."""
    length = -(-samples.shape[1] * to_hz // from_hz)
    mixed: Samples = resample(samples.mean(axis=0, keepdims=True), from_hz, to_hz, length)[0]
    return mixed
