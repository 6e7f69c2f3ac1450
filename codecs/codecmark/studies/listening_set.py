"""A listening set: sounds, what listeners said of them, and who they were.

A folder of the suite's own form holds

`set.toml`
    `name`, `licence`, `source`, `class` (of clips), `reference` (the condition that is the hidden
    reference), `anchors` (list of conditions), and the table `kinds`: for each kind of codec the
    list of its conditions.
`ratings.csv`
    Columns `signal,condition,listener,rating`, one rating a line, 0 to 100.
`stimuli.csv`
    Columns `signal,condition,file`, paths below the folder; a condition without sound has no line.

The folder of the Bernoulli codec's MUSHRA ratings (Stahl, Windtner and Sontacchi, IEEE Access
2024), which has a form of its own, is read as it is.
"""

from __future__ import annotations

import ast
import csv
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codecmark.errors import InputError

HIDDEN_REFERENCE_LEAST = 90.0  # ITU-R BS.1534-3
HIDDEN_REFERENCE_SHARE = 0.15
_SCALE = (0.0, 100.0)
_FOREIGN = "ratings_formated.csv"
_FOREIGN_ABOUT: Mapping[str, Any] = {
    "name": "Bernoulli codec, MUSHRA",
    "licence": "CC BY 4.0",
    "source": "Stahl, Windtner and Sontacchi, IEEE Access 12, 2024: github.com/BenjSta/"
    "bernoulli-var-speech-codec, mushra_results_dataset",
    "class": "speech",
    "reference": "Reference",
    "anchors": ["Anchor"],
    "kinds": {
        "resynthesis from a mel": [
            "Proposed 1.38", "Proposed 1.38 16kHz", "Proposed 5.51", "Proposed 5.51 16kHz",
        ],
        "neural tokens": ["Lyra 3", "Lyra 6", "AudioDec"],
    },
}  # fmt: skip


@dataclass(frozen=True)
class ListeningSet:
    """Ratings of conditions of signals by listeners.

    Attributes
    ----------
    name, licence, source, clip_class : str
    signals, conditions, listeners : tuple of str
        What the axes of `ratings` are.
    ratings : np.ndarray, shape=(signals, conditions, listeners)
        NaN where a listener did not rate.
    files : Mapping
        Sounds, by signal and condition.
    reference : str
        The hidden reference among `conditions`.
    kinds : Mapping
        Kind of codec, by condition; neither reference nor anchors have one.
    """

    name: str
    licence: str
    source: str
    clip_class: str
    signals: tuple[str, ...]
    conditions: tuple[str, ...]
    listeners: tuple[str, ...]
    ratings: NDArray[np.float64]
    files: Mapping[tuple[str, str], Path]
    reference: str
    kinds: Mapping[str, str]

    @property
    def systems(self) -> tuple[str, ...]:
        """The codecs: conditions that have ratings, a kind, and sound for every signal."""
        return tuple(
            name
            for name in self.conditions
            if name in self.kinds and all((signal, name) in self.files for signal in self.signals)
        )

    def condition_means(self) -> dict[str, float]:
        """Return the mean of all ratings of each condition."""
        return {
            name: float(np.nanmean(self.ratings[:, index]))
            for index, name in enumerate(self.conditions)
        }

    def of(self, conditions: Iterable[str]) -> NDArray[np.float64]:
        """Return the ratings of some conditions, in that order."""
        return self.ratings[:, [self.conditions.index(name) for name in conditions]]

    def unreliable(self) -> tuple[str, ...]:
        """Return who rated the hidden reference below 90 in more than 15 % of their items."""
        hidden = self.of([self.reference])[:, 0]
        rated = ~np.isnan(hidden)
        low = (hidden < HIDDEN_REFERENCE_LEAST) & rated
        shares = low.sum(axis=0) / np.maximum(1, rated.sum(axis=0))
        return tuple(np.array(self.listeners)[shares > HIDDEN_REFERENCE_SHARE].tolist())

    def screened(self) -> ListeningSet:
        """Return the set without those listeners."""
        kept = [name not in self.unreliable() for name in self.listeners]
        listeners = tuple(name for name, keep in zip(self.listeners, kept, strict=True) if keep)
        return replace(self, listeners=listeners, ratings=self.ratings[:, :, kept])


