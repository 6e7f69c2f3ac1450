"""What a decision asks for: requirements, options, and bounds on what has no rows yet.

These structs are the requirements file too: `requirements_file.load` reads TOML straight into
them. Checks that types cannot make stand in `__post_init__` and name the field.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import force_setattr

from codecmark.analysis.aggregation import ALL, FIELDS_OVER_ALL
from codecmark.analysis.listeners import RATINGS
from codecmark.corpus.condition import DEFAULT_CONDITION, named
from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.metrics.table import QUALITY_FIELDS, TABLE, VISQOL_FIELD
from codecmark.review.elsewhere import PublishedSound, StatedFigure
from codecmark.system.schema import one_of

Operator = Literal[">", ">=", "<", "<="]
Statistic = Literal["mean", "median", "p95", "worst"]
Evidence = Literal["measured", "predicted", "subjective"]

MOS = "mos"  # a mean opinion score of listeners
EACH = "each"
FACTS = ("algorithmic_delay_ms", "peak_memory_mib", "parameters")  # alike in a codec's every row
COSTS = ("bitrate_kbps", "compression_ratio", "encode_rtf", "decode_rtf", *FACTS)
TIMES = frozenset({"encode_rtf", "decode_rtf"})
METRICS = (*QUALITY_FIELDS, *COSTS, *RATINGS)
SPEECH_FIELDS = tuple(field for field in QUALITY_FIELDS if TABLE[field].classes == ("speech",))
SOFT = "soft"  # in `prefer`: the number of soft requirements that are passed
_NUMBER = "a number other than 0"
_Specs = Annotated[tuple[str, ...], Meta(description="a list of texts in quotes")]


def higher_is_better(metric: str) -> bool:
    """Say which way a metric is better."""
    return TABLE[metric].higher_is_better


def evidence_of(metric: str) -> Evidence:
    """Return what kind of evidence a metric is."""
    if TABLE[metric].kind == "rating":
        return "subjective"
    return "predicted" if TABLE[metric].kind == "predictor" else "measured"


def classes_of(metric: str) -> str:
    """Return the class of clips that a metric is judged on where none is named.

    `all` where one scale serves every class, `speech` for metrics of speech, otherwise `each`.
    """
    if metric in SPEECH_FIELDS:
        return "speech"
    return ALL if metric in (*FIELDS_OVER_ALL, *COSTS, *RATINGS) else EACH


class Requirement(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True
):  # fmt: skip
    """One demand.

    Attributes
    ----------
    name : str
        Its heading.
    metric : str
        A quality field of the row, a cost, or `mos`.
    threshold : float
        In the metric's unit, of `parameters` in millions as in the tables; not 0, since margins
        are given in per cent of it too.
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
    """

    name: Annotated[str, Meta(description="its heading")]
    metric: Annotated[str, Meta(description="a quality field, a cost, or mos, dmos, mushra")]
    operator: Operator
    threshold: Annotated[float, Meta(description=_NUMBER)]
    statistic: Statistic = "mean"
    condition: str = DEFAULT_CONDITION
    clip_class: str = ""
    evidence: Literal["measured", "predicted", "subjective", ""] = ""
    hard: bool = True
    stand_in: Requirement | None = None

    def __post_init__(self) -> None:
        """Fill in what the metric implies, and check what belongs together."""
        metric = self.metric
        one_of("metric", metric, METRICS)
        if higher_is_better(metric) != self.operator.startswith(">"):
            better, remedy = (
                ("higher", "> or >=") if higher_is_better(metric) else ("lower", "< or <=")
            )
            raise ValueError(f"operator: {metric} is better when {better}; use {remedy}")
        if not math.isfinite(self.threshold) or not self.threshold:
            raise ValueError(f"threshold: must be {_NUMBER}, not {self.threshold!r:.80}")
        force_setattr(self, "clip_class", self.clip_class or classes_of(metric))
        force_setattr(self, "evidence", self.evidence or evidence_of(metric))
        one_of("clip_class", self.clip_class, (ALL, EACH, *CLASSES))
        if metric in SPEECH_FIELDS and self.clip_class != "speech":
            raise ValueError(f"clip_class: {metric} is for speech; name speech")
        if self.clip_class == ALL and classes_of(metric) != ALL:
            raise ValueError(f"clip_class: {metric} is on several scales; name one class, or each")
        try:
            named(self.condition)
        except InputError as error:
            raise ValueError(str(error)) from error
        if self.stand_in is not None and self.stand_in.stand_in is not None:
            raise ValueError("stand_in.stand_in: a stand-in has none of its own; leave it out")

    @property
    def sign(self) -> int:
        """1 where a larger value is asked for, -1 where a smaller."""
        return 1 if self.operator.startswith(">") else -1

    @property
    def disputable(self) -> bool:
        """Whether PESQ, where it hears the same speech otherwise, may put it in doubt."""
        return self.metric == VISQOL_FIELD and self.clip_class in {"speech", EACH}

    def holds(self, value: float) -> bool:
        """Say whether a value meets it."""
        if value == self.threshold:
            return self.operator.endswith("=")
        return self.sign * (value - self.threshold) > 0


class Bound(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an option without rows cannot do better than.

    `limit` is a number, or specs whose best measured figure it is. `witnesses` are specs that a
    number has to hold for wherever they were measured; one that is better voids the bound.
    """

    requirement: Annotated[str, Meta(description="the name of a requirement")]
    limit: Annotated[float | tuple[str, ...], Meta(description="a number or specs")]
    because: Annotated[str, Meta(description="why nothing can be better")]
    witnesses: _Specs = ()

    def __post_init__(self) -> None:
        """Check the limit."""
        limit = self.limit
        if not limit if isinstance(limit, tuple) else not math.isfinite(limit):
            shown = list(limit) if isinstance(limit, tuple) else limit
            raise ValueError(f"limit: must be a number or specs, not {shown!r}")


