"""State that the benchmarks of one pytest session share, and where their rows go."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from codecmark import catalog, corpus, review
from codecmark.catalog import checking
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.corpus.entry import UNKNOWN_CLASS, ClipClass
from codecmark.errors import CodecmarkError, InputError
from codecmark.measure.scoring import Scorer
from codecmark.networks.setup import Setup
from codecmark.results import axes, store
from codecmark.results.row import ResultRow
from codecmark.review import Requirements, impaired
from codecmark.review.gate import Gate, gate
from codecmark.review.replayed import rows_of
from codecmark.run import corpora, plan
from codecmark.run.plan import Plan
from codecmark.run.planned_clip import PlannedClip
from codecmark.system import host, threads, whole_files
from codecmark.system.execution import Execution

_SMOKE_CLIP_S = 2.0


@dataclass
class Session:
    """State that the benchmarks of one pytest session share.

    Attributes
    ----------
    setup : Setup
        What codecs are built with: the device, and where weights and other files are.
    smoke : bool
        Benchmarks are disabled: every codec runs once, on one clip, and nothing is stored.
    measures_codecs : bool
        Whether a benchmark of this session makes rows.
    clips : list of PlannedClip
        Empty until `begin`.
    unused : dict
        For each clip that the condition does not admit, why.
    plan : Plan or None
        The run that this session goes on with or starts, and what it lacks.
    new_rows : list of ResultRow
        Those that this session added.
    extra_infos : list of dict
        Those of the benchmarks of the codec being measured.
    overheads, remarks : list of str
        Lines that benchmarks add to the summary; the former are written to `harness.md` too.
    """

    specs: tuple[str, ...]
    condition: condition.Condition
    results: Path
    setup: Setup
    smoke: bool = False
    corpus: Path | None = None
    clip_class: ClipClass = UNKNOWN_CLASS
    limit: int | None = None
    fresh: bool = False
    retry: bool = False
    requirements: Requirements | None = None
    gate: Gate | None = None
    measures_codecs: bool = False
    clips: list[PlannedClip] = field(default_factory=list)
    unused: dict[str, str] = field(default_factory=dict)
    plan: Plan | None = None
    scorer: Scorer = field(default_factory=Scorer)
    new_rows: list[ResultRow] = field(default_factory=list)
    extra_infos: list[dict[str, Any]] = field(default_factory=list)
    overheads: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack)
    _writer: store.Writer | None = None

    @classmethod
    def from_options(cls, config: pytest.Config) -> Session:
        """Check the command line; no clip is read yet."""
        chosen = condition.named(config.getoption("--condition"))
        if (count := config.getoption("--threads")) is not None:
            chosen = condition.with_threads(chosen, count)
        chosen = condition.with_predictors(chosen, config.getoption("--predictors"))
        execution = Execution(*map(config.getoption, ("--backend", "--dtype", "--device")))
        smoke = bool(config.getoption("benchmark_disable"))
        required = config.getoption("--require")
        if smoke and required:
            raise InputError("--require needs measured figures; leave out --benchmark-disable")
        setup = Setup.from_environment()
        specs = checking.selected(
            config.getoption("--codecs"), setup, everything=config.getoption("--all-codecs")
        )
        return cls(
            catalog.with_execution(specs, execution),
            chosen,
            config.getoption("--results"),
            setup,
            smoke,
            config.getoption("--corpus"),
            config.getoption("clip_class"),
            config.getoption("--limit"),
            config.getoption("--new"),
            config.getoption("--retry-failed"),
            None if required is None else review.load(required),
        )

    @property
    def has_begun(self) -> bool:
        """Whether the clips were read."""
        return bool(self.clips)

    @property
    def run_id(self) -> str:
        """The run that rows go to; none is stored of a smoke run."""
        return "smoke" if self.plan is None else self.plan.run_id

    @property
    def first(self) -> PreparedClip:
        """The clip that codecs are warmed up with."""
        return self._read(self.clips[0])

    @property
    def rows(self) -> list[ResultRow]:
        """The newest row of each codec and clip in the whole run, of untouched clips."""
        stored = [] if self.plan is None else self.plan.stored
        return axes.chosen(store.latest([*stored, *self.new_rows]))

    def impaired_rows(self, requirements: Requirements) -> list[ResultRow]:
        """Return the run's rows of clips that went through what requirements name as axes."""
        return [] if self.plan is None else impaired.among(self.plan.stored, requirements)

    def begin(self) -> None:
        """Read the clips, see which rows are missing, and make sure that they can be stored."""
        entries = corpus.load(self.corpus, self.clip_class)
        clips, self.unused = plan.survey(entries, self.condition, self.limit)
        if self.smoke:
            clips = clips[:1]
        else:
            self.plan = plan.make(
                self.specs, clips, self.condition, self.results, self.setup,
                retry=self.retry, fresh=self.fresh,
            )  # fmt: skip
            try:
                store.prepare(self.results)
            except InputError as error:
                raise InputError(f"--results: {error}") from error
            if not self.plan.is_of_fewer_clips:
                corpora.remember(self.results, self.plan.run_id, self.corpus, self.clip_class)
        self.clips = clips
        threads.limit(self.condition.threads)

    def missing(self, spec: str) -> list[PreparedClip]:
        """Return the clips for which the run has no row of a codec."""
        planned = self.clips if self.plan is None else self.plan.missing.get(spec, ())
        return [self._read(clip) for clip in planned]

    def _read(self, clip: PlannedClip) -> PreparedClip:
        """Read a clip; of a smoke run its start, which shows as well whether a codec works."""
        read = clip.read(self.condition)
        return read.cropped(_SMOKE_CLIP_S) if self.smoke else read

    def finish(self, rows: list[ResultRow]) -> None:
        """Keep the rows of one codec; on disk unless this is a smoke run."""
        self.new_rows += rows
        if not self.smoke:
            if self._writer is None:
                self._writer = self._open.enter_context(store.writing(self.results, self.run_id))
            self._writer.add(rows)

    def close(self) -> None:
        """End the scoring processes and let others write to the run."""
        self.scorer.close()
        self._open.close()

    def check_requirements(self) -> bool:
        """Judge the rows of this session's codecs; False if requirements are not met."""
        if self.requirements is None:
            return True
        kept = [] if self.plan is None else self.plan.kept
        try:
            rows = axes.chosen(store.latest([*kept, *self.new_rows]))
            replayed = rows_of(self.requirements, self.results)
            decision = review.decide(
                rows, self.requirements, replayed, impaired=self.impaired_rows(self.requirements)
            )
            self.gate = gate(decision)
        except CodecmarkError as error:
            self.gate = Gate(False, (str(error),))
        return self.gate.passed

    def write_harness_page(self) -> None:
        """Write what `bench_harness` found to `harness.md`."""
        text = (
            "# What the harness costs\n\n"
            "A timed codec call against a direct call of its library, on the first clip, in "
            f"interleaved pairs on {host.host()}, one thread: median excess of processor time and "
            "its 95 % interval. Written by `benchmarks/bench_harness.py`.\n\n"
        )
        text += "".join(f"- {line}\n" for line in self.overheads)
        whole_files.write_inside(self.results, "harness.md", text)


SESSION = pytest.StashKey[Session]()
