"""Opus with in-band redundancy, for networks that lose packets: `opus@24k-vbr-fec10`.

Each packet also holds a coarser copy of the one before (RFC 6716, 2.1.7). `fec10` tells the encoder
to expect 10 % of loss, which decides how many bits the copies get. Only SILK's modes have it: at
least about 20 kbit/s for wideband, and a variable bitrate uses it more evenly. A stream decodes
like any other; what the copies are good for shows where packets are lost.
"""

from __future__ import annotations

import re
from dataclasses import replace

from codecmark.classic import ffmpeg_settings
from codecmark.classic.ffmpeg import FfmpegCodec
from codecmark.errors import InputError
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

_WORD = re.compile(r"fec(\d{1,2})")


class OpusFecCodec(FfmpegCodec):
    """Opus that sends a copy of each packet in the next."""

    @classmethod
    def from_spec(cls, spec: Spec, _setup: Setup) -> OpusFecCodec:
        """Build from e.g. `opus@24k-vbr-fec10`."""
        spec.refuse_variant()
        words = (spec.setting or "").split("-")
        marks = [match for word in words if (match := _WORD.fullmatch(word))]
        if len(marks) != 1 or not int(marks[0][1]):
            raise InputError(
                f"spec: {spec}: needs one word of fec1 to fec99, the expected loss in %, e.g. "
                "opus@24k-vbr-fec10"
            )
        percent = int(marks[0][1])
        plain = "-".join(word for word in words if word != marks[0][0])
        setting = ffmpeg_settings.of(replace(spec, setting=plain))
        return cls(
            "opus",
            replace(
                setting,
                text=f"{setting.text}-fec{percent}",
                notes=f"{setting.notes}; in-band redundancy for {percent} % of loss",
                options={**setting.options, "fec": "1", "packet_loss": str(percent)},
            ),
        )
