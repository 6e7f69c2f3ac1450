"""Whether a network gives the same bytes and samples on another number of threads.

Sums over many products are split by threads, and so rounded otherwise. Codecs without a network do
not depend on it, which tests hold them to; of the others a row says what another number changes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.errors import CodecmarkError
from codecmark.measure.decoding_worker import DecodingWorker
from codecmark.system import threads
from codecmark.system.counting import counted

NOTE = "threads"


def difference(
    codec: Codec,
    worker: DecodingWorker,
    clip: AudioClip,
    thread_count: int,
    sign: Callable[[], None],
) -> str:
    """Say what changes on 2 threads, or where there are more on 1; empty if nothing does.

    Parameters
    ----------
    codec : Codec
        Encodes here; `worker` decodes.
    clip : AudioClip
    thread_count : int
        The condition's; it holds again afterwards.
    sign : callable
        Called before every call of the codec.
    """
    other = 2 if thread_count == 1 else 1
    try:
        sign()
        stream = _encoded(codec, clip, thread_count)
        sign()
        again = _encoded(codec, clip, other)
        threads.limit(thread_count)  # before the worker is started, which takes it over
        sign()
        decoded = worker.decode(stream).samples
        sign()
        decoded_again = worker.decode(stream, other).samples
    except CodecmarkError:
        return ""  # the row says what fails
    finally:
        threads.limit(thread_count)
    changed = []
    if stream != again:
        changed.append("the stream")
    if not np.array_equal(decoded, decoded_again):
        peak = float(np.abs(decoded - decoded_again).max())
        changed.append(
            "the last bits of the decoded samples" if peak < 2**-16 else "the decoded samples"
        )
    return f"on {counted(other, 'thread')} {' and '.join(changed)} would differ" if changed else ""


def _encoded(codec: Codec, clip: AudioClip, thread_count: int) -> bytes:
    threads.limit(thread_count)
    codec.reset()
    return codec.encode(clip)
