"""The layered codec's study as a Markdown page, which depends on the figures only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from codecmark.analysis.anchor_table import against_anchor
from codecmark.analysis.delta import Delta
from codecmark.analysis.target import Reached, rate_at_target
from codecmark.corpus.entry import ClipClass
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.results.row import ResultRow
from codecmark.spec import without_setting
from codecmark.studies import layers_findings
from codecmark.studies.layers import ABLATED, ANCHORED_CURVE, CURVE, OURS, PARTS, TARGET, Parts
from codecmark.system.counting import counted

FIELDS = tuple(
    (name, TABLE[name].heading, TABLE[name].decimals)
    for name in (
        "snr_db",
        "segmental_snr_db",
        "si_sdr_db",
        "pesq_wb",
        VISQOL_FIELD,
        "zimtohrli",
        "distillmos",
    )
)
CLASSES: tuple[ClipClass, ...] = ("speech", "music", "ambient", "audio")
_RIVALS = ("opus@vbr", "lc3")
_WORST = (("bitrate_kbps", 1), ("snr_db", 2), ("segmental_snr_db", 1), ("visqol_mos_lqo", 2))


def markdown(rows: Sequence[ResultRow], parts: Sequence[Parts]) -> str:
    """Return the page."""
    sections = [
        "# The waveform layer",
        f"`{OURS}` sends a coarse log-mel and the strongest MDCT coefficients; with `+anchored` a "
        "trained network fills what was not coded, in place of phase retrieval. Made by `codecmark "
        f"layers --out results` over {counted(len(parts), 'clip')}, condition `16k-mono`. "
        "Rates count every byte of the stream.",
        "## What was promised",
        _bullets(layers_findings.promises(rows, parts)),
    ]
    for name in _classes(rows):
        sections += [f"## Rate curve: {name}", _rate_table(rows, name)]
    sections += ["Means over clips, the worst clip's SNR in brackets."]
    sections += ["## The price of SNR >= 10 dB with ViSQOL >= 4", _prices(rows)]
    sections += [
        "## Bits for the same quality", _deltas(rows),
        "Bjøntegaard deltas of the curve of SNR settings (PCHIP; below 0: fewer bits than the "
        "other codec), with the share of the quality range that both curves cover. A short overlap "
        "is weak evidence.",
        f"## What each part is worth: `{ABLATED}`", *_ablation(rows, parts),
        "## What the waveform layer should cost at least", layers_findings.bound(parts),
        "## Worst clips", _worst(rows),
        "## For the sceptic", _bullets(layers_findings.objections(rows, parts)),
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _classes(rows: Sequence[ResultRow]) -> list[str]:
    """Return the classes of the rows' clips."""
    present = {row.clip_class for row in rows}
    return [name for name in CLASSES if name in present]


def _rate_table(rows: Sequence[ResultRow], name: str) -> str:
    specs = dict.fromkeys(row.spec for row in rows)
    lines = []
    for spec in specs:
        chosen = [row for row in rows if row.spec == spec and row.clip_class == name]
        sized = [row for row in chosen if row.stream_bytes and row.pcm16_bytes and row.clip_s]
        if not sized:
            continue  # a codec that failed on all of them has no rate
        size, pcm16, seconds = (
            sum(getattr(row, field) for row in sized)
            for field in ("stream_bytes", "pcm16_bytes", "clip_s")
        )
        kbps = size * 8 / seconds / 1000
        cells = [spec, f"{kbps:.1f}", f"{pcm16 / size:.1f}"]
        for field, _, digits in FIELDS:
            values = [v for row in chosen if (v := getattr(row, field)) is not None]
            text = f"{fmean(values):.{digits}f}" if values else "-"
            worst = f" ({min(values):.1f})" if values and field == "snr_db" else ""
            cells.append(text + worst)
        lines.append((kbps, cells))
    headings = ["codec", "kbit/s", "ratio", *(heading for _, heading, _ in FIELDS)]
    return _table(headings, [cells for _, cells in sorted(lines, key=lambda line: line[0])])


