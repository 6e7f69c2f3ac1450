"""What one listener is given: which pages in which order, and the order of sounds on each page.

All of it follows from the plan's digest, the key's secret and the listener's number and session, so
nothing has to be stored but those, and a session that is resumed is the same. A listener knows the
digest and the session, and must not know the order.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import msgspec

from codecmark.errors import InputError
from codecmark.listen.design import Design, PlanPage, TestMethod

SCALES: dict[TestMethod, tuple[float, float]] = {
    "acr": (1, 5), "dcr": (1, 5), "mushra": (0, 100),
    "ab": (0, 2),  # the first is better, the second, neither
    "abx": (0, 1),  # X is the first, X is the second
}  # fmt: skip
_TOLERANCE = 0.9  # of the time that a stimulus has to be heard: clocks of browsers are coarse


class Turn(msgspec.Struct, frozen=True):
    """One page as one listener sees it.

    Attributes
    ----------
    items : tuple of str
        Names of stimuli in the order shown; in ABX the third is X, which is one of the first two.
    answers : int
        How many values it asks for.
    """

    page: str
    items: tuple[str, ...]
    reference: str | None
    training: bool
    hear_s: float
    answers: int

    @property
    def heard(self) -> int:
        """How many sounds there are to hear, an open reference included."""
        return len(self.items) + (self.reference is not None)


def draw(design: Design, session: str, index: int) -> tuple[Turn, ...]:
    """Return the turns of one session; `index` counts listeners and rotates subsets of pages.

    Training comes first, in an order of its own. The pages that count are one fixed shuffle of
    all; listener after listener takes the next `pages_each` of them, so that each page is heard
    equally often, and shuffles those anew.
    """
    plan = design.plan
    seeds = (design.sha256, session, *([design.key.secret] if design.key.secret else []))
    rng = random.Random(" ".join(seeds))  # noqa: S311 - of a secret that is random itself
    training = [page for page in plan.pages if page.training]
    counted = [page for page in plan.pages if not page.training]
    random.Random(f"{design.sha256} {plan.seed}").shuffle(counted)  # noqa: S311
    each = min(plan.pages_each, len(counted))
    start = index * each
    counted = [counted[(start + n) % len(counted)] for n in range(each)]
    rng.shuffle(training)
    rng.shuffle(counted)
    turns = []
    for page in (*training, *counted):
        items = list(page.items)
        rng.shuffle(items)
        if plan.method == "abx":
            items.append(rng.choice(items))
        turns.append(
            Turn(
                page.name, tuple(items), page.reference, page.training, page.hear_s,
                1 if plan.method in {"ab", "abx"} else len(items),
            )
        )  # fmt: skip
    return tuple(turns)


def check(method: TestMethod, turn: Turn, values: Any, heard_s: Any) -> None:
    """Check an answer to a turn.

    Raises
    ------
    InputError
        If a value is absent, no whole number or off the scale, or something was not heard.
    """
    check_values(method, turn.answers, values)
    if not isinstance(heard_s, list | tuple) or len(heard_s) != turn.heard:
        raise InputError(f"heard_s: {turn.heard} are needed, one for each sound")
    for seconds in heard_s:
        if type(seconds) not in {int, float} or not 0 <= seconds < 86_400:
            raise InputError("heard_s: must be seconds")
        if seconds < _TOLERANCE * turn.hear_s:
            raise InputError("heard_s: not everything was heard; play each sound first")


def check_values(method: TestMethod, expected: int, values: Any) -> None:
    """Check the values of an answer, of which there have to be so many.

    Raises
    ------
    InputError
        If one is absent, no whole number or off the scale.
    """
    lowest, highest = SCALES[method]
    if not isinstance(values, list | tuple) or len(values) != expected:
        raise InputError(f"values: {expected} are needed, one for each sound")
    for value in values:
        if type(value) is not int or not lowest <= value <= highest:
            raise InputError(f"values: {value!r:.20} is no whole number, {lowest} to {highest}")


def is_answer_to(method: TestMethod, page: PlanPage, stimuli: Sequence[str]) -> bool:
    """Say whether stimuli are those of a page in some order; in ABX the third is either."""
    asked = stimuli[:2] if method == "abx" else stimuli
    if sorted(asked) != sorted(page.items):
        return False
    return method != "abx" or (len(stimuli) == 3 and stimuli[2] in page.items)
