"""Ways to work through a plan: in this process, in a pool of processes, on a Ray cluster.

An engine is given items and yields an outcome for each, in any order; all of them use `Worker`, so
their rows are the same, times aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from codecmark.run.engines.worker import Item, Outcome, Stage, Watch

__all__ = ["Engine", "Item", "Outcome", "Stage", "Watch"]


class Engine(Protocol):
    """One way to work through items."""

    def run(self, items: Sequence[Item], watch: Watch = lambda _: None) -> Iterator[Outcome]:
        """Yield outcomes as they come; items of a codec that is settled are passed over.

        `watch` is called with what is being worked on, as far as the engine knows.
        """
        ...
