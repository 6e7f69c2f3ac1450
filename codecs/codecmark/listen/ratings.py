"""How a listening test is stored once people have answered: stimuli and ratings.

A *listening set* is a folder with two files, and the audio beside them where there is some:

- `listening.json`: method, title, and for every stimulus its clip, system, role and audio file;
- `ratings.csv`: one line a rating, with the columns `listener,clip,system,rating`; before a name
  that a spreadsheet would compute there is an apostrophe.

Everything that works on ratings (screening, statistics, rows, trials of predictors) reads this
form, wherever the ratings came from. Nothing in it is ever deleted: screening is computed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from codecmark.errors import InputError
from codecmark.listen.csv_tables import bounded_bytes, number, read_csv, unshielded, written
from codecmark.system import schema, whole_files

Method = Literal["acr", "dcr", "mushra"]
Role = Literal["system", "reference", "mid_anchor", "low_anchor", "anchor"]
SCALES: dict[Method, tuple[float, float]] = {"acr": (1, 5), "dcr": (1, 5), "mushra": (0, 100)}
FIELDS: dict[Method, str] = {"acr": "mos", "dcr": "dmos", "mushra": "mushra"}  # of the row
FORMAT: Final = "codecmark-listening-set-1"
HEAD, RATINGS = "listening.json", "ratings.csv"
COLUMNS = ("listener", "clip", "system", "rating")
_LARGEST_HEAD_BYTES = 16 * 2**20
_MOST_SYSTEMS = 1000
_MOST_CELLS = 20_000_000  # of the table of listeners, clips and systems: 160 MB


class Stimulus(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One clip as one system returns it.

    Attributes
    ----------
    clip, system : str
        Together they name it; `system` is a spec where a codec of this suite made it.
    role : {"system", "reference", "mid_anchor", "low_anchor", "anchor"}
        `anchor` is one that no screening rule looks at, e.g. of phase.
    audio : str or None
        The file, relative to the set's folder; None where only ratings are known.
    source, clip_class : str
        Speaker or track (by default the clip), and class of clips, as in the rows.
    """

    clip: str
    system: str
    role: Role = "system"
    audio: str | None = None
    source: str = ""
    clip_class: str = "audio"


class Rating(msgspec.Struct, frozen=True):
    """What one listener said of one stimulus, on the scale of the method."""

    listener: str
    clip: str
    system: str
    value: float


class ListeningSet(msgspec.Struct, frozen=True, dict=True):
    """Stimuli and what listeners said of them.

    Attributes
    ----------
    method : {"acr", "dcr", "mushra"}
    stimuli, ratings : tuple
        No stimulus twice, no rating of an unknown stimulus, of one listener and stimulus one.
    title, licence, plan_sha256 : str
        Empty where not known.
    folder : Path or None
        What the audio files are relative to.
    """

    method: Method
    stimuli: tuple[Stimulus, ...]
    ratings: tuple[Rating, ...]
    title: str = ""
    licence: str = ""
    plan_sha256: str = ""
    folder: Path | None = None

    def __post_init__(self) -> None:
        names = {each for s in self.stimuli for each in (s.clip, s.system, s.source)}
        for name in names.union(rating.listener for rating in self.ratings):
            if not name.isprintable():
                raise InputError(f"names: {name!r:.60} holds what is no text; replace it")
            if name != name.strip():  # tables are read without outer blanks
                raise InputError(f"names: {name!r:.60} begins or ends with a blank; take it away")
        known = {(each.clip, each.system) for each in self.stimuli}
        if len(known) < len(self.stimuli):
            raise InputError("stimuli: one clip of one system is listed twice; leave one out")
        cells = len(self.listeners) * len(self.clips) * len(self.systems)
        if cells > _MOST_CELLS:
            raise InputError(
                f"ratings: {len(self.listeners)} listeners, {len(self.clips)} clips and "
                f"{len(self.systems)} systems make {cells} cells, more than {_MOST_CELLS}; split "
                "the set"
            )
        if len(self.systems) > _MOST_SYSTEMS:  # each is compared with each
            raise InputError(
                f"stimuli: {len(self.systems)} systems, more than {_MOST_SYSTEMS}; split the set"
            )
        lowest, highest = SCALES[self.method]
        seen: set[tuple[str, str, str]] = set()
        for rating in self.ratings:
            who = f"{rating.listener} on {rating.clip} of {rating.system}"
            if (rating.clip, rating.system) not in known:
                raise InputError(f"ratings: {who}: no such stimulus; correct clip or system")
            if not lowest <= rating.value <= highest:
                raise InputError(
                    f"ratings: {who}: {rating.value:g} is outside {lowest:g} to {highest:g}, the "
                    f"scale of {self.method}"
                )
            if (key := (rating.listener, rating.clip, rating.system)) in seen:
                raise InputError(f"ratings: {who} is there twice; keep the one that counts")
            seen.add(key)

    @cached_property
    def listeners(self) -> tuple[str, ...]:
        """Who rated, in the order of the ratings."""
        return tuple(dict.fromkeys(rating.listener for rating in self.ratings))

    @cached_property
    def clips(self) -> tuple[str, ...]:
        """The clips, in the order of the stimuli."""
        return tuple(dict.fromkeys(each.clip for each in self.stimuli))

    @cached_property
    def systems(self) -> tuple[str, ...]:
        """Every system, references and anchors included, in the order of the stimuli."""
        return tuple(dict.fromkeys(each.system for each in self.stimuli))

    @cached_property
    def sources(self) -> dict[str, str]:
        """Speaker or track of each clip."""
        return {each.clip: each.source or each.clip for each in self.stimuli}

    def with_role(self, role: Role) -> tuple[Stimulus, ...]:
        """Return the stimuli of one role."""
        return tuple(each for each in self.stimuli if each.role == role)

    def audio_path(self, stimulus: Stimulus) -> Path | None:
        """Return the audio file of a stimulus; None where there is none."""
        if stimulus.audio is None or self.folder is None:
            return None
        return self.folder / stimulus.audio

    def cube(self) -> NDArray[np.float64]:
        """Return the ratings as `[listeners, clips, systems]`; NaN where there is none."""
        values = np.full((len(self.listeners), len(self.clips), len(self.systems)), np.nan)
        places = [{name: n for n, name in enumerate(names)}
                  for names in (self.listeners, self.clips, self.systems)]  # fmt: skip
        for each in self.ratings:
            at = places[0][each.listener], places[1][each.clip], places[2][each.system]
            values[at] = each.value
        return values

    def without(self, listeners: Iterable[str]) -> ListeningSet:
        """Return the set as if some listeners had not taken part."""
        gone = set(listeners)
        kept = tuple(each for each in self.ratings if each.listener not in gone)
        return msgspec.structs.replace(self, ratings=kept)


