"""One item after the other in this process: for small runs, and to debug a codec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codecmark.measure.scoring import Scorer
from codecmark.run.engines.worker import Item, Outcome, Watch, Worker, lost


class InProcess:
    """No protection: a codec that crashes or hangs takes the run with it."""

    def __init__(self, scorers: int = 1) -> None:
        self._scorers = scorers

    def run(self, items: Sequence[Item], watch: Watch = lambda _: None) -> Iterator[Outcome]:
        """See `Engine.run`."""
        settled: set[str] = set()
        with Scorer(self._scorers) as scorer:
            worker = Worker(scorer, watch)
            for item in items:
                if item.spec not in settled:
                    try:
                        outcome = worker.measure(item)
                    except Exception as error:  # a bug of ours costs an item, not the run
                        outcome = lost(item, f"{type(error).__name__}: {error}")
                    if outcome.settled:
                        settled.add(item.spec)
                    yield outcome
