"""What the benchmarks of one pytest session share, and where their rows go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from codecmark import catalog, corpus, review
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import CodecmarkError, InputError
from codecmark.measure.scoring import Scorer
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.review import Requirements
from codecmark.review.gate import Gate, gate
from codecmark.system import host
from codecmark.system.execution import EAGER, Execution


@dataclass
class Session:
    """What the benchmarks of one pytest session share."""

    specs: tuple[str, ...]
    condition: condition.Condition
    clips: list[PreparedClip]
    unused: dict[str, str]
    results: Path
    smoke: bool  # --benchmark-disable: every codec once, on one clip, nothing stored
    whole: bool  # the default set at least, on the bundled clips: worth its own page
    requirements: Requirements | None = None  # --require
    gate: Gate | None = None
    run_id: str = field(default_factory=host.new_run_id)
    scorer: Scorer = field(default_factory=Scorer)
    rows: list[ResultRow] = field(default_factory=list)
    overheads: list[Any] = field(default_factory=list)  # of bench_harness
    remarks: list[str] = field(default_factory=list)  # of bench_stages

    @classmethod
    def from_options(cls, config: pytest.Config) -> Session:
        """Build from the command line."""
        chosen = condition.named(config.getoption("--condition"))
        if (count := config.getoption("--threads")) is not None:
            chosen = condition.with_threads(chosen, count)
        execution = Execution(*map(config.getoption, ("--backend", "--dtype", "--device")))
        entries = corpus.load(config.getoption("--corpus"))
        entries = corpus.limited(entries, config.getoption("--limit"), chosen.seed)
        clips, unused = condition.prepare(entries, chosen)
        smoke = bool(config.getoption("benchmark_disable"))
        required = config.getoption("--require")
        requirements = None if required is None else review.load(required)
        if smoke and required:
            raise InputError("--require needs measured figures; leave out --benchmark-disable")
        if not smoke:
            store.prepare(config.getoption("--results"))
        narrowing = ("--codecs", "--corpus", "--limit", "--threads", "keyword", "markexpr")
        specs = catalog.select(
            config.getoption("--codecs"), everything=config.getoption("--all-codecs")
        )
        return cls(
            catalog.with_execution(specs, execution),
            chosen,
            clips[:1] if smoke else clips,
            unused,
            config.getoption("--results"),
            smoke,
            whole=execution == EAGER and not any(config.getoption(name) for name in narrowing),
            requirements=requirements,
        )

    def finish(self, rows: list[ResultRow]) -> None:
        """Keep the rows of one codec; on disk unless this is a smoke run."""
        self.rows += rows
        if not self.smoke:
            store.append(self.results, rows)

    def check_requirements(self) -> bool:
        """Judge this run's rows; True unless requirements were given and are not met."""
        if self.requirements is None:
            return True
        try:
            self.gate = gate(review.decide(self.rows, self.requirements))
        except CodecmarkError as error:
            self.gate = Gate(False, (str(error),))
        return self.gate.passed

    def write_harness_page(self, lines: list[str]) -> None:
        """Write what `bench_harness` found to `harness.md`."""
        text = (
            "# What the harness costs\n\n"
            "A timed codec call against a direct call of its library, on the first clip, in "
            f"interleaved pairs on {host.host()}, one thread: median excess and its 95 % "
            "interval. Written by `benchmarks/bench_harness.py`.\n\n"
        )
        page = self.results / "harness.md"
        page.write_text(text + "".join(f"- {line}\n" for line in lines), encoding="utf-8")
