"""What Opus, MP3 and AAC can be asked for after `@`, and the options that FFmpeg takes for it.

- `opus@12k` is constant bitrate in frames of 20 ms. `vbr` makes it variable, as libopus is by
  default; `10ms`, `40ms` and `60ms` are other frame lengths; `voip` is libopus' application for
  calls in place of `audio`: `opus@12k-vbr-60ms-voip`. Frames of 40 and 60 ms save side information
  in SILK's modes only, in CELT's they are several frames of 20 ms in one packet.
- `mp3@32k` is constant bitrate, at one of the rates of the standard: LAME would round any other.
  `mp3@v4` is variable bitrate at a quality from v0, the best, to v9.
- `aac@32k` is what FFmpeg's encoder makes of a mean bitrate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codecmark.errors import InputError
from codecmark.spec import Spec

_OPUS_RATE_HZ = 48_000
_OPUS_FRAMES_MS = (10, 20, 40, 60)
_OPUS_FRAME_MS = 20  # where the spec names none
_OPUS_LOOKAHEAD = 312  # samples at 48 kHz, in both applications
_MP3_QUALITY = re.compile(r"v(\d)")
_MP3_RATES_KBPS = (
    8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320,
)  # fmt: skip
_LAMBDA = 118  # FFmpeg's FF_QP2LAMBDA: its unit of quality


@dataclass(frozen=True)
class Setting:
    """A parsed setting.

    Attributes
    ----------
    text : str
        The setting in its one form, whatever the order in which it was written.
    bitrate_kbps : float or None
        None if a quality is asked for.
    delay_samples : int
        Algorithmic delay: frame, look-ahead and overlap, at the decoded rate.
    live_chunk_samples : int
        A frame at 16 kHz.
    notes : str
        What a reader must know.
    options : mapping of str to str
        The encoder's options.
    """

    text: str
    bitrate_kbps: float | None
    delay_samples: int
    live_chunk_samples: int
    notes: str
    options: Mapping[str, str] = field(default_factory=dict)


def of(spec: Spec) -> Setting:
    """Read the setting of a spec of one of the three families.

    Raises
    ------
    InputError
        If the codec has no such setting; names those that it has.
    """
    return _PARSERS[spec.family](spec)


def _opus(spec: Spec) -> Setting:
    rate, *words = _words(spec)
    kbps = replace(spec, setting=rate).bitrate_kbps(6, 256)
    frames_ms = {f"{frame_ms}ms": frame_ms for frame_ms in _OPUS_FRAMES_MS}
    named_frames = [word for word in words if word in frames_ms]
    if (
        len({*words}) < len(words)
        or len(named_frames) > 1
        or {*words} - {"vbr", "voip", *frames_ms}
    ):
        raise InputError(
            f"spec: {spec}: after its bitrate opus takes vbr, one of {', '.join(frames_ms)}, and "
            "voip, each once, e.g. opus@12k-vbr-60ms"
        )
    frame_ms = frames_ms[named_frames[0]] if named_frames else _OPUS_FRAME_MS
    parts = [f"{kbps:g}k"]
    parts += ["vbr"] if "vbr" in words else []
    parts += [f"{frame_ms}ms"] if frame_ms != _OPUS_FRAME_MS else []
    parts += ["voip"] if "voip" in words else []
    notes = f"{'variable' if 'vbr' in words else 'constant'} bitrate, {frame_ms} ms frames"
    if "voip" in words:
        notes += ", application voip: its high-pass filter shifts the phase, which lowers SNR"
    return Setting(
        text="-".join(parts),
        bitrate_kbps=kbps,
        delay_samples=frame_ms * _OPUS_RATE_HZ // 1000 + _OPUS_LOOKAHEAD,
        live_chunk_samples=16 * frame_ms,
        notes=f"{notes}; decoded at 48 kHz",
        options={
            "vbr": "on" if "vbr" in words else "off",
            "frame_duration": str(frame_ms),
            "application": "voip" if "voip" in words else "audio",
        },
    )


def _mp3(spec: Spec) -> Setting:
    delay_samples, chunk_samples = 1_152 + 1_105, 576
    quality = _MP3_QUALITY.fullmatch(spec.setting or "")
    if quality is not None:
        options = {"flags": "+qscale", "global_quality": str(_LAMBDA * int(quality[1]))}
        notes = "variable bitrate at a quality of LAME's, v0 the best; bit reservoir on"
        return Setting(quality[0], None, delay_samples, chunk_samples, notes, options)
    rate, *words = _words(spec)
    if words or rate.startswith("v"):
        raise InputError(
            f"spec: {spec}: mp3 takes a constant bitrate, e.g. mp3@32k, or for a variable one a "
            "quality from mp3@v0, the best, to mp3@v9"
        )
    kbps = spec.bitrate_kbps(_MP3_RATES_KBPS[0], _MP3_RATES_KBPS[-1])
    if kbps not in _MP3_RATES_KBPS:
        near = sorted(_MP3_RATES_KBPS, key=lambda known: abs(known - kbps))[:2]
        remedy = " or ".join(f"mp3@{known}k" for known in sorted(near))
        raise InputError(f"spec: {spec}: MP3 has no such bitrate; use {remedy}")
    notes = "constant bitrate, bit reservoir on; from 32 kHz at least 32 kbit/s, below at most 160"
    return Setting(f"{kbps:g}k", kbps, delay_samples, chunk_samples, notes)


def _aac(spec: Spec) -> Setting:
    _, *words = _words(spec)
    if words:
        raise InputError(
            f"spec: {spec}: aac takes a bitrate alone, e.g. aac@32k, since FFmpeg's encoder has no "
            "other mode that is kept up"
        )
    kbps = spec.bitrate_kbps(8, 512)
    notes = "FFmpeg's AAC-LC encoder; its rate drifts from the asked one, see bitrate_kbps"
    return Setting(f"{kbps:g}k", kbps, 3 * 1_024, 1_024, notes)


def _words(spec: Spec) -> Sequence[str]:
    return (spec.setting or "").split("-")


_PARSERS: dict[str, Callable[[Spec], Setting]] = {"opus": _opus, "mp3": _mp3, "aac": _aac}