def load(folder: Path) -> ListeningSet:
    """Read a listening set.

    Raises
    ------
    InputError
        If the folder is none, or a file says what cannot be: names file and line.
    """
    if (folder / _FOREIGN).is_file():
        ratings = list(_foreign_ratings(folder / _FOREIGN))
        files = {
            (line["signal"], line["condition"]): folder / "audio" / line["file"]
            for _, line in _lines(folder / _FOREIGN)
            if line["file"]
        }
        return _made(folder / _FOREIGN, _FOREIGN_ABOUT, ratings, files)
    described = folder / "set.toml"
    if not described.is_file():
        raise InputError(f"{folder}: no listening set, it holds no set.toml and no {_FOREIGN}")
    try:
        about = tomllib.loads(described.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{described}: {error}") from error
    ratings = [
        (line["signal"], line["condition"], line["listener"], _rating(where, line["rating"]))
        for where, line in _lines(folder / "ratings.csv")
    ]
    files = {
        (line["signal"], line["condition"]): folder / line["file"]
        for _, line in _lines(folder / "stimuli.csv")
    }
    return _made(described, about, ratings, files)


_Rating = tuple[str, str, str, float]


def _made(
    where: Path,
    about: Mapping[str, Any],
    ratings: list[_Rating],
    files: Mapping[tuple[str, str], Path],
) -> ListeningSet:
    texts = {}
    for key in ("name", "licence", "source", "class", "reference"):
        texts[key] = about.get(key)
        if not isinstance(texts[key], str):
            raise InputError(f"{where}: {key}: is missing or no text")
    signals, conditions, listeners = (
        tuple(dict.fromkeys(str(rating[axis]) for rating in ratings)) for axis in range(3)
    )
    kinds = {name: kind for kind, names in about.get("kinds", {}).items() for name in names}
    for name in (texts["reference"], *about.get("anchors", ()), *kinds):
        if name not in conditions:
            raise InputError(f"{where}: no rating of the condition {name!r}")
    array = np.full((len(signals), len(conditions), len(listeners)), np.nan)
    for signal, condition, listener, value in ratings:
        at = signals.index(signal), conditions.index(condition), listeners.index(listener)
        if not np.isnan(array[at]):
            raise InputError(f"{where}: two ratings of {signal}, {condition}, {listener}")
        array[at] = value
    for path in files.values():
        if not path.is_file():
            raise InputError(f"{path}: is not there, and {where.name} counts on it")
    return ListeningSet(
        str(texts["name"]), str(texts["licence"]), str(texts["source"]), str(texts["class"]),
        signals, conditions, listeners, array, files, str(texts["reference"]), kinds,
    )  # fmt: skip


def _foreign_ratings(path: Path) -> Iterator[_Rating]:
    """Yield ratings of a table whose cells are lists."""
    for where, line in _lines(path):
        try:
            values, listeners = (
                ast.literal_eval(line[name]) for name in ("ratings", "participant_ids")
            )
            pairs = list(zip(listeners, values, strict=True))
        except (ValueError, SyntaxError, TypeError) as error:
            raise InputError(f"{where}: ratings and participant_ids are no equal lists") from error
        for listener, value in pairs:
            yield line["signal"], line["condition"], str(listener), _rating(where, value)


def _lines(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, line in enumerate(csv.DictReader(file), 2):
                yield f"{path}, line {number}", _Line(line, path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


class _Line(dict[str, str]):
    """A line of a table; a column that is not there is named."""

    def __init__(self, line: Mapping[str, str], path: Path) -> None:
        super().__init__(line)
        self._path = path

    def __missing__(self, name: str) -> str:
        raise InputError(f"{self._path}: no column {name}")


def _rating(where: str, text: object) -> float:
    try:
        value = float(str(text))
    except ValueError:
        value = np.nan
    if not _SCALE[0] <= value <= _SCALE[1]:
        raise InputError(f"{where}: the rating {text!r} is not a number of 0 to 100")
    return value
