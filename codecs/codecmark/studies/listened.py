"""What a trial of predictors needs of a listening set: ratings as an array, sounds, kinds of codec.

A folder in the form of `listen.ratings` is read, with an optional table `kinds.csv` (columns
`system,kind`) beside it; without one a system's kind is the room that its codec lives in. So is,
as it is, the folder of the Bernoulli codec's MUSHRA ratings (Stahl, Windtner and Sontacchi, IEEE
Access 2024), which has a form of its own.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codecmark import catalog
from codecmark.errors import CodecmarkError, InputError
from codecmark.listen import screening
from codecmark.listen.csv_tables import number, read_csv
from codecmark.listen.ratings import (
    SCALES,
    ListeningSet,
    Rating,
    Role,
    Stimulus,
    read_set,
)
from codecmark.spec import Spec

KINDS_FILE = "kinds.csv"
UNKNOWN_KIND = "unknown"
CLASSIC, RESYNTHESIS, TOKENS = "classic", "resynthesis from a mel", "neural tokens"
LAYERED = "waveform layer beside a mel"
_OF_ROOM = {
    "classic": CLASSIC, "neural": TOKENS, "mel": RESYNTHESIS, "layered": LAYERED,
    "replay": TOKENS,
}  # fmt: skip

_BERNOULLI = "ratings_formated.csv"
_BERNOULLI_TITLE = (
    "MUSHRA ratings of the Bernoulli codec's authors (Stahl, Windtner and Sontacchi, IEEE Access "
    "12, 2024)"
)
_BERNOULLI_ROLES: Mapping[str, Role] = {"Reference": "reference", "Anchor": "anchor"}
_BERNOULLI_KINDS = {
    "Proposed 1.38": RESYNTHESIS, "Proposed 1.38 16kHz": RESYNTHESIS,
    "Proposed 5.51": RESYNTHESIS, "Proposed 5.51 16kHz": RESYNTHESIS,
    "Lyra 3": TOKENS, "Lyra 6": TOKENS, "AudioDec": TOKENS,
}  # fmt: skip


@dataclass(frozen=True)
class Listened:
    """A listening set whose systems have sound.

    Attributes
    ----------
    listening : ListeningSet
    kinds : Mapping
        Kind of codec of each system.
    """

    listening: ListeningSet
    kinds: Mapping[str, str]

    @property
    def systems(self) -> tuple[str, ...]:
        """The codecs that were rated and have sound on every clip."""
        stimuli = [
            stimulus
            for stimulus in self.listening.with_role("system")
            if stimulus.audio is not None
        ]
        names = dict.fromkeys(stimulus.system for stimulus in stimuli)
        with_sound = {(stimulus.clip, stimulus.system) for stimulus in stimuli}
        rated = {(rating.clip, rating.system) for rating in self.listening.ratings}
        return tuple(
            name
            for name in names
            if all((clip, name) in with_sound & rated for clip in self.listening.clips)
        )

    def ratings(self, systems: Iterable[str]) -> NDArray[np.float64]:
        """Return ratings `[clips, systems, listeners]` in points of 0 to 100, NaN where none is."""
        lowest, highest = SCALES[self.listening.method]
        places = [self.listening.systems.index(name) for name in systems]
        values: NDArray[np.float64] = self.listening.cube()[:, :, places].transpose(1, 2, 0)
        return (values - lowest) * (100 / (highest - lowest))

    def sound(self, clip: str, system: str | None) -> tuple[Path, str]:
        """Return the file and class of a stimulus; None is the reference.

        Raises
        ------
        InputError
            If there is no such sound.
        """
        for stimulus in self.listening.stimuli:
            is_asked_for = (
                stimulus.role == "reference" if system is None else stimulus.system == system
            )
            path = self.listening.audio_path(stimulus)
            if is_asked_for and stimulus.clip == clip and path is not None:
                return path, stimulus.clip_class
        raise InputError(f"{clip}: no sound of {system or 'the reference'}; add its file")

    def screened(self) -> Listened:
        """Return the set without the listeners whom a rule leaves out."""
        return Listened(screening.screened(self.listening), self.kinds)


def load(folder: Path) -> Listened:
    """Read a listening set.

    Raises
    ------
    InputError
        If it is none, or fewer than two of its systems have sound and ratings on every clip.
    """
    if (folder / _BERNOULLI).is_file():
        listened = Listened(_bernoulli(folder), _BERNOULLI_KINDS)
    else:
        listening = read_set(folder)
        listened = Listened(listening, _kinds(folder, listening))
    if len(listened.systems) < 2:
        raise InputError(
            f"{folder}: two systems with sound and ratings on every clip are needed, it has "
            f"{len(listened.systems)}"
        )
    return listened


def _kinds(folder: Path, listening: ListeningSet) -> dict[str, str]:
    systems = dict.fromkeys(stimulus.system for stimulus in listening.with_role("system"))
    kinds = {name: _kind_of(name) for name in systems}
    if (path := folder / KINDS_FILE).is_file():
        for line in read_csv(path, ("system", "kind")):
            if line["system"] not in kinds:
                raise InputError(f"{path}: the set has no system {line['system']!r}")
            kinds[line["system"]] = line["kind"]
    return kinds


def _kind_of(system: str) -> str:
    try:
        room = catalog.target(Spec.parse(system)).split(".")[1]
    except CodecmarkError:
        return UNKNOWN_KIND
    return _OF_ROOM.get(room, UNKNOWN_KIND)


def _bernoulli(folder: Path) -> ListeningSet:
    """Read a table whose cells are lists: of ratings, and of who gave them."""
    columns = "signal", "condition", "ratings", "participant_ids", "file"
    path = folder / _BERNOULLI
    stimuli, ratings = [], []
    for index, line in enumerate(read_csv(path, columns), start=2):
        clip, system = line["signal"], line["condition"]
        audio = f"audio/{line['file']}" if line["file"] else None
        role = _BERNOULLI_ROLES.get(system, "system")
        stimuli.append(Stimulus(clip, system, role, audio, clip_class="speech"))
        where = f"{path} line {index}"
        try:
            values, listeners = (
                ast.literal_eval(line[name]) for name in ("ratings", "participant_ids")
            )
            pairs = list(zip(listeners, values, strict=True))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            raise InputError(f"{where}: ratings and participant_ids are no equal lists") from error
        ratings += [
            Rating(str(listener), clip, system, number(str(value), where))
            for listener, value in pairs
        ]
    return ListeningSet(
        "mushra", tuple(stimuli), tuple(ratings), _BERNOULLI_TITLE, "CC BY 4.0", folder=folder
    )
