"""What the tables cannot say: what failed, what was not measured, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

from codecmark.analysis.time_noise import time_noise
from codecmark.metrics.table import METRICS, NOT_DEFINED
from codecmark.results.axes import combinations, in_words
from codecmark.results.row import NEEDS_NO_REASON, ResultRow
from codecmark.system.counting import counted

_figures = attrgetter(*(metric.field for metric in METRICS))
_NAMED_ALONE = 3  # codecs; where more of them all lack a figure for one reason, none is named


def notes(rows: Sequence[ResultRow]) -> list[str]:
    """Return the notes at the foot of the tables, one for each reason."""
    found = [
        f"every clip went through this beside the codec: {in_words(combination)}"
        for combination in combinations(rows)
        if combination
    ]
    unavailable = [row for row in rows if row.status == "unavailable"]
    found += _grouped("not available here", [(r.spec, r.reason or "") for r in unavailable])
    failed = [row for row in rows if row.status == "failed"]
    found += _grouped("failed", [(_on(r.spec, [r.clip or ""]), r.reason or "") for r in failed])
    coded = [row for row in rows if row.status == "ok"]
    found += _without_a_figure([row for row in coded if row.weights != "random"])
    found += _grouped(
        "speed, memory and rate only, on one short clip",
        [(row.spec, row.reasons.get("snr_db", "")) for row in coded if row.weights == "random"],
    )
    found += _grouped(
        "weights", [(row.spec, row.reasons["weights"]) for row in rows if "weights" in row.reasons]
    )
    lags: dict[str, list[int]] = {}
    for row in rows:
        if row.lag_samples:
            lags.setdefault(row.spec, []).append(row.lag_samples)
    found += [
        f"{spec}: not where its declared delay puts it on {counted(len(found_lags), 'clip')}, by "
        f"{min(found_lags):+d} to {max(found_lags):+d} samples (scored after alignment)"
        for spec, found_lags in lags.items()
    ]
    agreement: dict[str, float] = {}
    for row in rows:
        if row.agreement_db is not None:
            lowest = agreement.get(row.spec, row.agreement_db)
            agreement[row.spec] = min(lowest, row.agreement_db)
    found += [
        f"{spec}: SNR of its output against that of eager in float32, same streams: {lowest:.1f} "
        "dB or more"
        for spec, lowest in agreement.items()
    ]
    if (noise := time_noise(rows)) is not None:
        found.append(
            f"times: the same FLAC calls, timed beside every codec, differ by a factor of up to "
            f"{noise:.2f} (95 % of pairs): no smaller ratio of times is a difference"
        )
    hosts = sorted({row.host for row in rows if row.host})
    if len(hosts) > 1:
        found.append(f"speeds come from {len(hosts)} machines and must not be compared: {hosts}")
    return found


def _grouped(what: str, items: Sequence[tuple[str, str]]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for name, reason in items:
        groups.setdefault(reason, []).append(name)
    return [
        f"{', '.join(dict.fromkeys(names))}: {what}: {reason}" for reason, names in groups.items()
    ]


def _without_a_figure(rows: Sequence[ResultRow]) -> list[str]:
    """Return a note for each reason and the metrics it kept from the same clips."""
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in rows:
        missing: dict[str, list[str]] = {}
        for metric, value in zip(METRICS, _figures(row), strict=True):
            if value is None and not row.is_exact(metric.field):
                reason = row.reasons.get(metric.field, "no reason was stored")
                if metric.field in NEEDS_NO_REASON and metric.field not in row.reasons:
                    continue  # the row was made before the metric
                missing.setdefault(reason, []).append(metric.label)
        for reason, labels in missing.items():
            if not reason.startswith(NOT_DEFINED):  # that is as it should be
                clips = groups.setdefault((", ".join(labels), reason), {})
                clips.setdefault(row.spec, []).append(row.clip or "")
    every = len({row.spec for row in rows})
    return [
        f"{_all_on(specs, every)}: no {labels}: {reason}"
        for (labels, reason), specs in groups.items()
    ]


def _all_on(specs: Mapping[str, Sequence[str]], every: int) -> str:
    """Name the codecs; all of many in two words."""
    if len(specs) == every > _NAMED_ALONE:
        return "every codec"
    return ", ".join(_on(spec, clips) for spec, clips in specs.items())


def _on(spec: str, clips: Sequence[str]) -> str:
    if len(clips) > 1:
        return f"{spec} on {counted(len(clips), 'clip')}"
    return f"{spec} on {clips[0]}" if clips[0] else spec  # it may break before any clip
