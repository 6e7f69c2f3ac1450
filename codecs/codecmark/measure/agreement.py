"""How closely a codec on another backend or dtype agrees with itself as PyTorch runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from codecmark import catalog
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.errors import MetricError
from codecmark.metrics import waveform
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

SAME_DB = 40.0


class EagerReference:
    """The same codec on eager in float32, built at the first comparison."""

    def __init__(self, codec: Codec, setup: Setup) -> None:
        self._codec = codec
        self._setup = setup
        self.codec: Codec | None = None

    def agreement_db(self, stream: bytes, decoded: AudioClip) -> float:
        """Return the SNR of `decoded` against what the reference decodes, see `agreement_db`."""
        if self.codec is None:
            self.codec = reference_of(self._codec, self._setup)
        return agreement_db(decoded_by(self.codec, stream), decoded)

    def forget(self) -> None:
        """Free the reference's memory."""
        self.codec = None


def reference_of(codec: Codec, setup: Setup) -> Codec:
    """Build the codec on eager in float32 and on the same device, with what it was built with."""
    spec = Spec.parse(codec.info.spec)
    return catalog.create(str(replace(spec, execution=spec.execution.reference)), setup)


def decoded_by(reference: Codec, stream: bytes) -> AudioClip:
    """Decode with float32 products: a GPU's convolutions else have the 11 bits of TF32."""
    with _no_tf32():
        return reference.decode(stream)


@contextmanager
def _no_tf32() -> Iterator[None]:
    import torch  # where there is a reference, its network has imported it

    switches: tuple[Any, ...] = torch.backends.cudnn, torch.backends.cuda.matmul
    before = [switch.allow_tf32 for switch in switches]
    try:
        for switch in switches:
            switch.allow_tf32 = False
        yield
    finally:
        for switch, allowed in zip(switches, before, strict=True):
            switch.allow_tf32 = allowed


def difference_of(returned: AudioClip, apart: AudioClip) -> str:
    """Return how two decodes of one stream by the same codec differ; empty if they agree.

    Rounding may differ between processes, as on a GPU: `SAME_DB` of SNR count as agreement.
    """
    if returned.samples.shape != apart.samples.shape:
        return f"shape {apart.samples.shape}, not {returned.samples.shape}"
    if np.array_equal(returned.samples, apart.samples):
        return ""
    try:
        snr_db = agreement_db(apart, returned)
    except MetricError as error:
        return str(error)
    return "" if snr_db >= SAME_DB else f"an SNR of {snr_db:.1f} dB against it, not {SAME_DB:g}"


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
