"""Comparison of two runs of the same training, by the lines of their logs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codecmark.errors import InputError
from codecmark.training import log
from codecmark.training.trainer import LOG, VALIDATION


@dataclass(frozen=True)
class Repeat:
    """The result of a comparison.

    Attributes
    ----------
    lines : int
        Number of lines of losses and scores that both runs have.
    first_difference : int or None
        Step of the first line that differs in any digit but the elapsed time.
    last_step : int
        Step of the last common line.
    minutes : float
        Time that the first run took until then.
    """

    lines: int
    first_difference: int | None
    last_step: int
    minutes: float


def compare(first: Path, second: Path) -> Repeat:
    """Compare the logs of two runs, up to the end of the shorter one.

    Raises
    ------
    InputError
        If they have no step in common.
    """
    lines, last_step, minutes = 0, 0, 0.0
    differing: list[int] = []
    for file in (LOG, VALIDATION):
        first_lines, second_lines = (
            {row["step"]: row for row in log.read(run / file)} for run in (first, second)
        )
        for step in (step for step in first_lines if step in second_lines):
            first_line, second_line = first_lines[step], second_lines[step]
            lines += 1
            last_step = max(last_step, int(step))
            minutes = max(minutes, float(first_line["seconds"]) / 60)
            # a column that a run added later is empty in its earlier lines
            if any(
                (first_line.get(name) or "") != (second_line.get(name) or "")
                for name in {*first_line, *second_line} - {"seconds"}
            ):
                differing.append(int(step))
    if not lines:
        raise InputError(
            f"--repeat: {first} and {second} have no step in common; name two runs of one training"
        )
    return Repeat(lines, min(differing, default=None), last_step, minutes)
