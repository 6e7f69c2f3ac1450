"""Score a decoded clip with every metric that applies to it; `table` says what they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from codecmark.clip import Samples
from codecmark.errors import MetricError
from codecmark.metrics import alignment, learned, nmr, perceptual, spectral, waveform
from codecmark.metrics.table import (
    METRICS,
    NOT_DEFINED,
    RAW_SNR_FIELD,
    TABLE,
    VISQOL_FIELD,
    Metric,
)
from codecmark.networks.weights import WeightLocator
from codecmark.system import extras

MetricFunction = Callable[[Samples, Samples, int], float]
VisqolMode = Literal["speech", "audio"]

# imported as they are, not by name: a row's key follows imports to the code that made it
_FUNCTIONS: dict[str, MetricFunction] = {
    "snr_db": waveform.snr_db,
    "si_sdr_db": waveform.si_sdr_db,
    "segmental_snr_db": waveform.segmental_snr_db,
    "correlation": waveform.correlation,
    "lsd_db": spectral.lsd_db,
    "mel_distance_db": spectral.mel_distance_db,
    "mrstft_distance": spectral.mrstft_distance,
    "pesq_wb": perceptual.pesq_wb,
    "estoi": perceptual.estoi,
    "zimtohrli": perceptual.zimtohrli,
    "nmr_db": nmr.nmr_db,
}


_BEYOND = 0.05  # of a scale, by which a network or rounding may miss its end


@dataclass
class Scores:
    """Values by row field, and for each absent one its reason."""

    values: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    lag_samples: int | None = None
    visqol_mode: VisqolMode | None = None

    def take(self, name: str, function: Callable[[], float]) -> None:
        """Run one metric; what it raises, or a value that is not finite, becomes the reason.

        A library that gives up on a strange clip must cost that clip's cell, not the run.
        """
        try:
            value = function()
        except MetricError as error:
            self.reasons[name] = str(error)
        except ImportError as error:
            lacks = extras.missing("the metric", error)
            self.reasons[name] = str(lacks or f"the metric failed: {error}")
        except Exception as error:
            self.reasons[name] = f"the metric failed: {type(error).__name__}: {error}"
        else:
            self._keep(name, value)

    def _keep(self, name: str, value: float) -> None:
        """Store a value of the metric's scale; one just beyond its end counts as the end."""
        low, high = TABLE[name.removesuffix("_reference")].range
        beyond = max(low - value, value - high)
        if not math.isfinite(value):
            self.reasons[name] = f"undefined for these signals: the metric gave {value}"
        elif beyond > 0 and not beyond <= _BEYOND * (high - low):
            self.reasons[name] = f"the metric gave {value:g}, its scale is {low:g} to {high:g}"
        else:
            self.values[name] = float(min(max(value, low), high))


def visqol_mode(clip_class: str) -> VisqolMode:
    """Return which of ViSQOL's modes, and so which scale, is for a class of clips."""
    return "speech" if clip_class == "speech" else "audio"


def functions_for(clip_class: str) -> dict[str, MetricFunction]:
    """Return the metrics of two signals that are defined for a class of clips, by row field.

    Learned ones are in `learned`.
    """
    visqol = partial(perceptual.visqol, mode=visqol_mode(clip_class))
    functions: dict[str, MetricFunction] = {**_FUNCTIONS, VISQOL_FIELD: visqol}
    return {name: f for name, f in functions.items() if TABLE[name].applies_to(clip_class)}


def score(
    reference: Samples,
    decoded: Samples,
    sample_rate_hz: int,
    clip_class: str,
    weights: WeightLocator,
    on_request: Sequence[str] = (),
) -> Scores:
    """Score a decoded clip against its reference with every metric that applies.

    Parameters
    ----------
    reference, decoded : np.ndarray, shape=(channels, samples)
    clip_class : str
        `speech` gets the speech metrics and ViSQOL's speech mode, every other class ViSQOL's
        audio mode.
    weights : WeightLocator
        Finds the weights of learned predictors.
    on_request : sequence of str
        Fields of `table.ON_REQUEST` to fill beside those that every clip gets.
    """
    scores = Scores()
    aligned = alignment.align(reference, decoded)
    scores.lag_samples = aligned.lag_samples
    if aligned.lag_samples is None:
        scores.reasons["lag_samples"] = aligned.reason
    scores.take(RAW_SNR_FIELD, lambda: waveform.snr_db(reference, decoded, sample_rate_hz))
    functions = functions_for(clip_class)
    for metric in (*METRICS, *(TABLE[name] for name in on_request)):
        if not metric.applies_to(clip_class):
            scores.reasons[metric.field] = _not_defined(metric, clip_class)
        elif metric.field in learned.PREDICTORS:
            for name, call in learned.calls(
                metric.field, reference, decoded, sample_rate_hz, weights
            ):
                scores.take(name, call)
        else:
            function = functions[metric.field]
            scores.take(
                metric.field, partial(function, aligned.reference, aligned.decoded, sample_rate_hz)
            )
    if VISQOL_FIELD in scores.values:
        scores.visqol_mode = visqol_mode(clip_class)
    return scores


def _not_defined(metric: Metric, clip_class: str) -> str:
    return f"{NOT_DEFINED}{clip_class}: {metric.label} is for {' and '.join(metric.classes)}"