class Option(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One way to go: a name and the specs that stand for it, patterns such as `opus@*` included.

    `route` groups options, e.g. into those that keep a system and those that replace it.
    `replayed` are the published codecs, patterns such as `replay:dac:*` included, whose sound may
    stand for a spec of the same name; `published` are means that others state.
    """

    name: Annotated[str, Meta(description="what it is called")]
    route: Annotated[str, Meta(description="the group it is of")] = "options"
    why: Annotated[str, Meta(description="why it is considered")] = ""
    specs: _Specs = ()
    bounds: tuple[Bound, ...] = ()
    replayed: _Specs = ()
    published: tuple[StatedFigure, ...] = ()

    def __post_init__(self) -> None:
        """Check that it stands for something."""
        if not self.specs:
            raise ValueError("specs: is empty; name a spec, even one without rows yet")


class Note(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of the record that people write, beyond those that every record has.

    `name` marks it in the record, in small letters; `heading` stands above it.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z-]*$", description="small letters and hyphens")]
    heading: Annotated[str, Meta(description="what stands above it")]


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
    notes : tuple of Note
        Further parts of the record to be written by hand.
    replayed : PublishedSound or None
        Rows of published audio, for the options that name theirs.
    """

    title: Annotated[str, Meta(description="the title of the record")]
    question: Annotated[str, Meta(description="what is to be decided")]
    requirements: tuple[Requirement, ...] = msgspec.field(name="requirement", default=())
    options: tuple[Option, ...] = msgspec.field(name="option", default=())
    prefer: _Specs = (SOFT, "bitrate_kbps")
    condition: str = DEFAULT_CONDITION
    status: Literal["proposed", "accepted", "rejected", "deprecated"] = "proposed"
    decision_makers: _Specs = ()
    supersedes: _Specs = ()
    accepted: Annotated[str | None, Meta(description="the spec that was settled on")] = None
    baseline: _Specs = ()
    notes: tuple[Note, ...] = msgspec.field(name="note", default=())
    replayed: PublishedSound | None = None

    def __post_init__(self) -> None:
        """Check that names are known and given once."""
        if not any(character.isalnum() for character in self.title):
            raise ValueError("title: needs a letter or digit, since it names the file")
        if not self.requirements:
            raise ValueError("requirement: there is none; add a table [[requirement]]")
        for kind, names in (
            ("requirement", [one.name for one in self.asked]),
            ("option", [one.name for one in self.options]),
            ("note", [one.name for one in self.notes]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{kind}: {twice[0]!r} is there twice; give each its own name")
        if len({one.condition for one in self.asked}) > 1:
            raise ValueError(
                "requirement.condition: all must be of one condition, or no option is the same "
                "under two of them; write one file for each condition"
            )
        for key in self.prefer:
            one_of("prefer", key, (SOFT, *COSTS, *QUALITY_FIELDS))
        names = [one.name for one in self.requirements]
        for n, option in enumerate(self.options, start=1):
            for m, bound in enumerate(option.bounds, start=1):
                one_of(f"option[{n}].bounds[{m}].requirement", bound.requirement, names)
            for m, stated in enumerate(option.published, start=1):
                one_of(
                    f"option[{n}].published[{m}].requirement",
                    stated.requirement,
                    [one.name for one in self.asked],
                )
            if option.replayed and self.replayed is None:
                raise ValueError(f"option[{n}].replayed: add a table [replayed] that says where")

    @property
    def asked(self) -> tuple[Requirement, ...]:
        """Every requirement, each with its stand-in behind it."""
        return tuple(
            each for one in self.requirements for each in (one, one.stand_in) if each is not None
        )

    def targets(self, clip_class: str) -> dict[str, float]:
        """Return the least (or most) that a class of clips may have of each quality, by metric.

        They are the thresholds of hard requirements on means; of one that listeners would have to
        meet, that of its stand-in.
        """
        hard = (one for one in self.requirements if one.hard)
        deciding = (one.stand_in if one.metric == MOS else one for one in hard)
        return {
            one.metric: one.threshold
            for one in deciding
            if one is not None
            and one.metric in QUALITY_FIELDS
            and one.statistic == "mean"
            and one.clip_class in {ALL, EACH, clip_class}
        }

    @property
    def judged_under(self) -> str:
        """The condition of the rows that decide."""
        return self.requirements[0].condition
