"""One demand: a metric, a threshold, and on which clips it has to be met."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import force_setattr, replace

from codecmark.analysis.listeners import RATINGS
from codecmark.corpus.condition import DEFAULT_CONDITION, named
from codecmark.errors import InputError
from codecmark.measure.impairments import naming
from codecmark.metrics.table import TABLE
from codecmark.results import axes as combinations
from codecmark.review.panel import Panel
from codecmark.review.threshold import (
    A_NUMBER,
    EACH,
    FACTS,
    LICENCE,
    ORIGINAL,
    TIMES,
    Operator,
    Statistic,
    Threshold,
    check_class,
    classes_of,
    evidence_of,
)


class Requirement(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True
):  # fmt: skip
    """One demand.

    Attributes
    ----------
    name : str
        Its heading.
    metric, operator, threshold, of
        See `Threshold`.
    statistic : {"mean", "median", "p95", "worst"}
        `mean` and `median` speak of sources like these, with a 95 % interval; `p95` (95 % of the
        clips are as good) and `worst` of the measured clips only.
    clip_class : str
        `all`, a class of clips, or `each`: it has to hold in every class. Left out: see
        `classes_of`.
    evidence : {"measured", "predicted", "subjective"}
        The weakest kind that can pass it. Left out: the metric's own.
    hard : bool
        An option that fails it is out.
    stand_in : Requirement or None
        Decides, provisionally, while this one has no evidence.
    panel : Panel or None
        The same with several predictors, each with a voice.
    among : tuple of str
        Of `licence` only, in place of operator and threshold: what every licence of a codec has to
        fit, `*` for anything, see `licences.is_among`.
    axes : str
        What clips go through beside the codec, as `codecmark run --axes` takes it, kept as rows
        have it: `loss_percent=10` is by bursts and with the codec's own concealment. Empty: the
        rows of the table.
    """

    name: Annotated[str, Meta(description="its heading")]
    metric: Annotated[str, Meta(description="a quality field, a cost, or mos, dmos, mushra")]
    operator: Operator
    threshold: Annotated[float, Meta(description=A_NUMBER)]
    statistic: Statistic = "mean"
    condition: str = DEFAULT_CONDITION
    clip_class: str = ""
    evidence: Literal["measured", "predicted", "subjective", ""] = ""
    hard: bool = True
    stand_in: Requirement | None = None
    of: Annotated[str, Meta(description="original, or the spec whose time is the unit")] = ""
    panel: Panel | None = None
    among: tuple[str, ...] = ()
    axes: str = ""

    def __post_init__(self) -> None:
        """Fill in what the metric implies, and check what belongs together."""
        metric = self.metric
        Threshold(metric, self.operator, self.threshold, self.of)
        force_setattr(self, "clip_class", self.clip_class or classes_of(metric))
        force_setattr(self, "evidence", self.evidence or evidence_of(metric))
        check_class(metric, self.clip_class)
        if (metric == LICENCE) != bool(self.among):
            remedy = "leave it out" if self.among else 'list licences, e.g. ["MIT", "BSD-*"]'
            raise ValueError(f"among: is for the metric {LICENCE}; {remedy}")
        if self.of and self.statistic != "mean":
            raise ValueError("statistic: a relative demand is one on the mean; leave it out")
        self._check_axes()
        try:
            named(self.condition)
        except InputError as error:
            raise ValueError(str(error)) from error
        if self.stand_in is not None and (self.stand_in.stand_in or self.stand_in.panel):
            raise ValueError("stand_in.stand_in: a stand-in has none of its own; leave it out")
        if self.stand_in is not None and self.panel is not None:
            raise ValueError("panel: a requirement has one stand-in; leave out panel or stand_in")

    def _check_axes(self) -> None:
        """Complete what is named of the axes, and check that such rows can have the figure."""
        stand_in = self.stand_in
        try:
            force_setattr(self, "axes", _completed(self.axes))
        except InputError as error:
            raise ValueError(str(error)) from error
        if stand_in is not None and stand_in.axes != self.axes:
            raise ValueError("stand_in.axes: it stands in on the same clips; leave it out")
        if not self.axes:
            return
        metric, why = self.metric, ""
        if metric in TIMES:
            why = f"nothing is timed there, so rows hold no {metric}; leave it out"
        elif metric in {*FACTS, LICENCE}:
            why = f"{metric} is the same whatever clips go through; leave it out"
        elif metric in RATINGS:
            why = f"listeners hear untouched clips here, so no row has {metric}; name a predictor"
        elif self.panel is not None:
            why = (
                "no panel here was held against listeners on such clips; leave out panel, and name "
                "one predictor as the metric"
            )
        if why:
            raise ValueError(f"axes: {why}")

    @property
    def sign(self) -> int:
        """1 where a larger value is asked for, -1 where a smaller."""
        return 1 if self.operator.startswith(">") else -1

    @property
    def scale(self) -> float:
        """What a shortfall is a part of: the threshold, or of a difference the scale's top."""
        return abs(TABLE[self.metric].range[1] if self.of == ORIGINAL else self.threshold)

    def holds(self, value: float) -> bool:
        """Say whether a value meets it."""
        if value == self.threshold:
            return self.operator.endswith("=")
        return self.sign * (value - self.threshold) > 0

    @property
    def members(self) -> tuple[Requirement, ...]:
        """The demands of its panel, a requirement for each threshold of each voice."""
        if self.panel is None:
            return ()
        return tuple(
            Requirement(
                name=self.panel.member_name(voice, asked),
                metric=asked.metric,
                operator=asked.operator,
                threshold=asked.threshold,
                condition=self.condition,
                clip_class=voice.clip_class or EACH,
                hard=self.hard,
                of=asked.of,
            )
            for voice in self.panel.voices
            for asked in voice.any_of
        )

    @property
    def others(self) -> tuple[Requirement, ...]:
        """What decides in its place: the stand-in, or the members of its panel."""
        return (self.stand_in,) if self.stand_in is not None else self.members

    def moved(self, name: str, threshold: float) -> Requirement:
        """Return it with another threshold of its own, its stand-in's or one of its panel's."""
        if self.name == name:
            return replace(self, threshold=threshold)
        if self.stand_in is not None and self.stand_in.name == name:
            return replace(self, stand_in=replace(self.stand_in, threshold=threshold))
        if self.panel is None:
            return self
        return replace(self, panel=self.panel.moved(name, threshold))

    @property
    def deciding(self) -> tuple[Requirement, ...]:
        """What decides while listeners have said nothing: the stand-in, the panel, or itself."""
        return self.others or (self,)


def _completed(axes: str) -> str:
    """Return the text of the combination that rows have; empty for untouched clips."""
    named = naming.of_rows(axes) if axes else combinations.UNTOUCHED
    return combinations.in_words(named) if named else ""
