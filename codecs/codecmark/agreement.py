"""How near a codec that runs another way comes to itself as PyTorch runs it."""

from __future__ import annotations

from codecmark import catalog
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.errors import MetricError
from codecmark.execution import MARK
from codecmark.metrics import waveform


def reference_of(codec: Codec) -> Codec | None:
    """Build the codec without its execution; None for one that is its own reference."""
    if not codec.execution.changes_the_network:
        return None
    return catalog.create(codec.info.spec.partition(MARK)[0])


def agreement_db(reference: AudioClip, decoded: AudioClip) -> float:
    """SNR of `decoded` against `reference`, in dB: both decoded the same stream.

    Nothing is aligned: a delay would be a fault.

    Raises
    ------
    MetricError
        For equal clips, or a silent reference.
    """
    if reference.samples.shape != decoded.samples.shape:
        raise MetricError("undefined: the two decoded to different lengths")
    return waveform.snr_db(reference.samples, decoded.samples, reference.sample_rate_hz)
