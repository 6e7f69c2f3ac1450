"""What is known of one codec and one requirement."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from codecmark.review.elsewhere import StatedFigure
from codecmark.review.figure import Figure
from codecmark.review.options import Bound
from codecmark.review.requirement import Requirement
from codecmark.review.threshold import Evidence

Verdict = Literal["PASS", "FAIL", "UNDECIDED", "PUBLISHED ELSEWHERE", "NO EVIDENCE"]
WORST_FIRST: tuple[Verdict, ...] = (
    "FAIL", "NO EVIDENCE", "PUBLISHED ELSEWHERE", "UNDECIDED", "PASS",
)  # fmt: skip
# margins beyond this many half intervals, six standard errors, are told apart no more
MOST_CERTAIN = 3.0


class Said(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one threshold of a voice says, by name; `value` and interval as in its figure.

    `tried`: the predictor was held against people for such codecs and such clips.
    """

    requirement: str
    verdict: Verdict
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    tried: bool = False


class VoiceFinding(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one voice of a panel says of one class of clips.

    Attributes
    ----------
    clip_class : str
    verdict : {"PASS", "FAIL", "UNDECIDED", "NO EVIDENCE"}
    says : tuple of Said
        Its thresholds. Of a house that has several voices all of them, as one.
    house : str
        Where several voices are one because one house made them.
    silent : str
        Why it does not count; empty where it does.
    """

    clip_class: str
    verdict: Verdict
    says: tuple[Said, ...]
    house: str = ""
    silent: str = ""


class Finding(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is known of one codec and one requirement.

    Attributes
    ----------
    requirement : Requirement
        What was asked.
    verdict : {"PASS", "FAIL", "UNDECIDED", "PUBLISHED ELSEWHERE", "NO EVIDENCE"}
    figure : Figure
        What decided; where it has to hold in each class, the class with the smallest margin.
    evidence : {"measured", "predicted", "subjective"}
        What kind of figure it is.
    margin, safe_margin : float or None
        Value, and the end of the interval that has to clear the threshold, beyond the threshold,
        in the metric's unit; negative where they miss it. None for an exact copy, and where there
        is no value.
    classes : dict
        Where it was judged in each class of clips: the verdict on each.
    reason : str
        Why it is UNDECIDED or has NO EVIDENCE; in a FAIL by a bound, why nothing can be better.
    bound : Bound or None
        Set where no row decided but a bound did.
    needed : float or None
        The threshold at which every class would pass; None where no finite one is known.
    stand_in : Finding or None
        The finding on the requirement's stand-in, where it has one.
    panel : str
        The name of the panel whose verdict this is; requirement and figure are then those of the
        threshold that decided it.
    voices : tuple of VoiceFinding
        What each voice of the panel says, class by class.
    scarce : tuple of str
        Classes with too few sources to be judged: they could fail it and did not.
    witness, n_witnesses : Figure or None, int
        Of a bound that is a number: the best of the measured settings that it has to hold for.
    stated : StatedFigure or None
        Where the verdict is PUBLISHED ELSEWHERE: what was stated.
    """

    requirement: Requirement
    verdict: Verdict
    figure: Figure
    evidence: Evidence
    margin: float | None = None
    safe_margin: float | None = None
    classes: dict[str, Verdict] = {}
    reason: str = ""
    bound: Bound | None = None
    needed: float | None = None
    stand_in: Finding | None = None
    panel: str = ""
    voices: tuple[VoiceFinding, ...] = ()
    scarce: tuple[str, ...] = ()
    witness: Figure | None = None
    n_witnesses: int = 0
    stated: StatedFigure | None = None

    @property
    def effective(self) -> Finding:
        """The finding that decides: the stand-in's where this one has no evidence."""
        if self.verdict == "NO EVIDENCE" and self.stand_in is not None:
            return self.stand_in
        return self

    @property
    def provisional(self) -> bool:
        """Whether a stand-in decides."""
        return self.effective is not self

    @property
    def name(self) -> str:
        """What was asked for, by name: the panel's, where one decides."""
        return self.panel or self.requirement.name

    @property
    def asked_names(self) -> frozenset[str]:
        """The names of the thresholds that it rests on."""
        asked = self.requirement
        return frozenset(one.name for one in (asked, *asked.others))

    @property
    def half_intervals(self) -> float:
        """The margin in units of its own uncertainty; infinite for what has no interval.

        1 is a figure whose interval ends at the threshold.
        """
        margin, safe = self.margin, self.safe_margin
        if margin is None or safe is None:
            return math.inf if self.verdict == "PASS" else -math.inf
        half = margin - safe
        return margin / half if half > 0 else math.copysign(math.inf, margin)

    @property
    def certainty(self) -> float:
        """The margin in half intervals, at most `MOST_CERTAIN` either way.

        What has no interval, as an exact copy or a rate, is as certain as anything.
        """
        return max(-MOST_CERTAIN, min(MOST_CERTAIN, self.half_intervals))

    @property
    def reach(self) -> float:
        """`safe_margin` to sort by: infinite for an exact copy, minus infinity without one."""
        if self.safe_margin is not None:
            return self.safe_margin
        return math.inf if self.figure.exact else -math.inf
