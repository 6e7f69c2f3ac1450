"""Predictors of quality held against what listeners said of the same sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import Samples
from codecmark.corpus.audio_files import read_audio
from codecmark.measure.scoring import Job, Scorer
from codecmark.metrics.learned import REFERENCE
from codecmark.metrics.table import ON_REQUEST, TABLE
from codecmark.networks.weights import WeightLocator
from codecmark.studies.listened import Listened

CLEAR = 15.0  # points between the means of two conditions of a signal
FEWEST_SYSTEMS = 3  # for a correlation
_RESAMPLES = 1_000
_SPLITS = 200
_SEED = 20_261_130
_CONTRAST = ("snr_db", "si_sdr_db", "mel_distance_db", "nmr_db", "speaker_similarity")

Floats = NDArray[np.float64]
# by field, over signals and systems
Predictions = Mapping[str, Floats]


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Share:
    """How many of some clear pairs were ordered as people did; ties count half."""

    right: float
    pairs: int


@dataclass(frozen=True)
class Verdict:
    """What one predictor did on some systems.

    Attributes
    ----------
    correlation : Interval or None
        Over the systems' means; None for fewer than three systems.
    clear : Share
        Of pairs of these systems.
    bias : float
        Points by which the rating that a straight line through all stimuli gives is above what
        people gave these systems: positive flatters them.
    """

    correlation: Interval | None
    clear: Share
    bias: float


@dataclass(frozen=True)
class Ceiling:
    """How far listeners agree with each other, by halves drawn again and again.

    Attributes
    ----------
    clear : float
        Share of the pairs that are clear to one half and that the other half orders alike.
    correlation : float
        Over systems, of the means of two halves.
    reliability : float
        Of the stimuli's means over all listeners (Spearman and Brown).
    """

    clear: float
    correlation: float
    reliability: float


def predict(
    listened: Listened, scorer: Scorer, weights: WeightLocator
) -> tuple[Predictions, dict[str, str]]:
    """Score every stimulus that has a rating and sound.

    Returns
    -------
    predictions : Mapping
        For each predictor an array `[signals, systems]`.
    reasons : dict
        Why a predictor has none.
    """
    jobs = [
        _job(listened, signal, system, weights)
        for signal in listened.listening.clips
        for system in listened.systems
    ]
    scored = scorer.score(jobs)
    fields = [
        name for name, metric in TABLE.items() if metric.kind == "predictor" or name in _CONTRAST
    ]
    fields += [f"{name}{REFERENCE}" for name in fields if f"{name}{REFERENCE}" in _references()]
    shape = len(listened.listening.clips), len(listened.systems)
    predictions, reasons = {}, {}
    for name in fields:
        values = [scores.values.get(name) for scores in scored]
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            predictions[name] = np.array(known).reshape(shape)
        else:
            absent = next(s for s, v in zip(scored, values, strict=True) if v is None)
            reasons[name] = absent.reasons.get(name, "not computed")
    return predictions, reasons


def judged(predictions: Predictions) -> dict[str, Floats]:
    """Return what is held against people, higher being better, by name.

    A predictor without a reference is there as it is and as the difference to the original.
    """
    by_label = {}
    for name, values in predictions.items():
        if name.endswith(REFERENCE):
            continue
        metric = TABLE[name]
        by_label[metric.label] = metric.sign * values
        if f"{name}{REFERENCE}" in predictions:
            by_label[f"{metric.label}, difference"] = values - predictions[f"{name}{REFERENCE}"]
    return by_label


def verdict(values: Floats, listened: Listened, systems: Sequence[str]) -> Verdict:
    """Hold a predictor's `[signals, systems]` against people, on some of the systems."""
    people = means(listened.ratings(listened.systems))
    chosen = [listened.systems.index(name) for name in systems]
    slope, offset = np.polyfit(values.ravel(), people.ravel(), 1)
    bias = float(np.mean((slope * values + offset - people)[:, chosen]))
    correlation = None
    if len(chosen) >= FEWEST_SYSTEMS:
        correlation = _correlation(values[:, chosen], listened.ratings(systems))
    return Verdict(correlation, ordered(values[:, chosen], people[:, chosen]), bias)


