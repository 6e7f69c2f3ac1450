"""What `dac_speed` measured, as `results/dac_speed.json` holds it."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct

from codecmark.system import whole_files


class Times(Struct, frozen=True):
    """Real-time factors of one phase in one execution, one for each round."""

    processor: tuple[float, ...]
    passed: tuple[float, ...]  # by the time that passed, which other work makes longer

    def clock(self, threads: int) -> tuple[float, ...]:
        """Return what counts: processor seconds on one thread, on more the time that passed."""
        return self.processor if threads == 1 else self.passed

    def rtf(self, threads: int) -> float:
        """Return the median of what counts."""
        return median(self.clock(threads))


class Way(Struct, frozen=True):
    """One execution of a decoder.

    Attributes
    ----------
    name : str
        Backend and dtype.
    decode : Times
    agreement_db : float or None
        SNR against the first way's output from the same stream; None if they are the same.
    agreement_at_level_db : float or None
        The same with weights that keep the signal's level from layer to layer; None if it was not
        measured.
    """

    name: str
    decode: Times
    agreement_db: float | None = None
    agreement_at_level_db: float | None = None

    @property
    def agreements_db(self) -> list[float]:
        """Return those of both that are figures."""
        return [
            value for value in (self.agreement_db, self.agreement_at_level_db) if value is not None
        ]


class Subject(Struct, frozen=True):
    """One codec in all its executions; the first is the reference.

    Attributes
    ----------
    spec : str
    seconds : float
        How much audio each call was given.
    encode : Times
        Of the first way: executions change decoders only.
    ways : tuple of Way
    absent : dict
        Why, by the name of each way that is not here.
    products_per_s : dict
        Products for a second of audio by `encoder` and `decoder`, in layers as they are written,
        and by `fused` decoder.
    """

    spec: str
    seconds: float
    encode: Times
    ways: tuple[Way, ...]
    absent: dict[str, str]
    products_per_s: dict[str, float] = {}

    def way(self, name: str) -> Way | None:
        """Return one execution, None if it is not here."""
        return next((way for way in self.ways if way.name == name), None)


class Measured(Struct, frozen=True):
    """All subjects on one number of threads; `reach` is products a processor second by dtype."""

    threads: int
    host: str
    versions: dict[str, str]
    load: float  # average over the minute before
    rounds: int
    codecs: tuple[Subject, ...]
    chain: Subject
    reach: dict[str, float]


def read(path: Path) -> dict[int, Measured]:
    """Return what a file holds, by number of threads; nothing if there is none."""
    if not path.is_file():
        return {}
    stored = msgspec.json.decode(path.read_bytes(), type=list[Measured])
    return {measured.threads: measured for measured in stored}


def write(path: Path, by_threads: dict[int, Measured]) -> None:
    """Write the file anew."""
    ordered = [by_threads[count] for count in sorted(by_threads)]
    content = msgspec.json.format(msgspec.json.encode(_rounded(ordered)), indent=1)
    whole_files.replace(path, content + b"\n")


def _rounded(ordered: list[Measured]) -> object:
    """Return plain data with four digits of each number, which is more than any repeats."""

    def short(value: object) -> object:
        if isinstance(value, float):
            return float(f"{value:.4g}")
        if isinstance(value, dict):
            return {key: short(inner) for key, inner in value.items()}
        return [short(inner) for inner in value] if isinstance(value, list | tuple) else value

    return short(msgspec.to_builtins(ordered))
