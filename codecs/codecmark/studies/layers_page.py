"""The study as a page of Markdown; the same figures give the same text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean, median

from codecmark.analysis.anchor_table import against_anchor
from codecmark.analysis.delta import Delta
from codecmark.analysis.target import Reached, rate_at_target
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.results.row import ResultRow
from codecmark.studies.layers import ABLATED, ANCHORED_CURVE, ASKED_DB, CURVE, OURS, PARTS, Parts

FIELDS = tuple(
    (name, TABLE[name].heading, TABLE[name].decimals)
    for name in ("snr_db", "segmental_snr_db", "si_sdr_db", "pesq_wb", VISQOL_FIELD)
)
CLASSES = ("speech", "music", "ambient")
_ANCHORS = ("opus", "lc3")
_LAYER_KBPS = 1.5
_ENOUGH, _LEAST = 10.0, 5.0  # of ratio, for every clip; for the worst


def markdown(rows: Sequence[ResultRow], parts: Sequence[Parts]) -> str:
    """Return the page."""
    sections = [
        "# The waveform layer",
        f"`{OURS}` sends a coarse log-mel and the strongest MDCT coefficients; with `+anchored` a "
        "trained network fills what was not coded, in place of phase retrieval. Made by `codecmark "
        f"layers --out results` over {len(parts)} clips, condition `16k-mono`. Rates count every "
        "byte of the stream.",
        "## What was promised",
        *_promises(rows, parts),
    ]
    for name in CLASSES:
        sections += [f"## Rate curve: {name}", _rate_table(rows, name)]
    sections += ["Means over clips, the worst clip's SNR in brackets."]
    sections += ["## The price of SNR >= 10 dB with ViSQOL >= 4", _prices(rows)]
    sections += [
        "## Bits for the same quality", _deltas(rows),
        "Bjøntegaard deltas of the curve of SNR settings (PCHIP; below 0: fewer bits than the "
        "anchor), with the share of the quality range that both curves cover. A short overlap is "
        "weak evidence.",
        f"## What each part is worth: `{ABLATED}`", *_ablation(parts),
        "## What the waveform layer should cost at least", _bound(parts), _PREDICTION,
        "## Worst clips", _worst(rows),
        "## For the sceptic", *_SCEPTIC,
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


_PREDICTION = (
    "Better models of size will not bring 1.5, nor will predicted signs alone. Estimated on five "
    "of the speech clips: a long-term predictor on a past that has noise 12 dB below it, the best "
    "lag and gains in eight bands for each 20 ms, lowers the estimate by 5 to 15 %, side "
    "information included (on the two lossless clips from 2.71 to 2.52 and from 2.43 to 2.20 "
    "kbit/s). Blocks of 1280 samples beside the four lengths save 0 to 2.5 % of bits. Neither is "
    "in the codec."
)
_SCEPTIC = (
    "- **A global SNR flatters loud low frequencies.** True, and the layer is built on it: one "
    "step for the whole clip spends its bits on the few strong coefficients. Segmental SNR, which "
    "gives each 20 ms the same say, stands in every table: it is lower than the global one here "
    "and not so in Opus, and by it the lead is smaller.\n"
    "- **ViSQOL compares spectrograms**, and a spectrogram is what the base layer sends; PESQ asks "
    "more. At the rates where each just meets the target, the layered codec's PESQ is below that "
    "of Opus: read both columns, and listen.\n"
    "- **It is not a codec for calls.** Models adapt over the whole clip, the step is found by "
    "decoding, and nothing bounds the delay but the clip. Opus and LC3 code in frames of 10 to "
    "20 ms and resist loss.\n"
    "- **The corpus is small**, and no listener has judged it: 23 clips of 5 s, few of them "
    "lossless at their source.",
)


def _promises(rows: Sequence[ResultRow], parts: Sequence[Parts]) -> list[str]:
    ours = [row for row in rows if row.spec == ABLATED]
    ratios = {row.clip or "": row.compression_ratio or 0.0 for row in ours}
    speech = [row for row in ours if row.clip_class == "speech"]
    low = {clip: ratio for clip, ratio in ratios.items() if ratio < _ENOUGH}
    reached = sum((row.snr_db or -99) >= 10 for row in ours)
    named = "; ".join(
        f"{clip} {ratio:.1f}:1 (noise through and through: its waveform has no few strong parts)"
        for clip, ratio in low.items()
    )
    both, alone, wave = (
        [p.scores[part].values.get("pesq_wb") for p in parts] for part in PARTS[:3]
    )
    wins = sum(a > max(b, c) for a, b, c in zip(both, alone, wave, strict=True) if a and b and c)
    layer = [p.waveform_kbps for p in parts if p.clip.clip_class == "speech"]
    rtf = [max(row.encode_rtf or 0, row.decode_rtf or 0) for row in ours]
    lines = [
        f"- SNR >= 10 dB on the final output: {reached} of {len(ours)} clips, lowest "
        f"{min(row.snr_db or -99 for row in ours):.2f} dB.",
        f"- Ratio on speech: median {median(r.compression_ratio or 0 for r in speech):.1f}:1, "
        f"lowest {min(r.compression_ratio or 0 for r in speech):.1f}:1.",
        f"- Clips below {_ENOUGH:g}:1: {named or 'none'}; lowest of all "
        f"{min(ratios.values()):.1f}:1 (at least {_LEAST:g}:1 was asked).",
        f"- PESQ-WB of both layers above that of either alone: {wins} of {len(layer)} speech "
        "clips.",
        f"- Waveform layer on speech at 10 dB: median {median(layer):.2f} kbit/s, base excluded "
        f"(range {min(layer):.2f} to {max(layer):.2f}). Asked was a median below {_LAYER_KBPS:g} "
        f"at 12 dB: {_verdict(median(layer))}",
        f"- Slower of encode and decode: at most {max(rtf):.2f} of real time, one thread.",
    ]
    return ["\n".join(lines)]


def _verdict(median_kbps: float) -> str:
    if median_kbps < _LAYER_KBPS:
        return "not decided by this figure."
    return (
        "missed, as 10 dB cost more already. Low voices have more harmonics to send than the "
        "phone prompts of the estimate."
    )


def _rate_table(rows: Sequence[ResultRow], name: str) -> str:
    specs = dict.fromkeys(row.spec for row in rows)
    lines = []
    for spec in specs:
        chosen = [row for row in rows if row.spec == spec and row.clip_class == name]
        size = sum(row.stream_bytes or 0 for row in chosen)
        seconds = sum(row.clip_s or 0 for row in chosen)
        kbps = size * 8 / seconds / 1000
        cells = [spec, f"{kbps:.1f}", f"{256 / kbps:.1f}"]
        for field, _, digits in FIELDS:
            values = [v for row in chosen if (v := getattr(row, field)) is not None]
            text = f"{fmean(values):.{digits}f}" if values else "-"
            cells.append(f"{text} ({min(values):.1f})" if field == "snr_db" else text)
        lines.append((kbps, cells))
    headings = ["codec", "kbit/s", "ratio", *(heading for _, heading, _ in FIELDS)]
    return _table(headings, [cells for _, cells in sorted(lines, key=lambda line: line[0])])


def _prices(rows: Sequence[ResultRow]) -> str:
    lines = []
    ours = {*CURVE, *ANCHORED_CURVE}
    kept = [row for row in rows if row.spec in ours or row.family in _ANCHORS]
    for name in CLASSES:
        prices = rate_at_target(kept, name)
        for codec, price in prices.items():
            if isinstance(price, Reached):
                bound = "at most " if price.may_be_lower else ""
                lines.append([name, codec, f"{bound}{price.rate_kbps:.1f}", ""])
            else:
                missing = ", ".join(f"{k} short by {v:.2f}" for k, v in price.missing.items())
                nearest = f"{price.nearest.spec}: {missing}" if price.nearest else price.reason
                lines.append([name, codec, "never", nearest])
    return _table(["class", "codec", "kbit/s", "nearest miss"], lines, text=(0, 1, 3))


def _deltas(rows: Sequence[ResultRow]) -> str:
    kept = [row for row in rows if row.spec in CURVE or row.family in _ANCHORS]
    lines = []
    for name in CLASSES:
        for field, heading, _ in FIELDS:
            if field == "pesq_wb" and name != "speech":
                continue
            for anchor in _ANCHORS:
                table = against_anchor(kept, field, name, anchor)
                if table is None or OURS not in table.gaps:
                    continue
                rate = table.gaps[OURS].bd_rate
                if isinstance(rate, Delta):
                    lines.append([name, heading, anchor, f"{rate.pchip:+.0f}",
                                  f"{rate.overlap_percent:.0f}", ""])  # fmt: skip
                else:
                    lines.append([name, heading, anchor, "-", "-", rate.reason])
    headings = ["class", "metric", "anchor", "BD-rate %", "overlap %", "no figure because"]
    return _table(headings, lines, text=(0, 1, 2, 5))


def _ablation(parts: Sequence[Parts]) -> list[str]:
    lines = []
    for name in CLASSES:
        of_class = [p for p in parts if p.clip.clip_class == name]
        if not of_class:
            continue
        base, wave, bare = (fmean(get(p) for p in of_class) for get in _KBPS)
        spent = dict(zip(PARTS, (base + wave, base, wave, base + wave), strict=True))
        for part in PARTS:
            cells = [name, part, f"{spent[part]:.2f}"]
            for field, _, digits in FIELDS:
                scored = [p.scores[part].values.get(field) for p in of_class]
                values = [value for value in scored if value is not None]
                cells.append(f"{fmean(values):.{digits}f}" if values else "-")
            lines.append(cells)
        lines.append([name, "without the mel as condition", f"{base + bare:.2f}", *["="] * 5])
    headings = ["class", "part", "kbit/s", *(heading for _, heading, _ in FIELDS)]
    return [
        _table(headings, lines, text=(0, 1)),
        "Without frame and layer heads (0.04 kbit/s at 5 s). *Waveform layer alone* is fill "
        "switched off: the SNR and no quality; *base alone* is the quality and no SNR. *Without "
        "the mel as condition* the same levels cost the bits shown, and sound the same.",
    ]


def _bound(parts: Sequence[Parts]) -> str:
    speech = [one for one in parts if one.clip.clip_class == "speech"]
    asked = [one.asked_bound_kbps for one in speech]
    spent, least = (median(values) for values in zip(
        *((one.waveform_kbps, one.bound_kbps) for one in speech), strict=True
    ))  # fmt: skip
    return (
        "Reverse water-filling over the layer's own coefficients, the mean of the 3 x 3 squares "
        "around each taken as its variance and sent for nothing (`bound.py`): at "
        f"{ASKED_DB:g} dB speech costs a median of {median(asked):.2f} kbit/s ({min(asked):.2f} to "
        f"{max(asked):.2f}), where {_LAYER_KBPS:g} was asked. At the SNR that the layer of "
        f"`{ABLATED}` has alone this estimate is {least:.2f}, and the layer spends {spent:.2f}."
    )


_KBPS: tuple[Callable[[Parts], float], ...] = (
    lambda p: p.base_kbps,
    lambda p: p.waveform_kbps,
    lambda p: p.unconditioned_kbps,
)


def _worst(rows: Sequence[ResultRow]) -> str:
    ours = [row for row in rows if row.spec == ABLATED]
    lines = []
    for heading, key in (
        ("most bits", lambda row: -(row.bitrate_kbps or 0)),
        ("lowest segmental SNR", lambda row: row.segmental_snr_db or 0),
        ("lowest ViSQOL", lambda row: row.visqol_mos_lqo or 0),
    ):
        lines += [
            [
                heading, row.clip or "", row.clip_class or "", f"{row.bitrate_kbps or 0:.1f}",
                f"{row.snr_db or 0:.2f}", f"{row.segmental_snr_db or 0:.1f}",
                f"{row.visqol_mos_lqo or 0:.2f}",
            ]
            for row in sorted(ours, key=key)[:3]
        ]  # fmt: skip
    headings = ["worst by", "clip", "class", "kbit/s", "SNR dB", "segSNR dB", "ViSQOL"]
    return _table(headings, lines, text=(0, 1, 2))


def _table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], text: Sequence[int] = (0,)
) -> str:
    rule = ["---" if index in text else "---:" for index in range(len(headings))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows))
