"""Every spec with its figures, looked up once, to be judged as often as thresholds move."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from codecmark.analysis.aggregation import ALL
from codecmark.review.bounds import by_bound, matching
from codecmark.review.choice import Candidate, Ranked, smallest_margin, status_of
from codecmark.review.elsewhere import StatedFigure
from codecmark.review.figures import Figures
from codecmark.review.finding import Finding
from codecmark.review.kinds import kind_of
from codecmark.review.options import Bound, Option
from codecmark.review.panel import Kind
from codecmark.review.replayed import ReplayedFigures, can_be_replayed
from codecmark.review.requirement import Requirement
from codecmark.review.requirements import MARGIN, SOFT, Requirements
from codecmark.review.threshold import EACH, classes_of, higher_is_better
from codecmark.review.verdict import FiguresByClass, elsewhere, judge, look_up
from codecmark.review.voices import Heard, judge_panel
from codecmark.spec import without_setting


@dataclass(frozen=True)
class Entry:
    """A spec before it is judged: what was measured or replayed, bounds it, or others state.

    `measured` is by the name of a requirement, a stand-in or a threshold of a panel.
    """

    spec: str
    bounds: tuple[Bound, ...]
    measured: Mapping[str, FiguresByClass]
    kinds: Mapping[str, Kind | None]
    stated: tuple[StatedFigure, ...] = ()

    @cached_property
    def heard(self) -> Heard:
        """What a panel judges by."""
        return Heard(self.spec, self.measured, self.kinds)


class Field:
    """The rows' specs and those that options name, to be judged by one set of requirements.

    `rates_of` is the class of clips whose rate is shown and preferred by; left out, all of them.
    """

    def __init__(
        self,
        requirements: Requirements,
        figures: Figures,
        replayed: ReplayedFigures | None = None,
        *,
        rates_of: str = ALL,
    ) -> None:
        self.requirements = requirements
        self.rates_of = rates_of
        self.figures = figures
        self.replayed = replayed
        self.options = requirements.options or _options_of(figures.every_spec)
        self.specs_of = {
            option.name: matching(option.specs, figures.every_spec) for option in self.options
        }
        self.entries: dict[str, Entry] = {}
        offered = (spec for specs in self.specs_of.values() for spec in specs)
        for spec in dict.fromkeys((*offered, *figures.every_spec)):
            own = [one for one in self.options if spec in self.specs_of[one.name]]
            self.entries[spec] = self._entry(spec, own)

    def _entry(self, spec: str, options: Sequence[Option]) -> Entry:
        """Fetch what was measured, or else what published sound says; of a panel all or nothing."""
        name = "" if self.replayed is None else self.replayed.name_of(spec, options)
        measured: dict[str, FiguresByClass] = {}
        replayed = False
        for requirement in self.requirements.requirements:
            own_figures = {
                asked.name: look_up(self.figures, spec, asked)
                for asked in (requirement, *requirement.others)
            }
            for group in ((requirement,), requirement.others):
                if name and group and can_be_replayed(group, own_figures):
                    own_figures |= self.heard(name, group)
                    replayed = replayed or group == requirement.others != ()
            measured |= own_figures
        kinds = {
            clip_class: self.kind_of_published(name, clip_class)
            if replayed
            else kind_of(self.figures, spec, clip_class)
            for clip_class in self.figures.classes
        }
        return Entry(
            spec,
            tuple(bound for option in options for bound in option.bounds),
            measured,
            kinds,
            tuple(s for option in options for s in option.published if s.spec == spec),
        )

    def kind_of_published(self, name: str, clip_class: str) -> Kind | None:
        """Say whether a published codec keeps the waveform of a class of clips."""
        return None if self.replayed is None else kind_of(self.replayed, name, clip_class)

    def heard(self, name: str, asked: Sequence[Requirement]) -> dict[str, FiguresByClass]:
        """Return what a published codec has, by the names of the requirements."""
        assert self.replayed is not None  # noqa: S101 (only a replayed codec has a name)
        return {
            requirement.name: self.replayed.look_up(name, requirement, self.figures.classes)
            for requirement in asked
        }

    def is_known(self, asked: Requirement) -> bool:
        """Say whether anything that is offered has a figure to be judged by."""
        figures = (
            figure
            for spec in self.offered
            for figure in self.entries[spec].measured[asked.name].figures.values()
        )
        return any(figure.level is not None for figure in figures)

    @property
    def offered(self) -> list[str]:
        """The specs that an option stands for: only these can be chosen."""
        return list(dict.fromkeys(s for specs in self.specs_of.values() for s in specs))

    def findings(self, entry: Entry) -> tuple[Finding, ...]:
        """Judge a spec by every requirement."""
        return tuple(
            self.finding(entry, requirement) for requirement in self.requirements.requirements
        )

    def finding(self, entry: Entry, asked: Requirement) -> Finding:
        """Judge a spec by one requirement; a threshold in it may have been moved."""
        substitute = None
        if asked.stand_in is not None:
            substitute = judge(entry.measured[asked.stand_in.name], asked.stand_in)
        elif asked.panel is not None:
            substitute = judge_panel(asked, entry.heard, self.figures.classes)
        if substitute is not None:
            substitute = elsewhere(substitute, entry.stated)
        finding = judge(entry.measured[asked.name], asked, substitute)
        return elsewhere(by_bound(finding, entry.bounds, self.figures), entry.stated)

    def ranked(self, spec: str, findings: tuple[Finding, ...] | None = None) -> Ranked:
        """Return a spec's candidate with its place in the order of preference."""
        findings = self.findings(self.entries[spec]) if findings is None else findings
        passed = sum(f.effective.verdict == "PASS" for f in findings if not f.requirement.hard)
        prefer = self.requirements.prefer
        places = {SOFT: float(-passed), MARGIN: -smallest_margin(findings)}
        order = tuple(
            places[key] if key in places else self._preference(spec, key) for key in prefer
        )
        rate = self.figures.get(spec, "bitrate_kbps", self.rates_of)
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
        if metric == "bitrate_kbps":
            return (self.rates_of,)
        name = classes_of(metric)
        return self.figures.classes if name == EACH else (name,)


def _options_of(specs: Sequence[str]) -> tuple[Option, ...]:
    """Make each codec of the rows an option, with its settings."""
    settings: dict[str, list[str]] = {}
    for spec in specs:
        settings.setdefault(without_setting(spec), []).append(spec)
    return tuple(Option(codec, specs=tuple(of_codec)) for codec, of_codec in settings.items())
