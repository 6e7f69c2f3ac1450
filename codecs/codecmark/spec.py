"""Spec strings: `family:variant@setting`, the name of a codec and the label of its rows.

Examples: `pcm16`, `opus@24k`, `vorbis@q3`, `encodec:24khz@6k`, `mel:16k-64/griffinlim-64`,
`audioldm2:music/hifigan`. A variant may have stages, separated by `/`; one that names a codec has
that codec's variant in it, `replay:dac:16khz@6k`. `#` names another implementation of the
same codec, `encodec:24khz@6k#original`; `+ac` behind it, as in `encodec:24khz@6k+ac`, says that the
codec's tokens are range coded. `~` at the end says how its network runs,
`encodec:24khz@6k~openvino-bfloat16`, see `execution`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from codecmark.errors import InputError
from codecmark.system.execution import EAGER, MARK, Execution

_SPEC = re.compile(
    r"(?P<family>[a-z][a-z0-9_-]*)"
    r"(?::(?P<variant>[A-Za-z0-9_.+-]+(?:[/:][A-Za-z0-9_.+-]+)*))?"
    r"(?:@(?P<setting>[A-Za-z0-9_.+-]+))?"
    r"(?:#(?P<implementation>[a-z]+))?"
)
_RANGE_CODED = "+ac"
_SETTING = re.compile(rf"@[^#+{MARK}]*")
_RATE = re.compile(r"(\d+(?:\.\d+)?)k")


@dataclass(frozen=True)
class Spec:
    """A parsed spec string; `str()` gives it back."""

    family: str
    variant: str | None = None
    setting: str | None = None
    implementation: str | None = None
    range_coded: bool = False
    execution: Execution = EAGER

    @classmethod
    def parse(cls, text: str) -> Spec:
        """Parse a spec string.

        Raises
        ------
        InputError
            If it does not have the form `family:variant@setting`.
        """
        codec, marked, way = text.partition(MARK) if isinstance(text, str) else ("", "", "")
        plain = codec.removesuffix(_RANGE_CODED)
        match = _SPEC.fullmatch(plain)
        if match is None:
            raise InputError(
                f"spec: {text!r} is not of the form family:variant@setting, e.g. opus@24k"
            )
        execution = Execution.parse(way) if marked else EAGER
        return cls(**match.groupdict(), range_coded=plain != codec, execution=execution)

    def __str__(self) -> str:
        variant = f":{self.variant}" if self.variant else ""
        setting = f"@{self.setting}" if self.setting else ""
        implementation = f"#{self.implementation}" if self.implementation else ""
        ending = _RANGE_CODED if self.range_coded else ""
        if way := str(self.execution):
            ending += MARK + way
        return f"{self.family}{variant}{setting}{implementation}{ending}"

    @property
    def plain(self) -> Spec:
        """The spec without `+ac` and without an execution."""
        return replace(self, range_coded=False, execution=EAGER)

    @property
    def stages(self) -> tuple[str, ...]:
        """The variant split at `/`; empty without a variant."""
        return tuple(self.variant.split("/")) if self.variant else ()

    def bitrate_kbps(self, lowest: float, highest: float) -> float:
        """Read the setting as a bitrate such as `24k`.

        Raises
        ------
        InputError
            If it is missing, not a rate, or outside `lowest..highest`.
        """
        kbps = self._rate_kbps()
        if not lowest <= kbps <= highest:
            raise InputError(f"spec: {self}: bitrate must be {lowest:g}k to {highest:g}k")
        return kbps

    def bitrate_among(self, rates_kbps: Collection[float]) -> float:
        """Read the setting as one of a codec's few bitrates.

        Raises
        ------
        InputError
            If it is missing, not a rate, or none of `rates_kbps`, which are named.
        """
        kbps = self._rate_kbps()
        if kbps not in rates_kbps:
            rates = ", ".join(f"{rate:g}k" for rate in rates_kbps)
            raise InputError(f"spec: {self}: bitrate must be one of {rates}")
        return kbps

    def variant_among(self, variants: Collection[str]) -> str:
        """Return the variant.

        Raises
        ------
        InputError
            If it is missing or none of `variants`, which are named.
        """
        if self.variant is None or self.variant not in variants:
            raise InputError(f"spec: {self}: variant must be one of {', '.join(variants)}")
        return self.variant

    def refuse_setting(self) -> None:
        """Raise `InputError` if a setting is given where the codec has none."""
        if self.setting is not None:
            raise InputError(f"spec: {self}: {self.family} takes no setting after '@'")

    def refuse_variant(self) -> None:
        """Raise `InputError` if a variant is given where the codec has none."""
        if self.variant is not None:
            raise InputError(f"spec: {self}: {self.family} takes no variant after ':'")

    def _rate_kbps(self) -> float:
        match = _RATE.fullmatch(self.setting or "")
        if match is None:
            raise InputError(
                f"spec: {self} needs a bitrate in kbit/s after '@', e.g. {self.family}@24k"
            )
        return float(match.group(1))


def without_setting(spec: str) -> str:
    """Return what the settings of one codec share: `encodec:24khz` of `encodec:24khz@6k`."""
    return _SETTING.sub("", spec)
