"""Every spec with its figures, looked up once, to be judged as often as thresholds move."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codecmark.review.bounds import by_bound, matching
from codecmark.review.choice import Candidate, Ranked, status_of
from codecmark.review.elsewhere import StatedFigure
from codecmark.review.figures import Figures
from codecmark.review.replayed import ReplayedFigures, can_be_replayed
from codecmark.review.requirements import (
    EACH,
    SOFT,
    Bound,
    Option,
    Requirement,
    Requirements,
    classes_of,
    higher_is_better,
)
from codecmark.review.verdict import FiguresByClass, Finding, elsewhere, judge, look_up
from codecmark.spec import without_setting


@dataclass(frozen=True)
class Entry:
    """A spec before it is judged: what was measured or replayed, bounds it, or others state."""

    spec: str
    bounds: tuple[Bound, ...]
    measured: Mapping[Requirement, FiguresByClass]
    stated: tuple[StatedFigure, ...] = ()


class Field:
    """The rows' specs and those that options name, to be judged by one set of requirements."""

    def __init__(
        self,
        requirements: Requirements,
        figures: Figures,
        replayed: ReplayedFigures | None = None,
    ) -> None:
        self.requirements = requirements
        self.figures = figures
        self.replayed = replayed
        self.options = requirements.options or _options_of(figures.specs)
        self.specs_of = {
            option.name: matching(option.specs, figures.specs) for option in self.options
        }
        self.entries: dict[str, Entry] = {}
        offered = (spec for specs in self.specs_of.values() for spec in specs)
        for spec in dict.fromkeys((*offered, *figures.specs)):
            own = [one for one in self.options if spec in self.specs_of[one.name]]
            self.entries[spec] = Entry(
                spec,
                tuple(bound for option in own for bound in option.bounds),
                {one: self._look_up(spec, one, own) for one in requirements.asked},
                tuple(s for option in own for s in option.published if s.spec == spec),
            )

    def _look_up(self, spec: str, asked: Requirement, options: Sequence[Option]) -> FiguresByClass:
        """Fetch what was measured, or else what published sound says."""
        measured = look_up(self.figures, spec, asked)
        if self.replayed is None or not can_be_replayed(measured, asked):
            return measured
        heard = self.replayed.name_of(spec, options)
        return self.replayed.look_up(heard, asked, self.figures.classes) if heard else measured

    @property
    def offered(self) -> list[str]:
        """The specs that an option stands for: only these can be chosen."""
        return list(dict.fromkeys(s for specs in self.specs_of.values() for s in specs))

    def findings(self, entry: Entry) -> tuple[Finding, ...]:
        """Judge a spec by every requirement."""
        return tuple(self.finding(entry, one, one) for one in self.requirements.requirements)

    def finding(
        self,
        entry: Entry,
        own: Requirement,
        asked: Requirement,
        stand_in: Requirement | None = None,
    ) -> Finding:
        """Judge a spec by one requirement.

        Parameters
        ----------
        own : Requirement
            The one that figures were looked up for.
        asked, stand_in : Requirement
            What to judge by: `own` and its stand-in, or those with another threshold.
        """
        substitute = None
        if own.stand_in is not None:
            substitute = judge(entry.measured[own.stand_in], stand_in or own.stand_in)
            substitute = elsewhere(substitute, entry.stated)
        found = judge(entry.measured[own], asked, substitute)
        return elsewhere(by_bound(found, entry.bounds, self.figures), entry.stated)

    def ranked(self, spec: str, findings: tuple[Finding, ...] | None = None) -> Ranked:
        """Return a spec's candidate with its place in the order of preference."""
        findings = self.findings(self.entries[spec]) if findings is None else findings
        passed = sum(f.effective.verdict == "PASS" for f in findings if not f.requirement.hard)
        prefer = self.requirements.prefer
        order = tuple(-passed if key == SOFT else self._preference(spec, key) for key in prefer)
        rate = self.figures.get(spec, "bitrate_kbps")
        return Ranked(Candidate(spec, status_of(findings), findings, rate), prefer, order)

    def _preference(self, spec: str, key: str) -> float:
        """Return a figure as a place: the worst of its classes, smaller is better."""
        levels = [self.figures.get(spec, key, name).level for name in self._classes(key)]
        known = [level for level in levels if level is not None]
        if not known or len(known) < len(levels):
            return math.inf
        if key == "bitrate_kbps":  # to one per cent: less is no reason to choose
            return float(round(100 * math.log(known[0]))) if known[0] > 0 else -math.inf
        return -min(known) if higher_is_better(key) else max(known)

    def _classes(self, metric: str) -> tuple[str, ...]:
        name = classes_of(metric)
        return self.figures.classes if name == EACH else (name,)


def _options_of(specs: Sequence[str]) -> tuple[Option, ...]:
    """Make each codec of the rows an option, with its settings."""
    settings: dict[str, list[str]] = {}
    for spec in specs:
        settings.setdefault(without_setting(spec), []).append(spec)
    return tuple(Option(codec, specs=tuple(of_codec)) for codec, of_codec in settings.items())
