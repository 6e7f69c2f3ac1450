"""Predictors that are networks with published weights, for speech at 16 kHz.

Those that need no reference judge the original as well, so that a difference can be formed: what
they say of a voice, a microphone or a room is in both. The original's value is cached, since every
codec needs it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from codecmark.clip import Samples
from codecmark.errors import MetricError
from codecmark.metrics.perceptual import mono
from codecmark.metrics.predictor_weights import folder_of
from codecmark.networks.weights import WeightLocator
from codecmark.system import extras

RATE_HZ = 16_000
REFERENCE = "_reference"  # how the field of the original's value ends
_KEPT = 4_096

Predict = Callable[[Samples, Path], float]
Compare = Callable[[Samples, Samples, Path], float]


def _distillmos(samples: Samples, folder: Path) -> float:
    from codecmark.metrics import distillmos

    return distillmos.predict(samples, folder)


def _dnsmos(samples: Samples, folder: Path) -> float:
    from codecmark.metrics import speech_onnx

    return speech_onnx.dnsmos(samples, folder)


def _plcmos(samples: Samples, folder: Path) -> float:
    from codecmark.metrics import speech_onnx

    return speech_onnx.plcmos(samples, folder)


def _speaker(reference: Samples, decoded: Samples, folder: Path) -> float:
    from codecmark.metrics import speaker

    return speaker.similarity(reference, decoded, folder)


@dataclass
class NoReference:
    """A predictor of one sound.

    Attributes
    ----------
    weight_set : str
    predict : callable
        Takes `[samples]` at 16 kHz and the folder of the weights.
    packages : tuple of str
        What the plain installation lacks and this needs: asked before weights are fetched.
    """

    weight_set: str
    predict: Predict
    packages: tuple[str, ...] = ()
    _values: dict[tuple[bytes, Path], float] = field(default_factory=dict)

    def of(self, samples: Samples, sample_rate_hz: int, weights: WeightLocator) -> float:
        """Return what is predicted for `[channels, samples]`.

        Raises
        ------
        MetricError
            Where a package or the weights are not here, or there is no sound.
        """
        _require(self.packages)
        folder = folder_of(self.weight_set, weights)
        return self.predict(_sounding(samples, sample_rate_hz), folder)

    def of_original(self, samples: Samples, sample_rate_hz: int, weights: WeightLocator) -> float:
        """Return the same, from memory where this sound was judged before."""
        digest = hashlib.blake2b(samples.tobytes(), digest_size=16).digest()
        key = digest, folder_of(self.weight_set, weights)
        if key not in self._values:
            value = self.of(samples, sample_rate_hz, weights)
            while len(self._values) >= _KEPT:
                del self._values[next(iter(self._values))]
            self._values[key] = value
        return self._values[key]


@dataclass(frozen=True)
class Comparison:
    """A predictor of two sounds."""

    weight_set: str
    compare: Compare
    packages: tuple[str, ...] = ()

    def of(
        self, reference: Samples, decoded: Samples, sample_rate_hz: int, weights: WeightLocator
    ) -> float:
        """Return what is predicted for two of `[channels, samples]`; raises as `NoReference`."""
        _require(self.packages)
        folder = folder_of(self.weight_set, weights)
        ours, theirs = (_sounding(x, sample_rate_hz) for x in (reference, decoded))
        return self.compare(ours, theirs, folder)


PREDICTORS: Mapping[str, NoReference | Comparison] = {
    "distillmos": NoReference("distillmos", _distillmos, ("torch",)),
    "dnsmos_ovrl": NoReference("dnsmos", _dnsmos, ("onnxruntime",)),
    "plcmos": NoReference("plcmos", _plcmos, ("onnxruntime",)),
    "speaker_similarity": Comparison("resemblyzer", _speaker, ("torch", "librosa")),
}


def calls(
    name: str,
    reference: Samples,
    decoded: Samples,
    sample_rate_hz: int,
    weights: WeightLocator,
) -> Iterator[tuple[str, Callable[[], float]]]:
    """Yield each field of a row that a predictor fills, and what computes it."""
    predictor = PREDICTORS[name]
    if isinstance(predictor, Comparison):
        yield name, partial(predictor.of, reference, decoded, sample_rate_hz, weights)
        return
    yield name, partial(predictor.of, decoded, sample_rate_hz, weights)
    yield (
        f"{name}{REFERENCE}",
        partial(predictor.of_original, reference, sample_rate_hz, weights),
    )


def _require(packages: Iterable[str]) -> None:
    for package in packages:
        if not extras.is_here(package):
            raise MetricError(f"the metric needs the package {package}; {extras.remedy(package)}")


def _sounding(samples: Samples, sample_rate_hz: int) -> Samples:
    mixed = mono(samples, sample_rate_hz, RATE_HZ)
    if not mixed.any():
        raise MetricError("undefined: there is no sound")
    return mixed
