"""A prepared training folder: audio at 16 kHz in one array, the clocks of speech, a manifest.

| file | content |
| --- | --- |
| `audio.npy` | int16 `[samples]`, all items one after the other |
| `clock.npy` | float32 `[knots, 2]`, see `pitch`; zero where there is no speech |
| `manifest.csv` | position, class, source, file hash, licence and author of each item |

Crops depend on the seed and the step number only, so a training that continues after a kill draws
the same crops as an uninterrupted one.
"""

from __future__ import annotations

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from codecmark import corpus
from codecmark.corpus import halves
from codecmark.errors import InputError
from codecmark.training.pitch import KNOT, LOWEST_HZ

RATE_HZ = 16_000
MANIFEST, AUDIO, CLOCK = "manifest.csv", "audio.npy", "clock.npy"
SPEECH_SHARE = 0.7  # of the crops
_PEAK = 0.5  # to which the chain scales clips
_QUIETEST_DB = 20.0  # largest attenuation of a crop below that peak
_SPEEDS = 1.3  # largest change of speed, as a factor: it also varies the voices
_NOISY_SHARE = 0.5  # of the crops get background noise, as few recordings are as clean as these
_BACKGROUND_DB = (-65.0, -30.0)  # level of the noise relative to full scale
_TILT_DB = 6.0
_TILT_POINTS = 9


@dataclass(frozen=True)
class Item:
    """One line of the manifest; `first` is the first sample, a multiple of `pitch.KNOT`."""

    name: str
    sha256: str
    first: int
    samples: int
    clip_class: str
    source: str
    licence: str
    author: str
    package: str
    split: str


@dataclass(frozen=True)
class Batch:
    """Crops `[batch, samples]`: waveform, clock in cycles, and cycles per sample."""

    waveform: NDArray[np.float32]
    clock: NDArray[np.float32]
    rate: NDArray[np.float32]
    is_speech: NDArray[np.bool_]


