"""The comparison of two runs as plain text: same rows, same text."""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.analysis import run_changes
from codecmark.analysis.run_changes import Change
from codecmark.analysis.run_pairs import LinedUp, line_up
from codecmark.errors import InputError
from codecmark.results.row import ResultRow
from codecmark.system.counting import counted


def compare(old: Sequence[ResultRow], new: Sequence[ResultRow]) -> tuple[str, bool]:
    """Return the text, and whether something got worse beyond noise.

    Raises
    ------
    InputError
        If the runs share no codec and clip.
    """
    lined = line_up(old, new)
    n_pairs = sum(len(paired.pairs) for paired in lined.both)
    if not n_pairs:
        raise InputError("compare: the two runs share no codec on the same clip and condition")
    refusal = run_changes.speed_refusal(old, new)
    quality = run_changes.outcomes(lined.both) + run_changes.quality(lined.both)
    sizes = run_changes.sizes(lined.both)
    speeds = [] if refusal else run_changes.speeds(lined.both)
    # times never repeat, so the noise of every codec would be listed; quality and size do repeat
    timed = _section("speed", speeds, show_noise=False)
    every = [*quality, *sizes, *speeds]
    worse, better = (sum(c.effect == e for c in every) for e in ("worse", "better"))
    lines = [
        f"old: {_runs(old)}",
        f"new: {_runs(new)}",
        f"{counted(len(lined.both), 'codec')} in both, {counted(n_pairs, 'row')} on the same clips",
        *_absences(lined),
        "",
        *_section("quality, new minus old, mean over sources", quality),
        *_section("size", sizes),
        *([f"speed: not compared: {refusal}"] if refusal else timed),
        "",
        f"beyond noise: {worse} worse, {better} better",
    ]
    return "\n".join(lines) + "\n", worse > 0


def _runs(rows: Sequence[ResultRow]) -> str:
    return ", ".join(sorted({row.run_id for row in rows}))


def _absences(lined: LinedUp) -> list[str]:
    found = []
    for when, specs in (("old", lined.only_old), ("new", lined.only_new)):
        if specs:
            found.append(f"in the {when} run only: {', '.join(specs)}")
    if unpaired := sum(paired.unpaired for paired in lined.both):
        found.append(
            f"left out: {counted(unpaired, 'row')} whose clip the other run lacks or has otherwise"
        )
    return found


def _section(title: str, found: Sequence[Change], *, show_noise: bool = True) -> list[str]:
    within = sum(change.effect == "noise" for change in found)
    lines = [f"{title}: {len(found) - within} beyond noise, {within} within it"]
    for effect in ("worse", "better", "noise"):
        lines += [
            f"  {effect}: {change.spec} ({change.condition}): {change.what}: {change.detail}"
            for change in found
            if change.effect == effect and (show_noise or effect != "noise")
        ]
    return lines
