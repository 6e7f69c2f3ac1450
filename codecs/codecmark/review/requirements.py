"""What a decision asks for: requirements, options, and bounds on what has no rows yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codecmark.metrics.table import QUALITY_FIELDS, TABLE

Operator = Literal[">", ">=", "<", "<="]
Statistic = Literal["mean", "median", "p95", "worst"]
Evidence = Literal["measured", "predicted", "subjective"]

MOS = "mos"  # a mean opinion score of listeners: no row of schema 1 holds one
EACH = "each"
COSTS = ("bitrate_kbps", "compression_ratio", "encode_rtf", "decode_rtf")
TIMES = frozenset({"encode_rtf", "decode_rtf"})
METRICS = (*QUALITY_FIELDS, *COSTS, MOS)
SPEECH_FIELDS = tuple(field for field in QUALITY_FIELDS if TABLE[field].classes == ("speech",))
SOFT = "soft"  # in `prefer`: the number of soft requirements that are passed


def higher_is_better(metric: str) -> bool:
    """Say which way a metric is better."""
    return TABLE[metric].higher_is_better


def evidence_of(metric: str) -> Evidence:
    """Return what kind of evidence a metric is."""
    if TABLE[metric].kind == "rating":
        return "subjective"
    return "predicted" if TABLE[metric].kind == "predictor" else "measured"


@dataclass(frozen=True)
class Requirement:
    """One demand.

    Attributes
    ----------
    name : str
        Its heading.
    metric : str
        A quality field of the row, a cost, or `mos`.
    threshold : float
        In the metric's unit; not 0, since margins are given in per cent of it too.
    statistic : {"mean", "median", "p95", "worst"}
        `mean` and `median` speak of sources like these, with a 95 % interval; `p95` (95 % of the
        clips are as good) and `worst` of the measured clips only.
    clip_class : str
        `all`, a class of clips, or `each`: it has to hold in every class.
    evidence : {"measured", "predicted", "subjective"}
        The weakest kind that can pass it.
    hard : bool
        An option that fails it is out.
    stand_in : Requirement or None
        Decides, provisionally, while this one has no evidence.
    """

    name: str
    metric: str
    operator: Operator
    threshold: float
    statistic: Statistic = "mean"
    condition: str = "16k-mono"
    clip_class: str = "all"
    evidence: Evidence = "measured"
    hard: bool = True
    stand_in: Requirement | None = None

    @property
    def sign(self) -> int:
        """1 where a larger value is asked for, -1 where a smaller."""
        return 1 if self.operator.startswith(">") else -1

    def holds(self, value: float) -> bool:
        """Say whether a value meets it."""
        if value == self.threshold:
            return self.operator.endswith("=")
        return self.sign * (value - self.threshold) > 0


@dataclass(frozen=True)
class Bound:
    """What an option without rows cannot do better than.

    `limit` is a number, or specs whose best measured figure it is. `witnesses` are specs that a
    number has to hold for wherever they were measured; one that is better voids the bound.
    """

    requirement: str
    limit: float | tuple[str, ...]
    because: str
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """One way to go: a name and the specs that stand for it, patterns such as `opus@*` included.

    `route` groups options, e.g. into those that keep a chain and those that replace it.
    """

    name: str
    route: str
    why: str
    specs: tuple[str, ...]
    bounds: tuple[Bound, ...] = ()


@dataclass(frozen=True)
class Requirements:
    """A decision to be taken; `prefer` is the order among those that pass.

    `accepted` is the spec that people settled on, if they did; the gate then watches that one.
    """

    title: str
    question: str
    requirements: tuple[Requirement, ...]
    options: tuple[Option, ...]
    prefer: tuple[str, ...] = (SOFT, "bitrate_kbps")
    status: str = "proposed"
    decision_makers: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    accepted: str | None = None
