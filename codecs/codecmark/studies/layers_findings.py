"""Findings of the layered codec's study, as sentences whose figures are all measured.

Figures that were not measured are left out of means, and named with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

from codecmark.analysis.curves import curves
from codecmark.analysis.delta import Delta, compare
from codecmark.results.row import ResultRow
from codecmark.spec import without_setting
from codecmark.studies.layers import ABLATED, ASKED_DB, CURVE, OURS, PARTS, TARGET, Parts
from codecmark.system.counting import counted

ASKED_KBPS = 1.5  # of the waveform layer on speech, at `ASKED_DB`
_SNR_DB = TARGET["snr_db"]
_ENOUGH, _LEAST = 10.0, 5.0  # compression ratios required of every clip, and of the worst
_RIVAL = "opus@vbr"  # as its users run it


def promises(rows: Sequence[ResultRow], parts: Sequence[Parts]) -> list[str]:
    """Return the codec's requirements, and whether they are met."""
    ours = [row for row in rows if row.spec == ABLATED]
    speech = [row for row in ours if row.clip_class == "speech"]
    low = [
        f"{row.clip} {row.compression_ratio:.1f}:1"
        for row in ours
        if row.compression_ratio is not None and row.compression_ratio < _ENOUGH
    ]
    return [
        _snr(ours),
        f"Ratio on speech: median {_typical(speech, 'compression_ratio', 1)}:1, lowest "
        f"{_lowest(speech, 'compression_ratio', 1)}:1.",
        f"Clips below {_ENOUGH:g}:1: {'; '.join(low) or 'none'}; lowest of all "
        f"{_lowest(ours, 'compression_ratio', 1)}:1 (at least {_LEAST:g}:1 was asked).",
        _pesq(parts),
        _layer_rate(parts),
        f"Slower of encode and decode: {_slowest(ours)}, one thread.",
    ]


def bound(parts: Sequence[Parts]) -> str:
    """Return the waveform layer's rate on speech, compared with the estimate of `rate_bound`."""
    speech = [part for part in parts if part.clip.clip_class == "speech"]
    if not speech:
        return "Not measured: there is no speech among the clips."
    bounds = [part.asked_bound_kbps for part in speech]
    return (
        "Reverse water-filling over the layer's own coefficients, the mean of the 3 x 3 squares "
        "around each taken as its variance and sent for nothing (`studies/rate_bound.py`): at "
        f"{ASKED_DB:g} dB speech costs a median of {median(bounds):.2f} kbit/s "
        f"({min(bounds):.2f} to {max(bounds):.2f}), where {ASKED_KBPS:g} was asked. At the SNR "
        "that the layer of "
        f"`{ABLATED}` has alone this estimate is {median(p.bound_kbps for p in speech):.2f}, and "
        f"the layer spends {median(p.waveform_kbps for p in speech):.2f}."
    )


def objections(rows: Sequence[ResultRow], parts: Sequence[Parts]) -> list[str]:
    """Return the limitations that a sceptic should know."""
    seconds = median(part.clip.audio.duration_s for part in parts) if parts else 0.0
    return [
        "**A global SNR flatters loud low frequencies**, and the layer is built on it: one step "
        "for the whole clip spends its bits on the few strong coefficients. Segmental SNR gives "
        f"each 20 ms the same say. {_segmental(rows)}",
        "**ViSQOL compares spectrograms**, and a spectrogram is what the base layer sends; PESQ "
        f"asks more. {_pesq_at_the_target(rows)}",
        "**It is not a codec for calls.** Models adapt over the whole clip, the step is found by "
        "decoding, and nothing bounds the delay but the clip. Opus and LC3 code in short frames "
        "and resist loss.",
        f"**The corpus is small**: {counted(len(parts), 'clip')} of {seconds:g} s. Predictors, "
        "not listeners, gave every figure of quality here.",
    ]


def _snr(ours: Sequence[ResultRow]) -> str:
    reached = [row for row in ours if row.is_exact("snr_db") or (row.snr_db or 0.0) >= _SNR_DB]
    unknown = [row for row in ours if row.snr_db is None and not row.is_exact("snr_db")]
    text = (
        f"SNR >= {_SNR_DB:g} dB on the final output: {len(reached)} of {len(ours)} clips, lowest "
        f"{_lowest(ours, 'snr_db', 2)} dB."
    )
    if unknown:
        reasons = [f"{row.clip} ({_why(row, 'snr_db')})" for row in unknown]
        text += f" Without a figure: {'; '.join(reasons)}."
    return text


def _pesq(parts: Sequence[Parts]) -> str:
    scored = [
        values
        for part in parts
        if None not in (values := [part.scores[name].values.get("pesq_wb") for name in PARTS[:3]])
    ]
    wins = sum(both > max(alone) for both, *alone in scored)  # type: ignore[type-var, operator]
    return (
        f"PESQ-WB of both layers above that of either alone: {wins} of {len(scored)} clips that "
        "have all three."
    )


