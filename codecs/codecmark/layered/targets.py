"""Targets of the waveform layers in a spec: `snr10`, `8k`, or several, `snr10-snr20`, `8k-16k`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from codecmark.errors import InputError
from codecmark.spec import Spec

LOWEST_KBPS, HIGHEST_KBPS = 2.0, 64.0
LOWEST_SNR_DB, HIGHEST_SNR_DB = 1.0, 30.0
MOST_LAYERS = 4

_SNR = re.compile(r"snr(\d+(?:\.\d+)?)")
_RATE = re.compile(r"\d+(?:\.\d+)?k")


@dataclass(frozen=True)
class SnrTarget:
    """The SNR that the decoded layers, up to this one, reach."""

    snr_db: float


@dataclass(frozen=True)
class RateTarget:
    """The rate that the stream, up to this layer, fits if possible.

    A clip that is too short or too complex gets the coarsest layers, and its row shows the higher
    rate.
    """

    kbps: float


Targets = tuple[SnrTarget, ...] | tuple[RateTarget, ...]


def of(spec: Spec) -> Targets:
    """Return the targets in a spec's setting, or of its layers beside a codec, the lowest first.

    Raises
    ------
    InputError
        If there are none, they mix SNR and rate, do not increase, or are out of range.
    """
    parts = (spec.layer or spec.setting or "").split("-")
    if len(parts) > MOST_LAYERS:
        raise InputError(f"spec: {spec}: at most {MOST_LAYERS} waveform layers")
    if not all(_SNR.fullmatch(part) or _RATE.fullmatch(part) for part in parts):
        codec = str(spec).rpartition("@")[0] if spec.layer or spec.setting else str(spec)
        raise InputError(
            f"spec: {spec} needs an SNR or a rate after '@', or increasing ones: {codec}@snr10, "
            f"{codec}@8k, {codec}@snr10-snr20"
        )
    matches = [_SNR.fullmatch(part) for part in parts]
    if any(matches):
        snrs_db = [float(match.group(1)) for match in matches if match is not None]
        if len(snrs_db) < len(parts):
            raise InputError(
                f"spec: {spec}: use SNR targets or rate targets, not both, e.g. snr10-snr20"
            )
        if not all(LOWEST_SNR_DB <= snr_db <= HIGHEST_SNR_DB for snr_db in snrs_db):
            raise InputError(
                f"spec: {spec}: SNR must be snr{LOWEST_SNR_DB:g} to snr{HIGHEST_SNR_DB:g}"
            )
        _require_rising(spec, snrs_db)
        return tuple(SnrTarget(snr_db) for snr_db in snrs_db)
    rates = [float(part.removesuffix("k")) for part in parts]
    if not all(LOWEST_KBPS <= kbps <= HIGHEST_KBPS for kbps in rates):
        raise InputError(f"spec: {spec}: bitrate must be {LOWEST_KBPS:g}k to {HIGHEST_KBPS:g}k")
    _require_rising(spec, rates)
    return tuple(RateTarget(rate) for rate in rates)


def _require_rising(spec: Spec, values: list[float]) -> None:
    if any(after <= before for before, after in pairwise(values)):
        raise InputError(f"spec: {spec}: each layer's target must be above the one before it")
