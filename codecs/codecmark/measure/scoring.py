"""Run the metrics of many clips, in worker processes if there is more than one clip."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType

from codecmark.clip import Samples
from codecmark.metrics.score import Scores, score
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.networks.weights import WeightLocator
from codecmark.system import processes, program_start


@dataclass(frozen=True)
class Job:
    """One decoded clip and its reference, and where learned predictors find their weights."""

    reference: Samples
    decoded: Samples
    sample_rate_hz: int
    clip_class: str
    weights: WeightLocator
    on_request: tuple[str, ...] = ()


class Scorer:
    """Scores jobs in order on `workers` processes, one thread each; use as a context manager.

    Nothing is timed while it works, so it may use every core. The processes start at the first
    call with more than one job and load the metric libraries once.
    """

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Scorer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def score(self, jobs: Sequence[Job], *, apart: bool = False) -> list[Scores]:
        """Return the scores of `jobs`, in order.

        Parameters
        ----------
        apart : bool
            Whether to score even a single job in a process that never loads a codec: code of
            others in this one might have changed a metric.
        """
        if not apart and (len(jobs) <= 1 or self._workers == 1):
            return [_score(job) for job in jobs]
        futures = [self._submitted(job) for job in jobs]
        scores = []
        for job, future in zip(jobs, futures, strict=True):
            try:
                scores.append(future.result())
            except BrokenProcessPool:  # by this job or by one beside it: try it alone
                scores.append(self._alone(job))
        return scores

    def _alone(self, job: Job) -> Scores:
        self.close()
        try:
            return self._submitted(job).result()
        except BrokenProcessPool:
            self.close()
            return Scores(reasons=dict.fromkeys(QUALITY_FIELDS, "the metric process died"))

    def _submitted(self, job: Job) -> Future[Scores]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers, get_context("spawn"), initializer=processes.begin, initargs=(1,)
            )
        with program_start.restored():  # processes start as jobs are submitted
            return self._pool.submit(_score, job)


def _score(job: Job) -> Scores:
    return score(
        job.reference, job.decoded, job.sample_rate_hz, job.clip_class, job.weights, job.on_request
    )