class Dataset:
    """A prepared folder, memory-mapped."""

    def __init__(self, folder: Path) -> None:
        try:
            with (folder / MANIFEST).open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            self.audio = np.load(folder / AUDIO, mmap_mode="r")
            self._clock = np.load(folder / CLOCK, mmap_mode="r")
            self.items = [_item(row) for row in rows]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"--data: {folder} is not prepared ({error}); make it with "
                "`codecmark train data --out DIR`"
            ) from error
        if self.items and self.items[-1].first + self.items[-1].samples > len(self.audio):
            raise InputError(f"--data: {folder / AUDIO} is shorter than {MANIFEST} says")
        _refuse_measured_on(self.items, folder)
        self._groups = self._by_source("train")
        if not self._groups:
            raise InputError(f"--data: {folder} holds nothing to train on")

    @property
    def sha256s(self) -> list[str]:
        """SHA-256 digests of the files that are trained on."""
        return [item.sha256 for item in self.items if item.split == "train"]

    def validation(self, at_most: int) -> list[tuple[Item, NDArray[np.float32]]]:
        """Return at most 4 s each of held-out items, scaled like clips, alternating sources."""
        chosen: list[Item] = []
        # speech decides which weights are best, so it is three quarters if there is enough
        for kind, share in (("other", at_most // 4), ("speech", at_most)):
            groups = [items for name, items in self._by_source("validation") if name == kind]
            turns = max(map(len, groups), default=0)
            ordered = [
                group[turn] for turn in range(turns) for group in groups if turn < len(group)
            ]
            chosen = [*ordered[: share - (len(chosen) if kind == "speech" else 0)], *chosen]
        return [(item, self._scaled(item)[: 4 * RATE_HZ]) for item in chosen]

    def batch(self, seed: int, step: int, size: int, samples: int) -> Batch:
        """Return the crops of a step, which depend on seed and step only."""
        crops = [self._crop(np.random.default_rng([seed, step, i]), samples) for i in range(size)]
        waveform, clock, rate, is_speech = zip(*crops, strict=True)
        return Batch(np.stack(waveform), np.stack(clock), np.stack(rate), np.array(is_speech))

    def _by_source(self, split: str) -> list[tuple[str, list[Item]]]:
        groups: dict[tuple[bool, str], list[Item]] = {}
        for item in self.items:
            if item.split == split:
                key = item.clip_class == "speech", item.source
                groups.setdefault(key, []).append(item)
        return [(("speech" if key[0] else "other"), groups[key]) for key in sorted(groups)]

    def _crop(
        self, rng: np.random.Generator, samples: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], bool]:
        item = self._draw(rng)
        speech = item.clip_class == "speech"
        speed = float(np.exp(rng.uniform(-1, 1) * np.log(_SPEEDS)))
        needed = int(np.ceil(samples * speed)) + 8
        start = int(rng.integers(0, max(1, item.samples - needed)))
        cut = self.audio[item.first + start : item.first + min(start + needed, item.samples)]
        signal = np.zeros(needed, np.float32)
        signal[: len(cut)] = cut
        signal *= _PEAK / max(1.0, float(np.abs(cut.astype(np.int32)).max(initial=0)))
        played = soxr.resample(signal, speed, 1.0)[:samples]
        played = np.pad(played, (0, samples - len(played)))
        gain = 10 ** (-rng.uniform(0, _QUIETEST_DB) / 20)
        waveform = _tilted(played, rng)
        if rng.random() < _NOISY_SHARE:
            waveform = waveform + _background(samples, rng)
        waveform = waveform * np.float32(gain)
        peak = float(np.abs(waveform).max(initial=0))
        waveform = waveform * np.float32(min(1.0, _PEAK / max(peak, 1e-9)))
        if not speech:
            return waveform.astype(np.float32), *_no_clock(samples), False
        positions = item.first + start + speed * np.arange(samples, dtype=np.float64)
        clock, rate = self._clock_at(positions, speed)
        return waveform.astype(np.float32), clock, rate, True

    def _draw(self, rng: np.random.Generator) -> Item:
        kind = "speech" if rng.random() < SPEECH_SHARE else "other"
        groups = [items for name, items in self._groups if name == kind]
        groups = groups or [items for _, items in self._groups]
        seconds = [sum(item.samples for item in items) for items in groups]
        shares = np.sqrt(np.array(seconds, float))
        items = groups[rng.choice(len(groups), p=shares / shares.sum())]
        lengths = np.array([item.samples for item in items], float)
        return items[rng.choice(len(items), p=lengths / lengths.sum())]

    def _clock_at(
        self, positions: NDArray[np.float64], speed: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Interpolate between knots at `positions`, in samples of `audio.npy`."""
        first, last = int(positions[0]) // KNOT, int(positions[-1]) // KNOT + 2
        knots = np.asarray(self._clock[first:last], np.float64)
        index = np.minimum((positions / KNOT).astype(int) - first, len(knots) - 1)
        weight = positions / KNOT - (index + first)
        advance = knots[index, 1]
        clock = (knots[index, 0] + weight * advance) % 1.0
        rate = advance / KNOT * speed
        rate[rate * RATE_HZ < LOWEST_HZ / 2] = 0.0
        return clock.astype(np.float32), rate.astype(np.float32)

    def _scaled(self, item: Item) -> NDArray[np.float32]:
        signal = self.audio[item.first : item.first + item.samples].astype(np.float32)
        return np.asarray(signal * (_PEAK / max(1.0, float(np.abs(signal).max()))), np.float32)


def write_manifest(folder: Path, items: list[Item]) -> None:
    """Write `manifest.csv`."""
    with (folder / MANIFEST).open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [field.name for field in fields(Item)])
        table.writeheader()
        table.writerows(asdict(item) for item in items)


def _item(row: dict[str, str]) -> Item:
    numbers = {"first": int(row["first"]), "samples": int(row["samples"])}
    return Item(**{**row, **numbers})  # type: ignore[arg-type]


def _refuse_measured_on(items: list[Item], folder: Path) -> None:
    measured_on = {
        clip.sha256: f"{clip.name} of the test half" for clip in halves.built_in().half("test")
    }
    measured_on |= {clip.sha256 or "": f"the bundled clip {clip.name}" for clip in corpus.load()}
    for item in items:
        if item.sha256 in measured_on:
            raise InputError(
                f"--data: {folder / MANIFEST} lists {measured_on[item.sha256]}, which must not be "
                "trained on because it is used for measurements: prepare the folder again"
            )


def _no_clock(samples: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.zeros(samples, np.float32), np.zeros(samples, np.float32)


def _background(samples: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return noise between white and brown."""
    level_db, slope = rng.uniform(*_BACKGROUND_DB), rng.uniform(0, 1)
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    spectrum *= (np.arange(len(spectrum)) + 0.01 * len(spectrum)) ** -slope
    noise = np.fft.irfft(spectrum, samples)
    return np.asarray(noise * (10 ** (level_db / 20) / noise.std()), np.float32)


def _tilted(signal: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Filter with a smooth random gain over frequency, to vary microphones and rooms."""
    points = rng.uniform(-_TILT_DB, _TILT_DB, _TILT_POINTS)
    spectrum = np.fft.rfft(signal)
    # evenly spaced in the square root of frequency, so denser where speech is
    where = np.sqrt(np.linspace(0, 1, len(spectrum)))
    gain_db = np.interp(where, np.linspace(0, 1, _TILT_POINTS), points)
    filtered = np.fft.irfft(spectrum * 10 ** (gain_db / 20), len(signal))
    return np.asarray(filtered, np.float32)
