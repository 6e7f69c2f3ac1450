"""Conditions: what every codec is given, and how it is judged, fixed and named.

The reference of every score is the prepared clip: cropped, mixed and resampled as the condition
says, rid of what is too low to be heard, brought to one level with one gain for all channels, then
rounded once to the 16-bit grid, so that a lossless codec can return it exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from codecmark.bitstream.frame import DecodeLimits
from codecmark.clip import AudioClip
from codecmark.corpus import preparation
from codecmark.corpus.entry import CorpusClip
from codecmark.errors import InputError
from codecmark.metrics.table import ON_REQUEST

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Condition:
    """One set of rules.

    Attributes
    ----------
    name : str
    sample_rate_hz, channels : int
        What every codec is given; it resamples and mixes on its own account.
    lowest_native_rate_hz : int
        Clips recorded at a lower rate are not used: their missing band would be judged.
    speech_dbov : float or None
        Speech is brought to this active level (ITU-T P.56; 0 is full scale), as tests of codecs
        do; None leaves its level alone. Either way 1 dB of headroom is kept.
    loudness_lufs : float or None
        Every other class of clips is brought to this loudness (ITU-R BS.1770), likewise.
    high_pass_hz : float or None
        What is below, an offset among it, is removed from clips, without delay; None removes
        nothing.
    clip_s : float
        Longer clips are cropped to this.
    threads : int
        For codecs; metrics always get one thread a process.
    seed : int
        Of the choice that `--limit` makes.
    rounds : int
        Timed calls for each clip; the row holds their median.
    slow_call_s : float
        A codec whose warm-up call takes longer than this is timed once for each clip.
    untrained_clip_s : float
        A network without trained weights is timed on the start of the first clip only.
    predictors : tuple of str
        Fields of the metric table that are filled on request only.
    """

    name: str
    sample_rate_hz: int
    channels: int
    lowest_native_rate_hz: int
    speech_dbov: float | None = -26.0
    loudness_lufs: float | None = -23.0
    high_pass_hz: float | None = 20.0
    clip_s: float = 10.0
    threads: int = 1
    seed: int = 0
    rounds: int = 3
    slow_call_s: float = 0.1
    untrained_clip_s: float = 1.0
    predictors: tuple[str, ...] = ()

    @property
    def decode_limits(self) -> DecodeLimits:
        """What a stream may claim to hold: twice the longest clip, and a minute."""
        seconds = 2 * self.clip_s + 60
        return DecodeLimits(seconds, round(seconds * self.sample_rate_hz * self.channels * 4))


@dataclass(frozen=True)
class PreparedClip:
    """A clip as a condition presents it, and where it comes from.

    Attributes
    ----------
    name, source, clip_class : str
        As in `CorpusClip`.
    audio : AudioClip
    file_sha256 : str or None
        Of the file, where the corpus states it.
    gain : float
        What the samples were multiplied with, in all channels, for the condition's level.
    level_note : str
        Why the level is not the one that the condition asks for, and how far the file goes beyond
        full scale; else empty.
    """

    name: str
    source: str
    clip_class: str
    audio: AudioClip
    file_sha256: str | None = None
    gain: float = 1.0
    level_note: str = ""

    def cropped(self, seconds: float) -> PreparedClip:
        """Return the start of the clip."""
        return replace(self, audio=self.audio.cropped(seconds))


CONDITIONS = {
    condition.name: condition
    for condition in (
        Condition("8k-mono", 8_000, 1, lowest_native_rate_hz=8_000),  # telephone codecs
        Condition("16k-mono", 16_000, 1, lowest_native_rate_hz=16_000),
        Condition("22k-mono", 22_050, 1, lowest_native_rate_hz=22_050),
        Condition("24k-mono", 24_000, 1, lowest_native_rate_hz=24_000),
        Condition("48k-mono", 48_000, 1, lowest_native_rate_hz=44_100),
        Condition("48k-stereo", 48_000, 2, lowest_native_rate_hz=44_100),
    )
}
DEFAULT_CONDITION = "16k-mono"
_MOST_THREADS = 9_999
_PCM16_STEPS = np.float32(2**15)  # up to full scale
_THREADED = re.compile(r"(?P<name>.+)-(?P<threads>[1-9]\d{0,3})threads")


def named(name: str) -> Condition:
    """Return a condition by name, or raise `InputError` with the names there are.

    Any of them may end in e.g. `-4threads`, see `with_threads`.
    """
    if name in CONDITIONS:
        return CONDITIONS[name]
    match = _THREADED.fullmatch(name)
    if match is None or match["name"] not in CONDITIONS:
        raise InputError(f"condition: no {name!r}; choose one of {', '.join(CONDITIONS)}")
    return with_threads(CONDITIONS[match["name"]], int(match["threads"]))


def with_threads(condition: Condition, count: int) -> Condition:
    """Return the condition with `count` threads for codecs: another one, and so another name.

    Raises
    ------
    InputError
        If the count is no count of threads.
    """
    if not 1 <= count <= _MOST_THREADS:
        raise InputError(f"threads: must be 1 to {_MOST_THREADS}, got {count}")
    if count == condition.threads:
        return condition
    return replace(condition, name=f"{condition.name}-{count}threads", threads=count)


def with_predictors(condition: Condition, names: str | None) -> Condition:
    """Return the condition with metrics that are computed on request, comma-separated.

    Raises
    ------
    InputError
        If there is no such metric, or it needs no asking.
    """
    asked = [name.strip() for name in (names or "").split(",") if name.strip()]
    known = [metric.field for metric in ON_REQUEST]
    for name in asked:
        if name not in known:
            raise InputError(f"predictors: no {name!r}; choose from {', '.join(known)}")
    return replace(condition, predictors=tuple(name for name in known if name in asked))


def prepare(
    entries: Iterable[CorpusClip], condition: Condition
) -> tuple[list[PreparedClip], dict[str, str]]:
    """Read and prepare every usable clip; see `prepare_each`."""
    return prepare_each(entries, condition, lambda entry: prepared(entry, condition))


def prepare_each(
    entries: Iterable[CorpusClip],
    condition: Condition,
    keep: Callable[[CorpusClip], Kept],
) -> tuple[list[Kept], dict[str, str]]:
    """Call `keep`, which reads a clip, for one after another, and hold on to what it returns.

    Returns
    -------
    kept : list
        For each usable clip, what `keep` returned.
    unused : dict
        For each clip that could not be used, why.

    Raises
    ------
    InputError
        If no clip is left.
    """
    kept: list[Kept] = []
    unused: dict[str, str] = {}
    for entry in entries:
        try:
            kept.append(keep(entry))
        except InputError as error:
            unused[entry.name] = str(error)
    if not kept:
        raise none_left(condition, unused)
    return kept, unused


def none_left(condition: Condition, unused: Mapping[str, str]) -> InputError:
    """Return the error that no clip can be used; `unused` says of each why."""
    details = "; ".join(f"{name}: {why}" for name, why in list(unused.items())[:3])
    return InputError(f"corpus: no clip can be used under {condition.name}. {details}")


def prepared(entry: CorpusClip, condition: Condition) -> PreparedClip:
    """Read and prepare one clip, or raise `InputError` if it cannot be used."""
    audio = entry.read(condition.clip_s)
    return presented(
        audio, condition, entry.name, entry.source, entry.clip_class, file_sha256=entry.sha256
    )


def presented(
    audio: AudioClip,
    condition: Condition,
    name: str,
    source: str,
    clip_class: str,
    file_sha256: str | None = None,
) -> PreparedClip:
    """Return audio as a condition presents it, or raise `InputError` if that cannot be used."""
    if audio.sample_rate_hz < condition.lowest_native_rate_hz:
        raise InputError(
            f"native rate {audio.sample_rate_hz} Hz is below the "
            f"{condition.lowest_native_rate_hz} Hz that {condition.name} asks for"
        )
    over = _over_full_scale(audio)
    audio = converted(audio, condition)
    gain, note = _level(audio, condition, clip_class)
    scaled = _scaled(audio, gain).on_pcm16_grid()
    notes = "; ".join(filter(None, (note, over)))
    return PreparedClip(name, source, clip_class, scaled, file_sha256, gain, notes)


def like(clip: PreparedClip, audio: AudioClip, condition: Condition) -> AudioClip:
    """Return another version of a clip, prepared as the clip was, with the clip's gain.

    One that is louder than the clip may go beyond full scale: it is not clipped there.
    """
    scaled = _scaled(converted(audio, condition), clip.gain)
    on_grid = np.rint(scaled.samples * _PCM16_STEPS) / _PCM16_STEPS + np.float32(0)  # no -0.0
    return AudioClip(on_grid, scaled.sample_rate_hz)


def converted(audio: AudioClip, condition: Condition) -> AudioClip:
    """Return audio in the condition's length, channels and rate, without what it removes."""
    cropped = audio.cropped(condition.clip_s).with_channels(condition.channels)
    at_rate = cropped.resampled(condition.sample_rate_hz)
    if condition.high_pass_hz is None:
        return at_rate
    rate_hz = at_rate.sample_rate_hz
    kept = preparation.high_passed(at_rate.samples, rate_hz, condition.high_pass_hz)
    return AudioClip(kept, rate_hz)


def _level(audio: AudioClip, condition: Condition, clip_class: str) -> tuple[float, str]:
    """Return the gain to the condition's level, and why that is not reached."""
    if clip_class == "speech":
        if condition.speech_dbov is not None:
            return preparation.gain_to_speech_level(audio, condition.speech_dbov)
    elif condition.loudness_lufs is not None:
        return preparation.gain_to_loudness(audio, condition.loudness_lufs)
    return 1.0, ""


def _over_full_scale(audio: AudioClip) -> str:
    """Say by how much a file of floating point is louder than any 16-bit file can be; else ""."""
    peak = float(np.abs(audio.samples).max())
    return f"the file goes {20 * math.log10(peak):.1f} dB over full scale" if peak > 1 else ""


def _scaled(audio: AudioClip, gain: float) -> AudioClip:
    return audio if gain == 1 else AudioClip(audio.samples * gain, audio.sample_rate_hz)
