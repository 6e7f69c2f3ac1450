"""What a clip goes through beside the codec: one value for each axis that applies, checked.

- Tandem coding: `passes` times in a row, with the samples rounded to 16 bits between, as studios
  and exchanges hand them on. With `passed_through` another codec takes turns; the row's own codec
  comes last, and size and stream are those of its last pass.
- `noise_snr_db`, `level_db`, `overdrive_db`, `shift_samples`: see `clip_changes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from codecmark import catalog
from codecmark.clip import AudioClip
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import InputError
from codecmark.measure.impairments import clip_changes
from codecmark.results import axes
from codecmark.results.axes import Axes
from codecmark.spec import Spec

_MOST_PASSES = 100
# lowest and highest value of what has limits
_LIMITS: dict[str, tuple[float, float]] = {
    "passes": (2, _MOST_PASSES),
    "noise_snr_db": (-20, 90),
    "level_db": (-80, 20),
    "overdrive_db": (1, 60),
    "shift_samples": (1, 1_000_000),
}
_NOT_CODED_HERE = ("replay", "elsewhere")  # families of published sound: nothing can be coded anew


@dataclass(frozen=True)
class Treatment:
    """The axes of a row; see `results.row.AXES`. None does not apply."""

    passes: int | None = None
    passed_through: str | None = None
    noise_snr_db: float | None = None
    level_db: float | None = None
    overdrive_db: float | None = None
    shift_samples: int | None = None

    @classmethod
    def of(cls, named: Axes) -> Treatment:
        """Check the values of some axes and complete them.

        Raises
        ------
        InputError
            If a value is out of range, or the axis is not one that can be asked for: names it.
        """
        fields = cls.__dataclass_fields__
        if unknown := [name for name in named if name not in fields]:
            raise InputError(
                f"axes: {unknown[0]} cannot be asked for; choose from {', '.join(fields)}"
            )
        for name, (lowest, highest) in _LIMITS.items():
            value = named.get(name)
            if isinstance(value, int | float) and not lowest <= value <= highest:
                raise InputError(f"axes: {name}: {value} is outside {lowest:g}..{highest:g}")
        values: dict[str, Any] = dict(named)
        if "passed_through" in values:
            other = Spec.parse(str(values["passed_through"]))
            catalog.target(other)
            values["passed_through"] = str(other)
            values.setdefault("passes", 2)
        return cls(**values)

    def __bool__(self) -> bool:
        return bool(self.axes)

    @property
    def axes(self) -> Axes:
        """The axes that apply, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def __str__(self) -> str:
        return axes.in_words(self.axes)

    def refusal(self, spec: str) -> str | None:
        """Return why a codec cannot go through this, or None if it can."""
        if self and Spec.parse(spec).family in _NOT_CODED_HERE:
            return "it is published sound, and codes nothing here"
        return None

    def changed(self, clip: PreparedClip) -> PreparedClip:
        """Return the clip as the codec is given it."""
        audio = clip.audio
        for change in self._changes(clip.name):
            audio = change(audio)
        return clip if audio is clip.audio else replace(clip, audio=audio)

    def _changes(self, name: str) -> Sequence[Callable[[AudioClip], AudioClip]]:
        """Return what is done to a clip, in the order of a microphone and its amplifier."""
        changes: list[Callable[[AudioClip], AudioClip]] = []
        if (shift := self.shift_samples) is not None:
            changes.append(lambda audio: clip_changes.shifted(audio, shift))
        if (snr_db := self.noise_snr_db) is not None:
            changes.append(lambda audio: clip_changes.with_noise(audio, snr_db, name))
        if (overdrive_db := self.overdrive_db) is not None:
            changes.append(lambda audio: clip_changes.overdriven(audio, overdrive_db))
        if (gain_db := self.level_db) is not None:
            changes.append(lambda audio: clip_changes.at_level(audio, gain_db))
        return changes


UNTREATED = Treatment()


def require_possible(specs: Sequence[str], treatment: Treatment) -> None:
    """Check that codecs can go through a treatment.

    Raises
    ------
    InputError
        If some cannot: names them and why.
    """
    refusals = {spec: why for spec in specs if (why := treatment.refusal(spec)) is not None}
    if refusals:
        raise InputError(
            f"axes: {treatment} does not go with "
            + "; ".join(f"{spec}: {why}" for spec, why in refusals.items())
        )
