"""Context-mixing coding of the waveform layer's levels, conditioned on the decoded mel.

The mel does not predict the sign or phase of a coefficient, but its expected magnitude. The
contexts of a level are the mel there relative to the quantiser's step, and the magnitudes of the
neighbours in time and frequency. Where the mel is far below the step, a zero costs next to nothing.
"""

from __future__ import annotations

import librosa
import numba
import numpy as np

from codecmark.layered.context_mixing import (
    DECODE,
    ENCODE,
    MODE,
    Bytes,
    Ints,
    even_bit,
    finish,
    is_beyond,
    mixed_bit,
    new_coder,
    new_models,
    open_decoder,
    require_data,
)
from codecmark.layered.mdct import BLOCKS, SUPERFRAME, Modes

HOP = 160  # samples per mel frame
FRAMES = SUPERFRAME // HOP  # mel frames per superframe
RATIOS = 48  # classes of mel relative to step
BAND_UNIT = 16  # bins per unit in which the end of the coded band is sent

_INPUTS, _SLOTS = 6, 8192  # contexts per decision, probabilities per context
_KINDS = 8  # kinds of decision: is the magnitude 0, is it 1, ...
_MODES_AT, _MODES_SET = _SLOTS * _INPUTS * _KINDS, RATIOS * _KINDS  # models of modes come last
_LIMIT, _MODES_LIMIT = 250, 60
_COUNTS = np.array(BLOCKS, np.int64)


def _interpolation() -> tuple[Ints, Ints]:
    """Return for each of the 640 bins the mel band below it and the next band's weight in 1/64."""
    centres = librosa.mel_frequencies(66, fmin=0, fmax=8000)[1:-1]
    bins = (np.arange(SUPERFRAME) + 0.5) * (8000 / SUPERFRAME)
    position = np.interp(bins, centres, np.arange(64))
    low = np.clip(np.floor(position), 0, 62).astype(np.int64)
    return low, np.rint(64 * (position - low)).astype(np.int64)


_LOW, _WEIGHT = _interpolation()


def envelope(mel: Ints) -> Ints:
    """Return the mel `[frames, 64]` interpolated to the 640 bins of the longest block."""
    at_bins: Ints = (mel[:, _LOW] * (64 - _WEIGHT) + mel[:, _LOW + 1] * _WEIGHT) >> 6
    return at_bins


def at_coefficients(envelope: Ints, modes: Modes) -> Ints:
    """Return the mel at each coefficient `[superframes, 640]`, in the mel's unit."""
    return _at_coefficients(envelope, modes, np.empty((len(modes), SUPERFRAME), np.int64))


def ratios(mel_over_step: Ints, modes: Modes) -> Ints:
    """Return the class of mel relative to step for each level, `[superframes, 640]`.

    Classes are a quarter octave wide.

    Parameters
    ----------
    mel_over_step : Ints, shape=(frames, 640)
        `envelope` minus the logarithm of the step, in the mel's unit.
    """
    quarters: Ints = np.clip(
        (at_coefficients(mel_over_step, modes) >> 8) + RATIOS // 2, 0, RATIOS - 1
    )
    return quarters


def encode(levels: Ints, modes: Modes, mel_over_step: Ints, *, known: bool = False) -> bytes:
    """Return the coded block modes and levels `[superframes, 640]`.

    Parameters
    ----------
    known : bool
        Whether the decoder knows the modes already; then they are not sent.
    """
    band = _coded_band(levels, modes)
    coder, buffer = new_coder(ENCODE, 64 + levels.size * 8)
    models = _models()
    if not known:
        _code_modes(modes.copy(), coder, buffer, *models)
    ratio = ratios(mel_over_step, modes)
    _code_levels(levels.copy(), modes, ratio, band * BAND_UNIT, coder, buffer, *models)
    return bytes([band]) + finish(coder, buffer)


