"""What the campaign attacks: each target takes bytes and says what came of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal, Protocol

Outcome = Literal["taken", "refused"]


class Target(Protocol):
    """One decoder or reader.

    Attributes
    ----------
    name : str
    kind : {"streams", "files"}
        What it is counted among.
    apart : bool
        Whether the suite runs what it calls in a process of its own: there a death costs one file.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def apart(self) -> bool: ...

    def seeds(self) -> list[bytes]:
        """Return valid inputs to start from."""
        ...

    def mutated(self, pool: Sequence[bytes], chance: random.Random) -> bytes:
        """Return a changed input, most of them with checksums that hold."""
        ...

    def run(self, data: bytes) -> Outcome:
        """Decode or read; whatever else it raises is a finding."""
        ...


class FoundError(Exception):
    """What the library did though it says that it never does."""


def kinds() -> dict[str, str]:
    """Return every target's name and kind, streams first."""
    from fuzzing import files, streams

    return {**dict.fromkeys(streams.names(), "streams"), **dict.fromkeys(files.names(), "files")}


def is_apart(name: str) -> bool:
    """Return `Target.apart` without building a decoder."""
    from fuzzing import files

    return name in files.names() and files.named(name).apart


def named(name: str) -> Target:
    """Build a target by name."""
    from fuzzing import files, streams

    return streams.named(name) if name in streams.names() else files.named(name)
