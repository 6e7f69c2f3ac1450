"""The metrics of a row: name, unit, direction, and which clips each applies to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from codecmark.clip import Samples
from codecmark.errors import MetricError
from codecmark.metrics import alignment, perceptual, spectral, waveform

MetricFunction = Callable[[Samples, Samples, int], float]


@dataclass(frozen=True)
class Metric:
    """One column of quality.

    Attributes
    ----------
    field : str
        Name in the row; ends in its unit.
    label, unit : str
        For headings.
    higher_is_better : bool
    range : str
    speech_only : bool
        Defined for speech; absent with this reason on other clips.
    """

    field: str
    label: str
    unit: str
    higher_is_better: bool
    range: str
    function: MetricFunction
    speech_only: bool = False


METRICS: tuple[Metric, ...] = (
    Metric("snr_db", "SNR", "dB", True, "-inf..inf", waveform.snr_db),
    Metric("si_sdr_db", "SI-SDR", "dB", True, "-inf..inf", waveform.si_sdr_db),
    Metric("segmental_snr_db", "segSNR", "dB", True, "-10..35", waveform.segmental_snr_db),
    Metric("correlation", "corr", "", True, "-1..1", waveform.correlation),
    Metric("lsd_db", "LSD", "dB", False, "0..", spectral.lsd_db),
    Metric("mel_distance_db", "mel dist", "dB", False, "0..", spectral.mel_distance_db),
    Metric("mrstft_distance", "MR-STFT", "", False, "0..", spectral.mrstft_distance),
    Metric("pesq_wb", "PESQ-WB", "MOS-LQO", True, "1..4.64", perceptual.pesq_wb, True),
    Metric("estoi", "ESTOI", "", True, "0..1", perceptual.estoi, True),
)
LOWER_IS_BETTER = frozenset(metric.field for metric in METRICS if not metric.higher_is_better)
VISQOL_FIELD = "visqol_mos_lqo"
NOT_DEFINED = "not defined for "  # how the reason of a figure begins that no such clip has
QUALITY_FIELDS = (*(metric.field for metric in METRICS), VISQOL_FIELD, "snr_raw_db")


@dataclass
class Scores:
    """Values by row field, and for each absent one its reason."""

    values: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    lag_samples: int | None = None
    visqol_mode: Literal["speech", "audio"] | None = None

    def take(self, name: str, function: Callable[[], float]) -> None:
        """Run one metric; what it raises, or a value that is not finite, becomes the reason.

        A library that gives up on a strange clip must cost that clip's cell, not the run.
        """
        try:
            value = function()
        except MetricError as error:
            self.reasons[name] = str(error)
        except Exception as error:
            self.reasons[name] = f"the metric failed: {type(error).__name__}: {error}"
        else:
            if math.isfinite(value):
                self.values[name] = value
            else:
                self.reasons[name] = f"undefined for these signals: the metric gave {value}"


def score(reference: Samples, decoded: Samples, sample_rate_hz: int, clip_class: str) -> Scores:
    """Score a decoded clip against its reference with every metric that applies.

    Parameters
    ----------
    reference, decoded : np.ndarray, shape=(channels, samples)
    clip_class : str
        `speech` gets the speech metrics and ViSQOL's speech mode, every other class ViSQOL's
        audio mode.
    """
    scores = Scores()
    found = alignment.find_lag(reference, decoded)
    lag = found.lag_samples if found.confident else 0
    if found.confident:
        scores.lag_samples = lag
    else:
        scores.reasons["lag_samples"] = (
            f"no clear peak of the cross-correlation ({found.peak:.2f}): scored as it is"
        )
    scores.take("snr_raw_db", lambda: waveform.snr_db(reference, decoded, sample_rate_hz))
    ours, theirs = alignment.shifted(reference, decoded, lag)
    is_speech = clip_class == "speech"
    for metric in METRICS:
        if metric.speech_only and not is_speech:
            scores.reasons[metric.field] = (
                f"{NOT_DEFINED}{clip_class}: {metric.label} is for speech"
            )
            continue
        function = metric.function
        scores.take(metric.field, lambda f=function: f(ours, theirs, sample_rate_hz))  # type: ignore[misc]
    mode: Literal["speech", "audio"] = "speech" if is_speech else "audio"
    scores.take(VISQOL_FIELD, lambda: perceptual.visqol(ours, theirs, sample_rate_hz, mode))
    if VISQOL_FIELD in scores.values:
        scores.visqol_mode = mode
    return scores
