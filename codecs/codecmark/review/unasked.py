"""What is predicted to sound best among those that pass, where no hard requirement asks for it.

A wish that nobody grants puts nothing in order, so that fewest bits would decide unsaid.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from codecmark.analysis.listeners import RATINGS
from codecmark.metrics.table import TABLE
from codecmark.review.choice import Candidate
from codecmark.review.field import Field
from codecmark.review.figure import Figure
from codecmark.review.requirement import Requirement
from codecmark.review.threshold import EACH, ORIGINAL, SPEECH_FIELDS

# one that hears every class, and the one that orders neural codecs best (`results/predictors.md`)
_PREDICTORS = ("zimtohrli", "distillmos")
_OF_WORDS = "estoi"  # how much is understood, which is another question


class PredictedBest(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whom one predictor puts first among those that pass.

    Attributes
    ----------
    figure : Figure
        Of that one; of several classes of clips the lowest.
    chosen : Figure
        The recommended one's.
    kbps : float or None
    """

    figure: Figure
    chosen: Figure
    kbps: float | None


def predicted_best(
    field: Field, candidates: Iterable[Candidate], chosen: Candidate | None
) -> tuple[PredictedBest, ...]:
    """Return one for each predictor; nothing where quality is asked for, or one alone passes."""
    passing = [one for one in candidates if one.can_be_chosen]
    asked = field.requirements.requirements
    if (
        chosen is None
        or len(passing) == 1
        or any(one.hard and asks_for_quality(one) for one in asked)
    ):
        return ()
    found = []
    for metric in _PREDICTORS:
        figures = [(one, _lowest(field, one.spec, metric)) for one in passing]
        known = [(one, shown) for one, shown in figures if shown.value is not None]
        ours = _lowest(field, chosen.spec, metric)
        if known and ours.value is not None:
            first, figure = max(known, key=lambda pair: pair[1].value or 0.0)
            if (figure.value or 0.0) <= ours.value:
                first, figure = chosen, ours
            found.append(PredictedBest(figure, ours, first.rate.value))
    return tuple(found)


def asks_for_quality(asked: Requirement) -> bool:
    """Say whether a requirement is about how it sounds: listeners, or what predicts them."""
    names = (asked.metric, *(one.metric for one in asked.others))
    return any(
        name in RATINGS or (name in TABLE and TABLE[name].kind == "predictor" and name != _OF_WORDS)
        for name in names
    )


def _lowest(field: Field, spec: str, metric: str) -> Figure:
    """Return the mean of the class where it is lowest; of DistillMOS below the originals."""
    of = ORIGINAL if metric == "distillmos" else ""
    figures = [field.figures.get(spec, metric, name, of=of) for name in _classes(field, metric)]
    unknown = [one for one in figures if one.value is None]
    return unknown[0] if unknown else min(figures, key=lambda one: one.value or 0.0)


def _classes(field: Field, metric: str) -> tuple[str, ...]:
    """Return the classes that requirements on sound name; all of the rows where none does."""
    if metric in SPEECH_FIELDS:
        return ("speech",)
    named = {
        one.panel.clip_class if one.panel is not None else (one.stand_in or one).clip_class
        for one in field.requirements.requirements
    }
    own = tuple(name for name in field.figures.classes if name in named)
    return own if own and EACH not in named else field.figures.classes
