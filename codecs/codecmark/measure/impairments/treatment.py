"""What a clip goes through beside the codec: one value for each axis that applies, checked.

- Tandem coding: `passes` times in a row, with the samples rounded to 16 bits between, as studios
  and exchanges hand them on. With `passed_through` another codec takes turns; the row's own codec
  comes last, and size and stream are those of its last pass.
- Packet loss: `loss_percent` by a `loss_pattern` of `loss_patterns`, by default in bursts, with a
  `concealment` of `concealment`, by default the codec's own.
- `bit_error_rate`: see `bit_errors`.
- `noise_snr_db`, `level_db`, `overdrive_db`, `shift_samples`: see `clip_changes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from codecmark import catalog
from codecmark.clip import AudioClip
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import InputError
from codecmark.measure.impairments import clip_changes, concealment, loss_patterns, packets
from codecmark.results import axes
from codecmark.results.axes import Axes
from codecmark.results.row import AXES
from codecmark.spec import Spec

_MOST_PASSES = 100
# lowest and highest value of what has limits
_LIMITS: dict[str, tuple[float, float]] = {
    "loss_percent": (0, 90),
    "bit_error_rate": (1e-7, 0.5),
    "passes": (2, _MOST_PASSES),
    "noise_snr_db": (-20, 90),
    "level_db": (-80, 20),
    "overdrive_db": (1, 60),
    "shift_samples": (1, 1_000_000),
}
_NOT_CODED_HERE = ("replay", "elsewhere")  # families of published sound: nothing can be coded anew


@dataclass(frozen=True)
class Treatment:
    """The axes of a row; see `results.row.AXES`. None does not apply.

    `recording` are the slots of a recorded pattern, as bytes 0 and 1.
    """

    loss_percent: float | None = None
    loss_pattern: str | None = None
    concealment: str | None = None
    bit_error_rate: float | None = None
    passes: int | None = None
    passed_through: str | None = None
    noise_snr_db: float | None = None
    level_db: float | None = None
    overdrive_db: float | None = None
    shift_samples: int | None = None
    recording: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, named: Axes) -> Treatment:
        """Check the values of some axes and complete them.

        Raises
        ------
        InputError
            If a value is out of range, or a recording cannot be read: names it.
        """
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
        if values.keys() & {"loss_percent", "loss_pattern", "concealment"}:
            _complete_loss(values)
        return cls(**values)

    def __bool__(self) -> bool:
        return bool(self.axes)

    @property
    def axes(self) -> Axes:
        """The axes that apply, by name."""
        values = ((name, getattr(self, name)) for name in AXES)
        return {name: value for name, value in values if value is not None}

    @property
    def needs_packets(self) -> bool:
        """Whether it is packets that something happens to."""
        return self.loss_pattern is not None or self.bit_error_rate is not None

    def has_plugin(self, spec: str) -> bool:
        """Whether another distribution's code codes what goes through this and a codec."""
        return any(catalog.is_plugin(Spec.parse(name).family) for name in self.specs(spec))

    def specs(self, spec: str) -> tuple[str, ...]:
        """Return a codec's spec, and that of the one that clips pass through besides, if any."""
        return (spec,) if self.passed_through is None else (spec, self.passed_through)

    def __str__(self) -> str:
        return axes.in_words(self.axes)

    def refusal(self, spec: str) -> str | None:
        """Return why a codec cannot go through this, or None if it can."""
        if self and Spec.parse(spec).family in _NOT_CODED_HERE:
            return "it is published sound, and codes nothing here"
        return packets.refusal(spec, self.concealment) if self.needs_packets else None

    def lost_slots(self, duration_s: float, clip: str) -> loss_patterns.Lost:
        """Return which slots of 20 ms of a clip are lost, by the clip's name."""
        slots = -int(-duration_s // loss_patterns.SLOT_S)
        if self.recording is not None:
            recording = np.frombuffer(self.recording, np.uint8).astype(bool)
            return loss_patterns.recorded(recording, slots, clip)
        return loss_patterns.synthetic(
            self.loss_pattern or "", self.loss_percent or 0.0, slots, clip
        )

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


def _complete_loss(values: dict[str, Any]) -> None:
    """Fill in what of packet loss was not named; a recording states its own share."""
    pattern = str(values.setdefault("loss_pattern", loss_patterns.BURSTS))
    kind = values.setdefault("concealment", concealment.OWN)
    if kind not in concealment.KINDS:
        known = ", ".join(concealment.KINDS)
        raise InputError(f"axes: concealment: no {kind!r}; choose from {known}")
    if pattern in loss_patterns.SYNTHETIC:
        if "loss_percent" not in values:
            raise InputError(f"axes: loss_pattern: {pattern} needs loss_percent, e.g. 10")
        return
    lost = loss_patterns.read_recording(Path(pattern))
    percent = round(100 * float(lost.mean()), 2)
    if values.setdefault("loss_percent", percent) != percent:
        raise InputError(f"axes: loss_percent: {pattern} loses {percent:g}; leave it out")
    values["recording"] = lost.astype(np.uint8).tobytes()
    # the same on every machine, wherever the file is
    values["loss_pattern"] = f"{Path(pattern).stem}-{sha256(values['recording']).hexdigest()[:8]}"


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
