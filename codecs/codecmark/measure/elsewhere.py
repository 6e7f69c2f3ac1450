"""Score audio that was decoded elsewhere, given as files or arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from codecmark.clip import AudioClip
from codecmark.corpus import condition as conditions
from codecmark.corpus.audio_files import read_audio
from codecmark.corpus.condition import Condition
from codecmark.corpus.entry import CLASSES
from codecmark.errors import InputError
from codecmark.measure.decoded_files import PreparedPair
from codecmark.measure.pairing import pair, require_versions
from codecmark.measure.scoring import Scorer
from codecmark.networks.setup import Setup

Sound: TypeAlias = AudioClip | Path | str | NDArray[Any]


@dataclass(frozen=True)
class ScoredPair:
    """Scores of one decoded clip.

    Attributes
    ----------
    values : Mapping
        By the name of the row's field, e.g. `pesq_wb`, `snr_db`.
    reasons : Mapping
        Why a metric has no value.
    notes : Mapping
        What was found and done about it, by topic, e.g. `level`, `polarity`.
    lag_samples : int or None
        How late the decoded clip is at the condition's rate, if that could be told.
    """

    values: Mapping[str, float]
    reasons: Mapping[str, str]
    notes: Mapping[str, str]
    lag_samples: int | None


def score(
    reference: Sound,
    decoded: Sound,
    sample_rate_hz: int | None = None,
    *,
    clip_class: str = "audio",
    condition: str = conditions.DEFAULT_CONDITION,
    setup: Setup | None = None,
) -> ScoredPair:
    """Score a decoded clip, wherever it was made, with every metric that applies.

    Parameters
    ----------
    reference, decoded : AudioClip, path, or np.ndarray
        An array has shape (samples,) or (channels, samples) and holds floats in [-1, 1] or 16-bit
        integers. The two may differ in rate, channels, level and a little in length.
    sample_rate_hz : int, optional
        Of arrays.
    clip_class : {"speech", "music", "ambient", "audio"}
        Only speech has PESQ and ESTOI; the others have ViSQOL's audio mode.
    condition : str
        Both are mixed, resampled and cropped as it says, and judged at its rate.
    setup : Setup, optional
        Where the weights of learned predictors are; by default as the environment variables say.

    Raises
    ------
    InputError
        If one cannot be read, or the two are no versions of one clip.

    Examples
    --------
    >>> score("ref.wav", "decoded.wav", clip_class="speech").values["pesq_wb"]  # doctest: +SKIP
    3.12
    """
    rules = conditions.named(condition)
    sounds = (_sound("reference", reference, sample_rate_hz),
              _sound("decoded", decoded, sample_rate_hz))  # fmt: skip
    prepared = prepare_pair(*sounds, rules, clip_class=clip_class)
    weights = (setup or Setup.from_environment()).weights
    with Scorer(1) as scorer:
        (pair_scores,) = scorer.score([prepared.job(weights)])
    scores = prepared.complete(pair_scores)
    return ScoredPair(scores.values, scores.reasons, prepared.pair.notes, scores.lag_samples)


def prepare_pair(
    reference: AudioClip,
    decoded: AudioClip,
    condition: Condition,
    *,
    clip_class: str,
    name: str = "",
    source: str = "",
) -> PreparedPair:
    """Prepare both sounds alike and bring them to the same samples.

    Raises
    ------
    InputError
        If the condition does not admit the reference, or the two are no versions of one clip.
    """
    if clip_class not in CLASSES:
        raise InputError(f"class: {clip_class!r}; use one of {', '.join(CLASSES)}")
    require_versions(reference, decoded)
    clip = conditions.presented(reference, condition, name, source, clip_class)
    prepared_decoded = conditions.like(clip, decoded, condition)
    aligned_pair = pair(clip.audio, prepared_decoded)
    aligned_pair.notes.update(_on_form(reference, decoded, condition))
    return PreparedPair(clip, prepared_decoded, aligned_pair, condition.predictors)


def _on_form(reference: AudioClip, decoded: AudioClip, condition: Condition) -> dict[str, str]:
    notes = {}
    rates = (reference.sample_rate_hz, decoded.sample_rate_hz)
    if set(rates) != {condition.sample_rate_hz}:
        notes["sample rate"] = (
            f"reference {rates[0]} Hz, decoded {rates[1]} Hz, judged at "
            f"{condition.sample_rate_hz} Hz"
        )
    if rates[1] < condition.sample_rate_hz:
        notes["sample rate"] += f": decoded has nothing above {rates[1] / 2:g} Hz"
    if reference.channels != decoded.channels or reference.channels != condition.channels:
        notes["channels"] = (
            f"reference {reference.channels}, decoded {decoded.channels}, judged on "
            f"{condition.channels}"
        )
    if max(reference.duration_s, decoded.duration_s) > condition.clip_s:
        notes["part"] = f"the first {condition.clip_s:g} s of {reference.duration_s:.1f} s"
    return notes


def _sound(name: str, sound: Sound, sample_rate_hz: int | None) -> AudioClip:
    if isinstance(sound, AudioClip):
        return sound
    if isinstance(sound, Path | str):
        return read_audio(Path(sound))
    if sample_rate_hz is None:
        raise InputError("sample_rate_hz: arrays do not tell their rate; pass it")
    samples = np.atleast_2d(np.asarray(sound))
    if samples.dtype == np.int16:
        return AudioClip.from_pcm16(samples, sample_rate_hz)
    if not np.issubdtype(samples.dtype, np.floating):
        raise InputError(
            f"{name}: dtype {samples.dtype}; pass floats in [-1, 1] or 16-bit integers"
        )
    return AudioClip(samples.astype(np.float32), sample_rate_hz)