def _layer_rate(parts: Sequence[Parts]) -> str:
    kbps = [part.waveform_kbps for part in parts if part.clip.clip_class == "speech"]
    if not kbps:
        return "Waveform layer on speech: not measured, there is none among the clips."
    verdict = (
        "not decided by this figure."
        if median(kbps) < ASKED_KBPS
        else f"missed, as {_SNR_DB:g} dB cost more already."
    )
    return (
        f"Waveform layer on speech at {_SNR_DB:g} dB: median {median(kbps):.2f} kbit/s, base "
        f"excluded (range {min(kbps):.2f} to {max(kbps):.2f}). Asked was a median below "
        f"{ASKED_KBPS:g} at {ASKED_DB:g} dB: {verdict}"
    )


def _slowest(rows: Sequence[ResultRow]) -> str:
    factors = [
        factor for row in rows for factor in (row.encode_rtf, row.decode_rtf) if factor is not None
    ]
    return f"at most {max(factors):.2f} of real time" if factors else "not timed"


def _segmental(rows: Sequence[ResultRow]) -> str:
    ours, rival = _speech(rows, ABLATED), _nearest_rival(rows)
    differences = [_mean_difference(group) for group in (ours, rival)]
    if differences[0] is None or differences[1] is None:
        return f"It was not measured for `{ABLATED}` and {_RIVAL} both."
    text = (
        f"On speech it lies {differences[0]:+.1f} dB from the global one for `{ABLATED}`, and "
        f"{differences[1]:+.1f} dB for `{rival[0].spec}`, the setting of {_RIVAL} nearest in rate."
    )
    rates = [_bd_rate(rows, field) for field in ("snr_db", "segmental_snr_db")]
    if rates[0] is None or rates[1] is None:
        return text
    return (
        f"{text} Against {_RIVAL} the codec needs {rates[0]:+.0f} % bits for the same SNR, "
        f"{rates[1]:+.0f} % for the same segmental SNR."
    )


def _pesq_at_the_target(rows: Sequence[ResultRow]) -> str:
    specs = dict.fromkeys(row.spec for row in rows)
    cheapest = []
    for curve in (CURVE, [spec for spec in specs if without_setting(spec) == _RIVAL]):
        meeting = [spec for spec in curve if _meets_target(_speech(rows, spec))]
        cheapest.append(min(meeting, key=lambda spec: _kbps(_speech(rows, spec)), default=None))
    if cheapest[0] is None or cheapest[1] is None:
        return f"No measured setting of one of the two, {OURS} and {_RIVAL}, meets the target."
    scores = [
        f"{fmean(values):.2f} (`{spec}`, {_kbps(_speech(rows, spec)):.1f} kbit/s)"
        for spec in cheapest
        if spec and (values := _values(_speech(rows, spec), "pesq_wb"))
    ]
    if len(scores) < 2:
        return "PESQ was not measured for both of the cheapest settings that meet the target."
    return (
        "PESQ-WB of the cheapest measured settings that meet the target on speech: "
        f"{' against '.join(scores)}. Read both columns, and listen."
    )


def _speech(rows: Sequence[ResultRow], spec: str) -> list[ResultRow]:
    return [row for row in rows if row.spec == spec and row.clip_class == "speech"]


def _nearest_rival(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Return the rows on speech of the rival's setting with the rate nearest to `ABLATED`."""
    specs = dict.fromkeys(r.spec for r in rows if without_setting(r.spec) == _RIVAL)
    groups = [group for spec in specs if (group := _speech(rows, spec))]
    ours = _speech(rows, ABLATED)
    if not ours or not groups:
        return []
    return min(groups, key=lambda group: abs(_kbps(group) - _kbps(ours)))


def _mean_difference(rows: Sequence[ResultRow]) -> float | None:
    differences = [
        row.segmental_snr_db - row.snr_db
        for row in rows
        if row.segmental_snr_db is not None and row.snr_db is not None
    ]
    return fmean(differences) if differences else None


def _bd_rate(rows: Sequence[ResultRow], field: str) -> float | None:
    kept = [r for r in rows if r.spec in CURVE or without_setting(r.spec) == _RIVAL]
    if not any(row.clip_class == "speech" for row in kept):
        return None
    drawn = curves(kept, field, "speech")
    if OURS not in drawn or _RIVAL not in drawn:
        return None
    rate = compare(drawn[OURS], drawn[_RIVAL]).bd_rate
    return rate.pchip if isinstance(rate, Delta) else None


def _meets_target(rows: Sequence[ResultRow]) -> bool:
    return all(
        (values := _values(rows, field)) and fmean(values) >= threshold
        for field, threshold in TARGET.items()
    )


def _kbps(rows: Sequence[ResultRow]) -> float:
    """Return the total rate of all clips: their bits by their seconds."""
    seconds = sum(row.clip_s or 0.0 for row in rows)
    return sum(row.stream_bytes or 0 for row in rows) * 8 / seconds / 1000 if seconds else 0.0


def _values(rows: Sequence[ResultRow], field: str) -> list[float]:
    return [value for row in rows if (value := getattr(row, field)) is not None]


def _lowest(rows: Sequence[ResultRow], field: str, digits: int) -> str:
    values = _values(rows, field)
    return f"{min(values):.{digits}f}" if values else "not measured"


def _typical(rows: Sequence[ResultRow], field: str, digits: int) -> str:
    values = _values(rows, field)
    return f"{median(values):.{digits}f}" if values else "not measured"


def _why(row: ResultRow, field: str) -> str:
    return row.reasons.get(field) or row.reason or "no reason given"
