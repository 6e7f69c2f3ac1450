"""When packets are lost: on a grid of 20 ms of the clip, whatever the frames of a codec.

A pattern is a sequence of slots of 20 ms, each lost or not. A packet is lost if the slot at the
middle of its sound is, so that codecs lose the same seconds as nearly as their packets allow:
exactly where packets are of 10 or 20 ms.

- `gilbert-elliott`: losses in bursts. A chain of two states draws each slot; the good one loses
  nothing, the bad one, in which it stays 6 slots on average, loses 3 of 4 (Gilbert, BSTJ 39, 1960;
  Elliott, BSTJ 42, 1963).
- `random`: each slot by itself.
- a recording: a text file of `0` and `1` (lost), as `opus_demo -lossfile` reads them, one for each
  packet of 20 ms; other characters are white space. Every clip begins at another place in it.

Patterns are seeded with the name of the clip and so the same for every codec and on every machine.
A short clip rarely loses the asked share of itself: of up to 200 patterns drawn, the one that
comes nearest is taken.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codecmark.errors import InputError

SLOT_S = 0.02
BURSTS, RANDOM = "gilbert-elliott", "random"
SYNTHETIC = (BURSTS, RANDOM)
_BAD_SLOTS = 6  # mean stay in the bad state
_BAD_LOSS = 0.75
_DRAWS = 200
_LONGEST_RECORDING = 10_000_000

Lost = NDArray[np.bool_]


def synthetic(pattern: str, percent: float, slots: int, clip: str) -> Lost:
    """Return which of a clip's slots are lost, `[slots]`."""
    best = np.zeros(slots, bool)
    asked = percent / 100 * slots
    if percent == 0:
        return best
    for draw in range(_DRAWS):
        numbers = _generator(f"{pattern} {percent:g} {clip} {draw}").random((2, slots))
        drawn = _bursts(percent / 100, numbers) if pattern == BURSTS else numbers[0] < percent / 100
        if draw == 0 or abs(drawn.sum() - asked) < abs(best.sum() - asked):
            best = drawn
        if abs(best.sum() - asked) <= 0.5:
            break
    return best


def read_recording(path: Path) -> Lost:
    """Return the slots of a recording.

    Raises
    ------
    InputError
        If it is not a text of `0` and `1`.
    """
    try:
        digits = path.read_bytes()[:_LONGEST_RECORDING].split()
    except OSError as error:
        raise InputError(
            f"axes: loss_pattern: {path} is neither {' nor '.join(SYNTHETIC)}, nor a file that can "
            f"be read ({error.strerror})"
        ) from error
    joined = b"".join(digits)
    if not joined or joined.strip(b"01"):
        raise InputError(f"axes: loss_pattern: {path} must hold 0 and 1, one for each 20 ms")
    lost: Lost = np.frombuffer(joined, np.uint8) == ord("1")
    return lost


def recorded(recording: Lost, slots: int, clip: str) -> Lost:
    """Return which of a clip's slots are lost: a piece of the recording, round its end."""
    start = int(_generator(clip).random() * len(recording))
    return recording[np.arange(start, start + slots) % len(recording)]


def of_packets(lost_slots: Lost, count: int, packet_s: float, delay_s: float) -> Lost:
    """Return which packets are lost, `[count]`; those beside the clip's time are not."""
    middles_s = (np.arange(count) + 0.5) * packet_s - delay_s
    slots = np.floor(middles_s / SLOT_S + 1e-9).astype(int)
    inside = (slots >= 0) & (slots < len(lost_slots))
    lost: Lost = inside & lost_slots[np.clip(slots, 0, len(lost_slots) - 1)]
    return lost


def _bursts(share: float, numbers: NDArray[np.float64]) -> Lost:
    leave = 1 / _BAD_SLOTS
    in_bad = share / _BAD_LOSS
    enter = leave * in_bad / (1 - in_bad)
    lost = np.zeros(numbers.shape[1], bool)
    bad = bool(numbers[0, -1] < in_bad)
    for slot, (move, loss) in enumerate(numbers.T):
        bad = move >= leave if bad else move < enter
        lost[slot] = bad and loss < _BAD_LOSS
    return lost


def _generator(seed: str) -> np.random.Generator:
    digest = hashlib.sha256(seed.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))