def between_kinds(values: Floats, listened: Listened) -> Share:
    """Return the share of clear pairs of two kinds of codec."""
    kinds = [listened.kinds[name] for name in listened.systems]
    apart = np.array([[a != b for b in kinds] for a in kinds])
    return ordered(values, means(listened.ratings(listened.systems)), apart)


def ordered(values: Floats, people: Floats, counted: NDArray[np.bool_] | None = None) -> Share:
    """Return how many pairs of one signal that are clear to people `values` order alike."""
    right, pairs = 0.0, 0
    for a, b in combinations(range(people.shape[1]), 2):
        if counted is not None and not counted[a, b]:
            continue
        difference = people[:, a] - people[:, b]
        clear = np.abs(difference) > CLEAR
        agreement = np.sign(difference) * np.sign(values[:, a] - values[:, b])
        right += float(((agreement[clear] + 1) / 2).sum())
        pairs += int(clear.sum())
    return Share(right / pairs if pairs else float("nan"), pairs)


def means(ratings: Floats, weights: Floats | None = None) -> Floats:
    """Return the stimuli's means `[signals, systems]`, listeners counted `weights` times."""
    counts = np.ones(ratings.shape[2]) if weights is None else weights
    is_rated = ~np.isnan(ratings)
    total = np.where(is_rated, ratings, 0.0) @ counts
    with np.errstate(invalid="ignore"):
        mean: Floats = total / (is_rated @ counts)
    return mean


def ceiling(listened: Listened) -> Ceiling:
    """Return how far halves of the listeners agree."""
    ratings = listened.ratings(listened.systems)
    generator = np.random.default_rng(_SEED)
    count = ratings.shape[2]
    shares, correlations, reliabilities = [], [], []
    for _ in range(_SPLITS):
        in_first = np.zeros(count)
        in_first[generator.permutation(count)[: count // 2]] = 1
        first, second = means(ratings, in_first), means(ratings, 1 - in_first)
        rated = ~np.isnan(first + second).any(axis=1)
        first, second = first[rated], second[rated]
        if not len(first):
            continue
        shares.append(ordered(first, second).right)
        correlations.append(_pearson(first.mean(axis=0), second.mean(axis=0)))
        between_halves = _pearson(first.ravel(), second.ravel())
        # of twice as many listeners, by Spearman and Brown
        reliabilities.append(2 * between_halves / (1 + between_halves))
    return Ceiling(*(float(np.nanmean(x)) for x in (shares, correlations, reliabilities)))


def _correlation(values: Floats, ratings: Floats) -> Interval:
    """Return Pearson's over systems; signals and listeners are resampled crosswise."""
    generator = np.random.default_rng(_SEED)
    n_signals, _, n_listeners = ratings.shape
    drawn = []
    for _ in range(_RESAMPLES):
        signals = generator.integers(n_signals, size=n_signals)
        listeners = np.bincount(
            generator.integers(n_listeners, size=n_listeners), minlength=n_listeners
        )
        people = means(ratings[signals], listeners.astype(float))
        rated = ~np.isnan(people).any(axis=1)
        drawn.append(_pearson(values[signals][rated].mean(axis=0), people[rated].mean(axis=0)))
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    value = _pearson(values.mean(axis=0), means(ratings).mean(axis=0))
    return Interval(value, float(low), float(high))


def _pearson(a: Floats, b: Floats) -> float:
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _job(listened: Listened, clip: str, system: str, weights: WeightLocator) -> Job:
    """Bring a stimulus and its reference to one rate, one channel and the shorter length."""
    path, clip_class = listened.sound(clip, system)
    reference = read_audio(listened.sound(clip, None)[0])
    decoded = read_audio(path).resampled(reference.sample_rate_hz)
    length = min(reference.n_samples, decoded.n_samples)
    ours, theirs = (_mixed(sound.samples, length) for sound in (reference, decoded))
    asked = tuple(metric.field for metric in ON_REQUEST)
    return Job(ours, theirs, reference.sample_rate_hz, clip_class, weights, asked)


def _mixed(samples: Samples, length: int) -> Samples:
    mixed: Samples = samples[:, :length].mean(axis=0, keepdims=True)
    return mixed


def _references() -> set[str]:
    from codecmark.metrics.learned import PREDICTORS, NoReference

    return {
        f"{name}{REFERENCE}"
        for name, predictor in PREDICTORS.items()
        if isinstance(predictor, NoReference)
    }
