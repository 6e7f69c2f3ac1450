"""Spec strings: `family:variant@setting` names a codec and labels its rows.

Examples: `pcm16`, `opus@24k`, `vorbis@q3`, `encodec:24khz@6k`, `mel:16k-64/griffinlim-64`,
`audioldm2:music/hifigan`.

- A variant may have stages, separated by `/`. A variant that names another codec includes that
  codec's variant: `replay:dac:16khz@6k`.
- `#` selects another implementation of the same codec: `encodec:24khz@6k#original`.
- `+ac` range-codes the codec's tokens: `encodec:24khz@6k+ac`.
- `+wave@` behind a codec adds waveform layers on what it decodes: `lyra@6k+wave@snr10`. Without a
  setting or a stage before it, it is the family's own variant: `mel:16k-64+wave@snr10`.
- `~` selects how the network runs, see `system.execution`: `encodec:24khz@6k~openvino-bfloat16`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache

from codecmark.errors import InputError
from codecmark.system.execution import EAGER, MARK, Execution

_SPEC = re.compile(
    r"(?P<family>[a-z][a-z0-9_-]*)"
    r"(?::(?P<variant>[A-Za-z0-9_.+-]+(?:[/:][A-Za-z0-9_.+-]+)*))?"
    r"(?:@(?P<setting>[A-Za-z0-9_.+-]+))?"
    r"(?:#(?P<implementation>[a-z]+))?"
)
_LONGEST = 500
_RANGE_CODED = "+ac"
_WAVE = "+wave@"
_LAYER = re.compile(
    r"(?P<base>[^@]*@[^@]*|[^@]*/[^@]*|[a-z0-9_-]*)\+wave@(?P<layer>[A-Za-z0-9.-]+)"
)
_SETTING = re.compile(rf"@(?P<setting>[^#+{MARK}]*)")
_RATE = re.compile(r"(\d+(?:\.\d+)?)k")


@dataclass(frozen=True)
class Spec:
    """A parsed spec string; `str()` restores it.

    `layer` holds the targets of waveform layers beside the codec.
    """

    family: str
    variant: str | None = None
    setting: str | None = None
    implementation: str | None = None
    layer: str | None = None
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
        # a stranger's text may be long, and the pattern of layers takes its square
        usable = isinstance(text, str) and len(text) <= _LONGEST
        codec, mark, execution_text = text.partition(MARK) if usable else ("", "", "")
        layered = _LAYER.fullmatch(codec)
        base = layered["base"] if layered else codec
        plain = base.removesuffix(_RANGE_CODED)
        match = _SPEC.fullmatch(plain)
        if match is None:
            shown = repr(text)[:_LONGEST]
            raise InputError(
                f"spec: {shown} is not of the form family:variant@setting, e.g. opus@24k"
            )
        execution = Execution.parse(execution_text) if mark else EAGER
        return cls(
            **match.groupdict(),
            layer=layered["layer"] if layered else None,
            range_coded=plain != base,
            execution=execution,
        )

    def __str__(self) -> str:
        variant = f":{self.variant}" if self.variant else ""
        setting = f"@{self.setting}" if self.setting else ""
        implementation = f"#{self.implementation}" if self.implementation else ""
        ending = _RANGE_CODED if self.range_coded else ""
        if self.layer:
            ending += f"{_WAVE}{self.layer}"
        if execution_text := str(self.execution):
            ending += MARK + execution_text
        return f"{self.family}{variant}{setting}{implementation}{ending}"

    @property
    def plain(self) -> Spec:
        """The spec without `+ac`, layers beside the codec and an execution."""
        return replace(self, range_coded=False, layer=None, execution=EAGER)

    @property
    def stages(self) -> tuple[str, ...]:
        """The variant split at `/`; empty if there is no variant."""
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
            If it is missing, not a rate, or not in `rates_kbps`; lists the valid rates.
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
            If it is missing or not in `variants`; lists the valid ones.
        """
        if self.variant is None or self.variant not in variants:
            raise InputError(f"spec: {self}: variant must be one of {', '.join(variants)}")
        return self.variant

    def refuse_setting(self) -> None:
        """Raise `InputError` if the spec has a setting, for codecs that take none."""
        if self.setting is not None:
            raise InputError(f"spec: {self}: {self.family} takes no setting after '@'")

    def refuse_variant(self) -> None:
        """Raise `InputError` if the spec has a variant, for codecs that take none."""
        if self.variant is not None:
            raise InputError(f"spec: {self}: {self.family} takes no variant after ':'")

    def _rate_kbps(self) -> float:
        match = _RATE.fullmatch(self.setting or "")
        if match is None:
            raise InputError(
                f"spec: {self} needs a bitrate in kbit/s after '@', e.g. {self.family}@24k"
            )
        return float(match.group(1))


@lru_cache(maxsize=4_096)
def without_setting(spec: str) -> str:
    """Return a spec without its rate, which names the curve that its settings lie on.

    `encodec:24khz` for `encodec:24khz@6k`. What else a setting says stays, since it is another
    curve: `opus@vbr-60ms` for `opus@12k-vbr-60ms`. So is the base of waveform layers:
    `lyra@6k+wave` for `lyra@6k+wave@snr10`.
    """
    if _LAYER.fullmatch(spec.partition(MARK)[0]):
        base, at, target = spec.rpartition("@")
        return base + _SETTING.sub(_mode, at + target)
    return _SETTING.sub(_mode, spec)


def _mode(match: re.Match[str]) -> str:
    rate, *words = match["setting"].split("-")
    kept = [word for word in words if not _RATE.fullmatch(word)] if _RATE.fullmatch(rate) else []
    return f"@{'-'.join(kept)}" if kept else ""
