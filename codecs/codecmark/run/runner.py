"""Work through a plan with an engine, and store each row as it comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from codecmark.measure.timing import BLOCK
from codecmark.results import store
from codecmark.run.engines import Engine, Item, Outcome, Watch
from codecmark.run.plan import Plan
from codecmark.run.planned_clip import PlannedClip


def run(
    plan: Plan, engine: Engine, results: Path, watch: Watch = lambda _: None
) -> Iterator[Outcome]:
    """Make the missing rows; yield each outcome when its rows are on disk.

    A codec that is not available, or fails on a clip, becomes rows that say so; the run goes on.
    An interruption loses the items in progress: a clip each, or with timing a block of clips,
    which are timed round by round and then scored side by side. `watch` is called with what is
    being worked on.
    """
    items = [
        Item(
            plan.run_id,
            spec,
            block,
            plan.first,
            plan.condition,
            plan.timed,
            plan.setup,
            plan.treatment,
        )
        for spec, clips in plan.missing.items()
        for block in _blocks(clips, BLOCK if plan.timed else 1)
    ]
    written: set[tuple[str, str | None]] = set()
    with store.writing(results, plan.run_id) as writer:
        for outcome in engine.run(items, watch):
            # opus@24k and opus@24.0k are one codec
            new = [row for row in outcome.rows if (row.spec, row.clip) not in written]
            written.update((row.spec, row.clip) for row in new)
            writer.add(new)
            yield Outcome(outcome.item, new, outcome.settled)


def _blocks(clips: tuple[PlannedClip, ...], size: int) -> Iterator[tuple[PlannedClip, ...]]:
    for start in range(0, len(clips), size):
        yield clips[start : start + size]
