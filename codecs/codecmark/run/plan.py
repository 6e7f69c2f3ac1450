"""Which rows a run still lacks: stored ones are known by their content key, and not made again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from codecmark import corpus
from codecmark.corpus import reading
from codecmark.corpus.condition import Condition, none_left
from codecmark.corpus.entry import CorpusClip
from codecmark.errors import InputError
from codecmark.measure import content_key
from codecmark.measure.content_key import KeyedClip
from codecmark.measure.impairments import keys
from codecmark.measure.impairments.treatment import UNTREATED, Treatment, require_possible
from codecmark.networks.setup import Setup
from codecmark.replay import codec as replay
from codecmark.results import store
from codecmark.results.row import ResultRow
from codecmark.run.continuation import Found, continued
from codecmark.run.declared_weights import DeclaredWeights
from codecmark.run.planned_clip import PlannedClip
from codecmark.spec import Spec
from codecmark.system import host


@dataclass(frozen=True)
class Plan:
    """The rows that a run lacks, and how to make them.

    Attributes
    ----------
    run_id : str
        The run that the rows belong to, stored or new.
    missing : dict
        For each codec that lacks rows, the clips it lacks them for.
    first : PlannedClip
        What a codec is warmed up with, and an untrained one measured on.
    timed : bool
    setup : Setup
        What codecs are built with: the device, and where weights and other files are.
    stored : list of ResultRow
        What the run has.
    kept : list of ResultRow
        The rows among them that need not be made again, of what was asked for.
    treatment : Treatment
        What clips go through beside the codec.
    anew : str
        Why the run is a new one although there is one of clips of these names; else empty.
    """

    run_id: str
    condition: Condition
    missing: dict[str, tuple[PlannedClip, ...]]
    first: PlannedClip
    timed: bool
    setup: Setup
    stored: list[ResultRow]
    kept: list[ResultRow]
    treatment: Treatment = UNTREATED
    anew: str = ""

    @property
    def count(self) -> int:
        """Number of missing rows; of a codec without trained weights, as if it had them."""
        return sum(map(len, self.missing.values()))

    @property
    def is_of_fewer_clips(self) -> bool:
        """Whether the run has clips that are not asked for now: its corpus is a larger one."""
        asked = {clip.entry.name for clips in self.missing.values() for clip in clips}
        asked |= {row.clip for row in self.kept if row.clip is not None}
        return any(row.clip is not None and row.clip not in asked for row in self.stored)


def survey(
    entries: Sequence[CorpusClip], condition: Condition, limit: int | None = None
) -> tuple[list[PlannedClip], dict[str, str]]:
    """Read each clip for its identity; the audio of the last few stays, see `corpus.reading`.

    Parameters
    ----------
    limit : int, optional
        Of the clips that the condition admits, see `corpus.limited`.

    Returns
    -------
    clips : list of PlannedClip
    unused : dict
        For each clip that the condition does not admit, why; with a limit, of those read.

    Raises
    ------
    InputError
        If no clip is left.
    """
    planned: dict[str, PlannedClip] = {}
    unused: dict[str, str] = {}

    def is_usable(entry: CorpusClip) -> bool:
        try:
            audio = reading.read(entry, condition).audio
        except InputError as error:
            unused[entry.name] = str(error)
            return False
        planned[entry.name] = PlannedClip(entry, audio.sha256(), audio.duration_s)
        return True

    chosen = corpus.limited(entries, limit, condition.seed, is_usable)
    if not chosen:
        raise none_left(condition, unused)
    return [planned[entry.name] for entry in chosen], unused


def make(
    specs: Sequence[str],
    clips: Sequence[PlannedClip],
    condition: Condition,
    results: Path,
    setup: Setup,
    *,
    timed: bool = True,
    retry: bool = False,
    fresh: bool = False,
    beside: str | None = None,
    treatment: Treatment = UNTREATED,
) -> Plan:
    """Compare the rows that are asked for with those that the run has.

    The run is the newest of this condition whose clips are among these, or these among its, by name
    and samples; otherwise, or if `fresh`, a new one. A row counts if its key is the one that would
    be made now, and with `timed` only if both calls were timed on a host like this.

    Parameters
    ----------
    retry : bool
        Whether to try again what failed, was unavailable or lacked its weights.
    beside : str, optional
        The run of another condition that new rows join if there is none to continue.
    treatment : Treatment
        What clips go through beside the codec; rows of several are one run.

    Raises
    ------
    InputError
        If a codec cannot go through that, or times are asked for: names it.
    ResultSchemaError
        If rows of a run that might be continued are damaged or of a newer schema.
    """
    require_possible(specs, treatment)
    if treatment and timed:
        raise InputError(f"axes: {treatment}: nothing is timed there; add --no-timing")
    found = Found() if fresh else continued(clips, condition, results)
    stored = found.rows
    if beside in found.refused:
        beside = None
    again = [r for r in stored if retry and (r.status != "ok" or r.weights == "random")]
    kept = [row for row in stored if row not in again]
    known = _Known(kept, condition, setup, treatment, timed=timed)
    missing = {
        spec: known.lacking(spec, _admitted(spec, clips, condition, setup)) for spec in specs
    }
    return Plan(
        found.run_id or beside or host.new_run_id(store.run_ids(results)),
        condition,
        {spec: lacking for spec, lacking in missing.items() if lacking},
        clips[0],
        timed,
        setup,
        stored,
        known.kept,
        treatment,
        found.why_none,
    )


def _admitted(
    spec: str, clips: Sequence[PlannedClip], condition: Condition, setup: Setup
) -> Sequence[PlannedClip]:
    """Return the clips that a codec can have rows of: of a replayed one, those it was shown on.

    One where it was shown on none, so that a row says so.
    """
    parsed = Spec.parse(spec)
    if parsed.family != replay.FAMILY:
        return clips
    shown = replay.shown_on(parsed, condition, setup)
    return [clip for clip in clips if clip.entry.sha256 in shown] or clips[:1]


class _Known:
    """Stored rows by key."""

    def __init__(
        self,
        rows: Sequence[ResultRow],
        condition: Condition,
        setup: Setup,
        treatment: Treatment,
        *,
        timed: bool,
    ) -> None:
        self._condition = condition
        self._treatment = treatment
        self._timed = timed
        self._setup = setup
        self._rows = {row.key: row for row in rows}
        self._weights = DeclaredWeights(setup)
        self.kept: list[ResultRow] = []
        # which weight sets a codec asks for is known from its rows, without building it
        self._weight_sets = defaultdict(set)
        for row in rows:
            self._weight_sets[row.family].add(row.weight_sets)

    def lacking(self, spec: str, clips: Sequence[PlannedClip]) -> tuple[PlannedClip, ...]:
        """Return the clips for which `spec` has no row that counts."""
        codecs = [
            content_key.codec_key(spec, self._condition, names, self._setup)
            for names in self._weight_sets[Spec.parse(spec).family]
        ]
        family = Spec.parse(spec).family
        absent = self._find(codecs, None, family)
        if absent is not None:  # it could not be built, and nothing has changed
            self.kept.append(absent)
            return ()
        rows = [self._find(codecs, clip.keyed, family) for clip in clips]
        self.kept += filter(None, rows)
        if rows[0] is not None and rows[0].weights == "random":  # one row is all it gets
            return ()
        return tuple(clip for clip, row in zip(clips, rows, strict=True) if row is None)

    def _find(self, codecs: Iterable[str], clip: KeyedClip | None, family: str) -> ResultRow | None:
        wanted = (
            keys.row_key(codec, clip, self._treatment, self._setup, family) for codec in codecs
        )
        rows = (self._rows[key] for key in wanted if key in self._rows)
        return next((row for row in rows if self._counts(row)), None)

    def _counts(self, row: ResultRow) -> bool:
        if not self._weights.are_of(row):
            return False
        if not self._timed or row.status != "ok" or row.weights == "replayed":
            return True
        is_timed = row.encode_s is not None and row.decode_s is not None
        return is_timed and row.host == host.host()
