"""Run codecs over clips and store the rows as each codec finishes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codecmark import catalog, environment, store, threads
from codecmark.condition import Condition, PreparedClip
from codecmark.errors import CodecmarkError
from codecmark.measure import Measurement, missing_row
from codecmark.result import ResultRow
from codecmark.scoring import Scorer
from codecmark.timing import perf_counter_timer


@dataclass(frozen=True)
class Done:
    """One codec is through: its rows are stored."""

    spec: str
    rows: list[ResultRow]


def run(
    specs: Sequence[str],
    clips: Sequence[PreparedClip],
    condition: Condition,
    results: Path,
) -> Iterator[Done]:
    """Measure each codec and yield it when its rows are on disk.

    A codec that is not available, or fails on a clip, becomes rows that say so; the run goes on.
    """
    run_id = environment.new_run_id()
    threads.limit(condition.threads)
    with Scorer() as scorer:
        measured: set[str] = set()
        for spec in specs:
            try:
                codec = catalog.create(spec)
            except CodecmarkError as error:
                rows = [missing_row(run_id, spec, condition, error)]
            else:
                if codec.info.spec in measured:  # opus@24k and opus@24.0k are one codec
                    continue
                measured.add(codec.info.spec)
                measurement = Measurement(codec, clips, condition)
                measurement.encode(perf_counter_timer)
                measurement.decode(perf_counter_timer)
                rows = measurement.rows(run_id, scorer)
            store.append(results, rows)
            yield Done(spec, rows)