def decode(
    data: bytes, mel_over_step: Ints, superframes: int, known: Modes | None = None
) -> tuple[Ints, Modes]:
    """Return levels and modes; the modes are sent unless `known`.

    Any bytes decode, or raise `BitstreamError` if they are too few.
    """
    band = min(data[0] if data else 0, SUPERFRAME // BAND_UNIT)
    coder, buffer = open_decoder(data[1:])
    levels = np.zeros((superframes, SUPERFRAME), np.int64)
    models = _models()
    if known is None:
        modes = np.zeros(superframes, np.int64)
        _code_modes(modes, coder, buffer, *models)
    else:
        modes = known
    ratio = ratios(mel_over_step, modes)
    _code_levels(levels, modes, ratio, band * BAND_UNIT, coder, buffer, *models)
    require_data(coder, buffer, "waveform")
    return levels, modes


def _coded_band(levels: Ints, modes: Modes) -> int:
    """Return the end of the nonzero band, in units of `BAND_UNIT` bins of the longest block."""
    highest = 0
    for mode, count in enumerate(BLOCKS):
        used = levels[modes == mode].reshape(-1, SUPERFRAME // count).any(axis=0)
        highest = max(highest, (int(np.flatnonzero(used).max(initial=-1)) + 1) * count)
    return -(-highest // BAND_UNIT)


def _models() -> tuple[Ints, Ints, Ints]:
    return new_models(_MODES_AT + 16, _INPUTS, _MODES_SET + 1)


@numba.njit(cache=True)
def _at_coefficients(envelope: Ints, modes: Modes, out: Ints) -> Ints:
    for u in range(len(modes)):
        blocks = _COUNTS[modes[u]]
        size = SUPERFRAME // blocks
        spanned = max(1, FRAMES // blocks)
        for b in range(blocks):
            first = FRAMES * u + FRAMES * b // blocks
            for k in range(size):
                fine = k * blocks + blocks // 2
                mean, top = 0, -1 << 30
                for t in range(first, first + spanned):
                    mean += envelope[t, fine]
                    top = max(top, envelope[t, fine])
                out[u, b * size + k] = (mean // spanned + top) // 2
    return out


@numba.njit(cache=True)
def _code_modes(
    modes: Modes, coder: Ints, buffer: Bytes, probabilities: Ints, counts: Ints, weights: Ints
) -> None:
    contexts = np.zeros(_INPUTS, np.int64)
    mode = 0
    for u in range(len(modes)):
        upper, lower = modes[u] >> 1, modes[u] & 1
        contexts[:] = _MODES_AT + mode
        upper = mixed_bit(
            coder, buffer, probabilities, counts, weights, contexts, _MODES_SET, _MODES_LIMIT, upper
        )
        contexts[:] = _MODES_AT + 4 + mode * 2 + upper
        lower = mixed_bit(
            coder, buffer, probabilities, counts, weights, contexts, _MODES_SET, _MODES_LIMIT, lower
        )
        mode = 2 * upper + lower
        modes[u] = mode


@numba.njit(cache=True)
def _code_levels(
    levels: Ints,
    modes: Modes,
    ratio: Ints,
    highest: int,
    coder: Ints,
    buffer: Bytes,
    probabilities: Ints,
    counts: Ints,
    weights: Ints,
) -> None:
    """Code or decode the levels below the bin `highest` in place."""
    decoding = coder[MODE] == DECODE
    contexts = np.zeros(_INPUTS, np.int64)
    last = np.zeros(SUPERFRAME + 16, np.int64)  # magnitudes in the last block, at the finest bins
    older = np.zeros(SUPERFRAME + 16, np.int64)
    for u in range(len(modes)):
        mode = modes[u]
        blocks = _COUNTS[mode]
        size = SUPERFRAME // blocks
        for b in range(blocks):
            start = b * size
            for k in range(min(size, -(-highest // blocks))):
                if is_beyond(coder, buffer):
                    return
                fine = k * blocks + blocks // 2
                at = start + k
                side = 0
                if k > 0:
                    side += 2 * abs(levels[u, at - 1])
                if k > 1:
                    side += abs(levels[u, at - 2])
                below, above = max(fine - blocks, 0), fine + blocks
                past = 2 * last[fine] + last[below] + last[above]
                far = 2 * older[fine] + older[below] + older[above]
                side, past, far = min(side, 7), min(past, 7), min(far, 3)
                place = min(fine // 8, 39)
                mel = ratio[u, at]
                value = levels[u, at]
                length, i = abs(value), 0
                while i < 4095:
                    kind = min(i, 7)
                    contexts[0] = kind * _SLOTS + mel * 4 + mode
                    contexts[1] = (8 + kind) * _SLOTS + (side * 8 + past) * 4 + far
                    contexts[2] = (16 + kind) * _SLOTS + mel * 8 + side
                    contexts[3] = (24 + kind) * _SLOTS + mel * 8 + past
                    contexts[4] = (
                        (32 + kind) * _SLOTS + (place * 4 + min(side + past, 3)) * 4 + mode
                    )
                    contexts[5] = (40 + kind) * _SLOTS + ((mel // 2) * 8 + side) * 8 + past
                    more = mixed_bit(
                        coder, buffer, probabilities, counts, weights, contexts,
                        kind * RATIOS + mel, _LIMIT, 1 if length > i else 0,
                    )  # fmt: skip
                    if more == 0:
                        break
                    i += 1
                if i > 0:
                    negative = even_bit(coder, buffer, 1 if value < 0 else 0)
                    if decoding:
                        levels[u, at] = -i if negative else i
            for f in range(SUPERFRAME):
                older[f] = last[f]
                last[f] = abs(levels[u, start + f // blocks])
