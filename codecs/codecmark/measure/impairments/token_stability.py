"""Whether tokens stay the same when the input is moved by a sample or made quieter.

Generators are trained on tokens: where those jump while the sound does not, a model has to learn
many names for one thing.
"""

from __future__ import annotations

import numpy as np

from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.measure.impairments.treatment import Treatment
from codecmark.neural.tokens import TokenPayloadCodec


def is_asked(treatment: Treatment) -> bool:
    """Return whether only the place or the level of the input is another."""
    moved = treatment.shift_samples is not None or treatment.level_db is not None
    return moved and not treatment.needs_packets and treatment.passes is None


def agreement(codec: Codec, original: AudioClip, changed: AudioClip) -> float | None:
    """Return the share of tokens, 0 to 1, that are equal at the same place in both.

    None for codecs without tokens.
    """
    if not isinstance(codec, TokenPayloadCodec):
        return None
    ours, theirs = (codec.encode_parts(clip)[1] for clip in (changed, original))
    return float(np.mean(ours == theirs))
