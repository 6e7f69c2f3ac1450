"""What the benchmarks of one pytest session share, and where their rows go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

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
from codecmark.system import host, threads
from codecmark.system.execution import Execution


@dataclass
class Session:
    """What the benchmarks of one pytest session share.

    Attributes
    ----------
    smoke : bool
        Benchmarks are disabled: every codec runs once, on one clip, and nothing is stored.
    clips : list of PreparedClip
        Empty until `begin`.
    unused : dict
        For each clip that the condition does not admit, why.
    overheads, remarks : list of str
        What benchmarks have to say at the end: the former make `harness.md`.
    """

    specs: tuple[str, ...]
    condition: condition.Condition
    results: Path
    smoke: bool = False
    corpus: Path | None = None
    limit: int | None = None
    requirements: Requirements | None = None
    gate: Gate | None = None
    has_begun: bool = False
    clips: list[PreparedClip] = field(default_factory=list)
    unused: dict[str, str] = field(default_factory=dict)
    run_id: str = field(default_factory=host.new_run_id)
    scorer: Scorer = field(default_factory=Scorer)
    rows: list[ResultRow] = field(default_factory=list)
    overheads: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @classmethod
    def from_options(cls, config: pytest.Config) -> Session:
        """Check the command line; no clip is read yet."""
        chosen = condition.named(config.getoption("--condition"))
        if (count := config.getoption("--threads")) is not None:
            chosen = condition.with_threads(chosen, count)
        execution = Execution(*map(config.getoption, ("--backend", "--dtype", "--device")))
        smoke = bool(config.getoption("benchmark_disable"))
        required = config.getoption("--require")
        if smoke and required:
            raise InputError("--require needs measured figures; leave out --benchmark-disable")
        specs = catalog.select(
            config.getoption("--codecs"), everything=config.getoption("--all-codecs")
        )
        return cls(
            catalog.with_execution(specs, execution),
            chosen,
            config.getoption("--results"),
            smoke,
            config.getoption("--corpus"),
            config.getoption("--limit"),
            None if required is None else review.load(required),
        )

    def begin(self) -> None:
        """Read the clips and make sure that rows can be stored."""
        entries = corpus.limited(corpus.load(self.corpus), self.limit, self.condition.seed)
        clips, self.unused = condition.prepare(entries, self.condition)
        self.clips = clips[:1] if self.smoke else clips
        if not self.smoke:
            try:
                store.prepare(self.results)
            except InputError as error:
                raise InputError(f"--results: {error}") from error
        threads.limit(self.condition.threads)
        self.has_begun = True

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

    def write_harness_page(self) -> None:
        """Write what `bench_harness` found to `harness.md`."""
        text = (
            "# What the harness costs\n\n"
            "A timed codec call against a direct call of its library, on the first clip, in "
            f"interleaved pairs on {host.host()}, one thread: median excess and its 95 % "
            "interval. Written by `benchmarks/bench_harness.py`.\n\n"
        )
        page = self.results / "harness.md"
        page.write_text(text + "".join(f"- {line}\n" for line in self.overheads), encoding="utf-8")


SESSION = pytest.StashKey[Session]()
