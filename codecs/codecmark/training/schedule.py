"""When a training does what, and how fast it learns.

The learning rate falls with the root of the step, so no length has to be known beforehand; once it
is, a run can be cooled down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from codecmark.errors import InputError

_WARM_UP_STEPS = 200


@dataclass(frozen=True)
class Schedule:
    """When what happens, in steps; `hours` ends the call, not the training.

    From `cool_from` on the rate falls to zero at `steps`, which settles the weights: the last
    thing to do to a run.

    Raises
    ------
    InputError
        If `cool_from` has no `steps` beyond it.
    """

    hours: float | None = None
    steps: int | None = None
    cool_from: int | None = None
    rate: float = 8e-4
    flat_steps: int = 4_000  # the rate falls from here on
    log_every: int = 50
    validate_every: int = 2_000
    checkpoint_every_s: float = 300.0

    def __post_init__(self) -> None:
        cool_from, steps = self.cool_from, self.steps
        if cool_from is not None and (steps is None or not 0 <= cool_from < steps):
            raise InputError(
                f"--cool-from: {cool_from} needs --steps beyond it, where the rate is to be zero"
            )

    def rate_at(self, step: int) -> float:
        """Return the learning rate of the step after `step`."""
        made = step + 1
        rate = self.rate * min(1.0, made / _WARM_UP_STEPS)
        rate *= min(1.0, math.sqrt(self.flat_steps / made))
        if self.cool_from is not None and self.steps is not None:
            rest = self.steps - self.cool_from
            rate *= min(1.0, max(0.0, (self.steps - step) / rest))
        return rate