def _prices(rows: Sequence[ResultRow]) -> str:
    lines = []
    ours = {*CURVE, *ANCHORED_CURVE}
    kept = [r for r in rows if r.spec in ours or without_setting(r.spec) in _RIVALS]
    for name in _classes(rows):
        prices = rate_at_target(kept, name, TARGET)
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
    kept = [r for r in rows if r.spec in CURVE or without_setting(r.spec) in _RIVALS]
    lines = []
    for name in _classes(rows):
        for field, heading, _ in FIELDS:
            if not TABLE[field].applies_to(name):
                continue
            for rival in _RIVALS:
                table = against_anchor(kept, field, name, rival)
                if table is None or OURS not in table.gaps:
                    absent = rival if table is None else OURS
                    lines.append([name, heading, rival, "-", "-", f"no figures of {absent}"])
                    continue
                rate = table.gaps[OURS].bd_rate
                if isinstance(rate, Delta):
                    lines.append([name, heading, rival, f"{rate.pchip:+.0f}",
                                  f"{rate.overlap_percent:.0f}", ""])  # fmt: skip
                else:
                    lines.append([name, heading, rival, "-", "-", rate.reason])
    headings = ["class", "metric", "against", "BD-rate %", "overlap %", "no figure because"]
    return _table(headings, lines, text=(0, 1, 2, 5))


def _ablation(rows: Sequence[ResultRow], parts: Sequence[Parts]) -> list[str]:
    lines = []
    for name in CLASSES:
        class_parts = [p for p in parts if p.clip.clip_class == name]
        if not class_parts:
            continue
        base, wave, unconditioned = (fmean(get(p) for p in class_parts) for get in _KBPS)
        part_kbps = dict(zip(PARTS, (base + wave, base, wave, base + wave), strict=True))
        for part in PARTS:
            cells = [name, part, f"{part_kbps[part]:.2f}"]
            for field, _, digits in FIELDS:
                scored = [p.scores[part].values.get(field) for p in class_parts]
                values = [value for value in scored if value is not None]
                cells.append(f"{fmean(values):.{digits}f}" if values else "-")
            lines.append(cells)
        total_kbps = f"{base + unconditioned:.2f}"
        lines.append([name, "without the mel as condition", total_kbps, *["="] * len(FIELDS)])
    headings = ["class", "part", "kbit/s", *(heading for _, heading, _ in FIELDS)]
    return [
        _table(headings, lines, text=(0, 1)),
        f"Without the frame's and the layers' heads ({_head_rate(rows, parts)}). *Waveform layer "
        "alone* is fill switched off: the SNR and no quality; *base alone* is the quality and no "
        "SNR. *Without the mel as condition* the same levels cost the bits shown, and sound the "
        "same.",
    ]


_KBPS: tuple[Callable[[Parts], float], ...] = (
    lambda p: p.base_kbps,
    lambda p: p.waveform_kbps,
    lambda p: p.unconditioned_kbps,
)


def _head_rate(rows: Sequence[ResultRow], parts: Sequence[Parts]) -> str:
    """Return the mean rate of the streams' headers, without their layers."""
    layers = {p.clip.name: p.base_kbps + p.waveform_kbps for p in parts}
    heads = [
        row.bitrate_kbps - layers[row.clip]
        for row in rows
        if row.spec == ABLATED and row.clip in layers and row.bitrate_kbps is not None
    ]
    return f"{fmean(heads):.2f} kbit/s" if heads else "not measured"


def _worst(rows: Sequence[ResultRow]) -> str:
    ours = [row for row in rows if row.spec == ABLATED]
    lines = []
    for heading, field, sign in (
        ("most bits", "bitrate_kbps", -1),
        ("lowest segmental SNR", "segmental_snr_db", 1),
        ("lowest ViSQOL", "visqol_mos_lqo", 1),
    ):
        measured = [(getattr(row, field), row) for row in ours if getattr(row, field) is not None]
        measured.sort(key=lambda pair: sign * pair[0])
        lines += [
            [heading, row.clip or "", row.clip_class or "",
             *(_cell(row, name, digits) for name, digits in _WORST)]
            for _, row in measured[:3]
        ]  # fmt: skip
    headings = ["worst by", "clip", "class", "kbit/s", "SNR dB", "segSNR dB", "ViSQOL"]
    return _table(headings, lines, text=(0, 1, 2))


def _cell(row: ResultRow, field: str, digits: int) -> str:
    value = getattr(row, field)
    return "-" if value is None else f"{value:.{digits}f}"


def _table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], text: Sequence[int] = (0,)
) -> str:
    rule = ["---" if index in text else "---:" for index in range(len(headings))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows))
