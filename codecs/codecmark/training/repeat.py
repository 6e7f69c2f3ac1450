"""Whether two runs of the same training are the same: their logs, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codecmark.errors import InputError
from codecmark.training import log
from codecmark.training.trainer import LOG, VALIDATION


@dataclass(frozen=True)
class Repeat:
    """How two runs compare.

    Attributes
    ----------
    lines : int
        Of losses and scores that both have, times of day aside.
    first_difference : int or None
        Step of the first line that differs in any digit.
    last_step : int
        Of those lines.
    minutes : float
        That the first run took for them.
    """

    lines: int
    first_difference: int | None
    last_step: int
    minutes: float


def compare(first: Path, second: Path) -> Repeat:
    """Compare two runs' logs as far as both go.

    Raises
    ------
    InputError
        If they have no step in common.
    """
    lines, last_step, minutes = 0, 0, 0.0
    differing: list[int] = []
    for file in (LOG, VALIDATION):
        ours, theirs = ({row["step"]: row for row in log.read(at / file)} for at in (first, second))
        for step in (step for step in ours if step in theirs):
            lines += 1
            last_step = max(last_step, int(step))
            minutes = max(minutes, float(ours[step]["seconds"]) / 60)
            first_line, second_line = ours[step], theirs[step]
            # a column that one run began later is empty in its earlier lines
            if any(
                (first_line.get(name) or "") != (second_line.get(name) or "")
                for name in {*first_line, *second_line} - {"seconds"}
            ):
                differing.append(int(step))
    if not lines:
        raise InputError(f"--repeat: {first} and {second} have no step in common")
    return Repeat(lines, min(differing, default=None), last_step, minutes)
