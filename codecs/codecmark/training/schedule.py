"""The schedule of a training: its end, learning rate, logs, validations and checkpoints.

The learning rate falls with the square root of the step, so the length of a training need not be
known in advance; a run is finished by a cool-down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from codecmark.errors import InputError

_WARM_UP_STEPS = 200


@dataclass(frozen=True)
class Schedule:
    """The schedule, in steps unless stated otherwise.

    Attributes
    ----------
    hours : float or None
        Length of this call; a later call can continue the training.
    steps : int or None
        End of the training.
    cool_from : int or None
        Step from which the learning rate falls linearly, to zero at `steps`; ends a run.
    rate : float
        Highest learning rate.
    flat_steps : int
        Step from which the rate falls with the square root.

    Raises
    ------
    InputError
        If `cool_from` is not below `steps`.
    """

    hours: float | None = None
    steps: int | None = None
    cool_from: int | None = None
    rate: float = 8e-4
    flat_steps: int = 4_000
    log_every: int = 50
    validate_every: int = 2_000
    checkpoint_every_s: float = 300.0

    def __post_init__(self) -> None:
        cool_from, steps = self.cool_from, self.steps
        if cool_from is not None and (steps is None or not 0 <= cool_from < steps):
            raise InputError(
                f"--cool-from: {cool_from} needs --steps above it, where the rate reaches zero"
            )

    def rate_at(self, step: int) -> float:
        """Return the learning rate of the step after `step`."""
        next_step = step + 1
        rate = self.rate * min(1.0, next_step / _WARM_UP_STEPS)
        rate *= min(1.0, math.sqrt(self.flat_steps / next_step))
        if self.cool_from is not None and self.steps is not None:
            rest = self.steps - self.cool_from
            rate *= min(1.0, max(0.0, (self.steps - step) / rest))
        return rate