class _Head(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What `listening.json` holds."""

    format: Literal["codecmark-listening-set-1"]
    method: Method
    stimuli: Annotated[tuple[Stimulus, ...], msgspec.Meta(min_length=1)]
    title: str = ""
    licence: str = ""
    plan_sha256: str = ""


def read_set(folder: Path) -> ListeningSet:
    """Read a listening set.

    Raises
    ------
    InputError
        If a file is missing, or a field is not what the form says; names file and field.
    """
    head_path = folder / HEAD
    try:
        head = schema.convert(
            msgspec.json.decode(bounded_bytes(head_path, _LARGEST_HEAD_BYTES)), _Head
        )
        check_audio(head.stimuli)
        return ListeningSet(
            head.method, head.stimuli, _read_ratings(folder / RATINGS), head.title, head.licence,
            head.plan_sha256, folder,
        )  # fmt: skip
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InputError(f"{head_path}: cannot be read as JSON ({error})") from error
    except InputError as error:
        where = "" if str(folder) in str(error) else f"{folder}: "
        raise InputError(f"{where}{error}") from error


def write_set(folder: Path, listening: ListeningSet) -> None:
    """Write `listening.json` and `ratings.csv`; audio files are the caller's.

    Raises
    ------
    InputError
        If the folder cannot be written to.
    """
    head = _Head(
        FORMAT, listening.method, listening.stimuli, listening.title, listening.licence,
        listening.plan_sha256,
    )  # fmt: skip
    table = written(
        COLUMNS,
        [((r.listener, r.clip, r.system), (f"{r.value:g}",)) for r in listening.ratings],
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = msgspec.json.format(msgspec.json.encode(head), indent=1)
        whole_files.write_inside(folder, HEAD, text + b"\n")
        whole_files.write_inside(folder, RATINGS, table)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from error


def _read_ratings(path: Path) -> tuple[Rating, ...]:
    return tuple(
        Rating(
            unshielded(line["listener"]), unshielded(line["clip"]), unshielded(line["system"]),
            number(line["rating"], f"{path} line {n}, rating"),
        )
        for n, line in enumerate(read_csv(path, COLUMNS), start=2)
    )  # fmt: skip


def check_audio(stimuli: Iterable[Stimulus]) -> None:
    """Raise `InputError` for a sound outside the set's folder."""
    for each in stimuli:
        path = Path(each.audio or "")
        if path.is_absolute() or path.drive or ".." in path.parts or "\\" in str(path):
            raise InputError(f"audio: {each.audio!r:.80} leaves the set's folder")
