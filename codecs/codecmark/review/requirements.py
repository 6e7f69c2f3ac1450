"""What a decision asks for: requirements, options, and the order among those that pass."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from codecmark.analysis.aggregation import ALL
from codecmark.corpus.condition import DEFAULT_CONDITION
from codecmark.metrics.table import QUALITY_FIELDS
from codecmark.review.elsewhere import KeptBack, PublishedSound
from codecmark.review.options import Note, Option, Specs
from codecmark.review.requirement import Requirement
from codecmark.review.threshold import COSTS, EACH, MOS
from codecmark.system.schema import one_of

MARGIN = "margin"  # in `prefer`: the smallest margin over the hard requirements
SOFT = "soft"  # in `prefer`: the number of soft requirements that are passed


class Requirements(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A decision to be taken; `prefer` is the order among those that pass.

    Attributes
    ----------
    options : tuple of Option
        Where there is none, each codec of the rows is an option.
    accepted : str or None
        The spec that people settled on, if they did; the gate then watches that one.
    baseline : tuple of str
        What is in use today: pages show how the first of these that was scored stands.
    present : tuple of str
        Routes, or options by name, that build on what is in use: the record names the best.
    notes : tuple of Note
        Further parts of the record to be written by hand.
    replayed : PublishedSound or None
        Rows of published audio, for the options that name theirs.
    confirmation : KeptBack or None
        Rows on clips that were kept back.
    """

    title: Annotated[str, Meta(description="the title of the record")]
    question: Annotated[str, Meta(description="what is to be decided")]
    requirements: tuple[Requirement, ...] = msgspec.field(name="requirement", default=())
    options: tuple[Option, ...] = msgspec.field(name="option", default=())
    prefer: Specs = (MARGIN, SOFT, "bitrate_kbps")
    condition: str = DEFAULT_CONDITION
    status: Literal["proposed", "accepted", "rejected", "deprecated"] = "proposed"
    decision_makers: Specs = ()
    supersedes: Specs = ()
    accepted: Annotated[str | None, Meta(description="the spec that was settled on")] = None
    baseline: Specs = ()
    present: Specs = ()
    notes: tuple[Note, ...] = msgspec.field(name="note", default=())
    replayed: PublishedSound | None = None
    confirmation: KeptBack | None = None

    def __post_init__(self) -> None:
        """Check that names are known and given once."""
        if not any(character.isalnum() for character in self.title):
            raise ValueError("title: needs a letter or digit, since it names the file")
        if not self.requirements:
            raise ValueError("requirement: there is none; add a table [[requirement]]")
        judged = [*(requirement.name for requirement in self.asked), *self.panels]
        for kind, names in (
            ("requirement", judged),
            ("option", [option.name for option in self.options]),
            ("note", [note.name for note in self.notes]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{kind}: {twice[0]!r} is there twice; give each its own name")
        if len({requirement.condition for requirement in self.asked}) > 1:
            raise ValueError(
                "requirement.condition: all must be of one condition, or no option is the same "
                "under two of them; write one file for each condition"
            )
        for key in self.prefer:
            one_of("prefer", key, (MARGIN, SOFT, *COSTS, *QUALITY_FIELDS))
        groups = dict.fromkeys(g for option in self.options for g in (option.route, option.name))
        for group in self.present:
            one_of("present", group, list(groups))
        names = [requirement.name for requirement in self.requirements]
        for n, option in enumerate(self.options, start=1):
            for m, bound in enumerate(option.bounds, start=1):
                one_of(f"option[{n}].bounds[{m}].requirement", bound.requirement, names)
            for m, stated in enumerate(option.published, start=1):
                one_of(
                    f"option[{n}].published[{m}].requirement",
                    stated.requirement,
                    judged,
                )
            if option.replayed and self.replayed is None:
                raise ValueError(f"option[{n}].replayed: add a table [replayed] that says where")

    @property
    def asked(self) -> tuple[Requirement, ...]:
        """Every requirement, each with its stand-in or the members of its panel behind it."""
        return tuple(
            asked
            for requirement in self.requirements
            for asked in (requirement, *requirement.others)
        )

    @property
    def axes(self) -> tuple[str, ...]:
        """The combinations of axes that are named, each once, see `Requirement.axes`."""
        return tuple(dict.fromkeys(one.axes for one in self.asked if one.axes))

    @property
    def stand_in_names(self) -> tuple[str, ...]:
        """The names of the stand-ins and panels, in the order of their requirements."""
        names = (
            requirement.panel.name
            if requirement.panel is not None
            else requirement.stand_in and requirement.stand_in.name
            for requirement in self.requirements
        )
        return tuple(name for name in names if name)

    @property
    def panels(self) -> tuple[str, ...]:
        """The names of the panels."""
        return tuple(
            requirement.panel.name
            for requirement in self.requirements
            if requirement.panel is not None
        )

    def targets(self, clip_class: str) -> dict[str, float]:
        """Return the least (or most) that a class of clips may have of each quality, by metric.

        They are the thresholds of hard requirements on means; of one that listeners would have to
        meet, those of its stand-in, or of the voices of its panel that are one figure. Differences
        to the originals are left out, and what is asked of clips that went through more.
        """
        hard = [requirement for requirement in self.requirements if requirement.hard]
        requirements = [requirement for requirement in hard if requirement.metric != MOS]
        requirements += [
            requirement.stand_in
            for requirement in hard
            if requirement.metric == MOS and requirement.stand_in is not None
        ]
        thresholds = {
            requirement.metric: requirement.threshold
            for requirement in requirements
            if requirement.metric in QUALITY_FIELDS
            and requirement.statistic == "mean"
            and not requirement.axes
            and requirement.clip_class in {ALL, EACH, clip_class}
        }
        for alternatives in self._by_panel(clip_class):
            if len(alternatives) == 1:
                thresholds |= alternatives
        return thresholds

    def either(self, clip_class: str) -> list[dict[str, float]]:
        """Return the thresholds, by metric, of the voices of which the best figure speaks."""
        return [limits for limits in self._by_panel(clip_class) if len(limits) > 1]

    def thresholds(self, clip_class: str) -> dict[str, float]:
        """Return every threshold of `targets` and `either`, by metric."""
        either = (pair for limits in self.either(clip_class) for pair in limits.items())
        return {**self.targets(clip_class), **dict(either)}

    def _by_panel(self, clip_class: str) -> list[dict[str, float]]:
        return [
            {asked.metric: asked.threshold for asked in voice.any_of}
            for requirement in self.requirements
            if requirement.hard and requirement.panel is not None and clip_class != ALL
            for voice in requirement.panel.of_class(clip_class)
            if not any(asked.of for asked in voice.any_of)
        ]

    @property
    def judged_under(self) -> str:
        """The condition of the rows that decide."""
        return self.requirements[0].condition
