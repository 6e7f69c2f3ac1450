"""A planned test on disk: what a listener's page may know, and the key that it may not.

A test is a folder:

- `plan.json`: method, wording, pages of stimuli under random names;
- `key.json`: which clip and system each random name is, how it was made and what it weighs;
- `stimuli/NAME.wav`: 48 kHz, 16 bits;
- `answers.jsonl`: who came and what they said, see `journal`.

The plan's digest is over `plan.json` and `key.json`, so that ratings cannot be read with the key of
another test.
"""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from codecmark.codec import Evidence
from codecmark.errors import InputError
from codecmark.listen.ratings import Method, Role, Stimulus
from codecmark.system import schema, whole_files

TestMethod = Literal["acr", "dcr", "mushra", "ab", "abx"]
PLAN, KEY, STIMULI, ANSWERS = "plan.json", "key.json", "stimuli", "answers.jsonl"
LOCK, TOKEN = ".lock", ".token"
RATE_HZ = 48_000  # no browser has to resample
RATED: tuple[Method, ...] = ("acr", "dcr", "mushra")
_NAME = r"^[a-z0-9]{12}$"
_Kind = TypeVar("_Kind")
Name = Annotated[str, msgspec.Meta(pattern=_NAME, description="12 small letters and digits")]


class PlanPage(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is judged at once.

    Attributes
    ----------
    name : str
    items : tuple of str
        Stimuli to judge: one in ACR and DCR, any number in MUSHRA, the two sides in AB and ABX.
    reference : str or None
        What is heard openly as the reference.
    training : bool
        Before the test; stored and not counted.
    hear_s : float
        How long each stimulus has to be heard before it can be judged.
    """

    name: Name
    items: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
    reference: Name | None = None
    training: bool = False
    hear_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.0


class Plan(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What the pages show; of stimuli it tells no more than which one is the open reference.

    Attributes
    ----------
    pages_each : int
        How many of the pages that count a listener gets.
    break_after : int
        A pause is offered after so many pages.
    """

    format: Literal["codecmark-listening-plan-1"]
    method: TestMethod
    title: str
    seed: int
    pages: Annotated[tuple[PlanPage, ...], msgspec.Meta(min_length=1)]
    pages_each: Annotated[int, msgspec.Meta(ge=1)]
    break_after: Annotated[int, msgspec.Meta(ge=1)] = 20


class KeyEntry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a stimulus is; level in LU beside its clip's reference."""

    clip: str
    system: str
    role: Role
    source: str
    clip_class: str
    wav_sha256: str
    family: str = ""
    weights: Evidence | None = None
    clip_s: float = 0.0
    clip_sha256: str = ""
    pcm16_bytes: int = 0
    stream_bytes: int = 0
    loudness_difference_lu: float = 0.0


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names' meaning; stays where the test is served from.

    `secret` is what the orders of sounds are drawn with: whoever could draw them again would know
    which sound is which. Tests that were planned before there was one have none.
    """

    condition: str
    stimuli: dict[Name, KeyEntry]
    secret: str = ""


class Design(msgspec.Struct, frozen=True, dict=True):
    """A whole planned test."""

    folder: Path
    plan: Plan
    key: Key
    sha256: str

    def page(self, name: str) -> PlanPage:
        """Return a page by its name, or raise `InputError`."""
        page = self._pages.get(name)
        if page is None:
            raise InputError(f"page: this test has no {name!r:.40}")
        return page

    @cached_property
    def _pages(self) -> dict[str, PlanPage]:
        return {page.name: page for page in self.plan.pages}

    def wav(self, name: str) -> Path:
        """Return the file of a stimulus of the key, or raise `InputError`: of nothing else."""
        if name not in self.key.stimuli:
            raise InputError(f"stimulus: this test has no {name!r:.40}")
        return self.folder / STIMULI / f"{name}.wav"

    def sound(self, name: str) -> bytes:
        """Return the bytes of a stimulus, or raise `InputError` if they are not as planned.

        So that nobody hears anything else, nor reads another file through a link in its place.
        """
        path = self.wav(name)
        try:
            # neither link nor device, which may go on without end
            data = b"" if path.is_symlink() or not path.is_file() else path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
        if hashlib.sha256(data).hexdigest() != self.key.stimuli[name].wav_sha256:
            raise InputError(f"stimulus: {name} is not what was planned; plan the test anew")
        return data

    def stimuli(self) -> tuple[Stimulus, ...]:
        """Return what is judged on pages that count, with files relative to the folder."""
        counted = {name for page in self.plan.pages if not page.training for name in page.items}
        return tuple(
            Stimulus(
                one.clip, one.system, one.role, f"{STIMULI}/{name}.wav", one.source, one.clip_class
            )
            for name, one in self.key.stimuli.items()
            if name in counted
        )

    def rated_method(self) -> Method:
        """Return the method, or raise `InputError` where there is no scale of ratings."""
        if self.plan.method not in RATED:
            raise InputError(f"method: {self.plan.method} gives choices, not ratings")
        return self.plan.method


def write(folder: Path, plan: Plan, key: Key) -> Design:
    """Write plan and key into an existing folder."""
    plan_bytes, key_bytes = (
        msgspec.json.format(msgspec.json.encode(each), indent=1) + b"\n" for each in (plan, key)
    )
    for name, data in ((PLAN, plan_bytes), (KEY, key_bytes)):
        whole_files.write_inside(folder, name, data, mode=0o600)
    return Design(folder, plan, key, _digest(plan_bytes, key_bytes))


def read(folder: Path) -> Design:
    """Read a planned test.

    Raises
    ------
    InputError
        If it is none, or plan and key do not belong together; names file and field.
    """
    for name in (PLAN, KEY, STIMULI, ANSWERS, LOCK, TOKEN):
        if (folder / name).is_symlink():
            raise InputError(
                f"{folder / name}: is a link; a test is read and written in its folder only"
            )
    plan_bytes, key_bytes = _bytes(folder / PLAN), _bytes(folder / KEY)
    plan = _decoded(folder / PLAN, plan_bytes, Plan)
    key = _decoded(folder / KEY, key_bytes, Key)
    for page in plan.pages:
        for name in (*page.items, *filter(None, [page.reference])):
            if name not in key.stimuli:
                raise InputError(f"{folder / KEY}: has no {name}, which page {page.name} shows")
    if len({page.name for page in plan.pages}) < len(plan.pages):
        raise InputError(f"{folder / PLAN}: a page is there twice")
    return Design(folder, plan, key, _digest(plan_bytes, key_bytes))


def is_name(text: str) -> bool:
    """Say whether a text could name a page or a stimulus."""
    return re.fullmatch(_NAME, text) is not None


def _digest(plan: bytes, key: bytes) -> str:
    return hashlib.sha256(plan + b"\0" + key).hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); `codecmark listen plan` makes a test"
        ) from error


def _decoded(path: Path, data: bytes, kind: type[_Kind]) -> _Kind:
    try:
        return schema.convert(msgspec.json.decode(data), kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
