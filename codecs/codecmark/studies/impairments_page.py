"""The page of the study of impairments, `results/impairments.md`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean

from codecmark.analysis.statistics import paired_difference
from codecmark.metrics.table import TABLE
from codecmark.results import axes
from codecmark.results.row import ResultRow
from codecmark.studies import impairments
from codecmark.system import markdown as text

FIELDS = ("snr_db", "pesq_wb", "visqol_mos_lqo", "zimtohrli", "distillmos", "plcmos")
COMPARED = ("pesq_wb", "zimtohrli", "distillmos", "plcmos")
_Group = Sequence[ResultRow]
_Groups = Mapping[tuple[str, str], _Group]  # by axes in words, and spec

_ABOUT = """\
# What networks and studios do to codecs

Speech of {sources} speakers, one clip of each, under `{condition}`; means over speakers. The rows
are in `impairments/`; `codecmark leaderboard results/impairments --axes loss_percent=10,...` shows
any one combination. Remade by `codecmark impairments --corpus test --limit {sources}`, which goes
on where it was; `--dry-run` says how long it takes. A combination that is not through for every
speaker is left out. No predictor here has been held against listeners on lost packets.
"""
_LOSS = """\
## Lost packets

The same seconds are lost for every codec, in bursts (Gilbert-Elliott), seeded with the name of the
clip. *own*: the decoder is told; *silence* and *repetition* of the last 20 ms, faded out in 60 ms:
it is not. Opus is decoded by libopus itself, which alone makes use of the copies that `fec10`
sends; AMR by OpenCORE's decoder. G.722 and Lyra conceal nothing of their own here. *Recovery*: mean
time after a loss until the output is within 20 dB of the undisturbed one.
"""
_CLAIMS = """\
### What decides

Differences by speaker with their 95 % interval, without correction for their number; **bold** where
it excludes zero.
"""
_TANDEM = """\
## Several passes

Coded and decoded again and again, rounded to 16 bits between; `{network}` first: once through a
mobile network, then the codec of the row. LAME scales what it is given by 0.95 at a constant
bitrate, which costs MP3 0.45 dB of level, and so SNR, a pass.
"""
_BITS = """\
## Wrong bits

A share of the bits of every packet is wrong, its length is not. A packet that the decoder refuses
counts as lost.
"""
_ROUGH = """\
## A rough input

White noise, clipping and a low level before coding; judged by what the codec was given.
"""
_TOKENS = """\
## Tokens that stay

The share of tokens that are the same at the same place when the input comes a sample later or
quieter.
"""


def markdown(rows: Iterable[ResultRow]) -> str:
    """Return the page."""
    ok = [row for row in rows if row.status == "ok"]
    sources = {row.source for row in ok}
    groups: dict[tuple[str, str], list[ResultRow]] = {}
    for row in ok:
        [applied] = axes.combinations([row])
        groups.setdefault((axes.in_words(applied), row.spec), []).append(row)
    whole = {key: group for key, group in groups.items() if len(group) == len(sources)}
    parts = [
        _ABOUT.format(sources=len(sources), condition=ok[0].condition),
        _LOSS + "\n" + _table(whole, _is_loss, recovery=True),
        _CLAIMS + "\n" + _claims(whole),
    ]
    tandem = _TANDEM.format(network=impairments.NETWORK)
    again = {spec for applied, spec in whole if applied.startswith("passes")}
    coded_again = {key: group for key, group in whole.items() if key[1] in again}
    for about, groups_of_it, chosen in (
        (tandem, coded_again, _is_tandem), (_BITS, whole, _is_damaged), (_ROUGH, whole, _is_rough),
    ):  # fmt: skip
        if table := _table(groups_of_it, chosen):
            parts.append(about + "\n" + table)
    if tokens := _tokens(whole):
        parts.append(_TOKENS + "\n" + tokens)
    return "\n".join(parts)


def _is_loss(applied: str) -> bool:
    return applied.startswith("loss_percent")


def _is_tandem(applied: str) -> bool:
    return applied == "none" or applied.startswith("passes")


def _is_damaged(applied: str) -> bool:
    return applied.startswith("bit_error_rate")


def _is_rough(applied: str) -> bool:
    return applied in {axes.in_words(axes.parse(text)) for text in impairments.ROUGH_INPUTS}


def _in_short(applied: str) -> str:
    """Return what a reader of the table needs of a combination."""
    short = applied.replace("loss_pattern=gilbert-elliott,", "").replace(
        "passed_through=", "after "
    )
    if short.startswith("passes") and "after" in short:
        short = short.partition(",")[2]
    for name, words in (
        ("loss_percent=", ""), ("concealment=", ""), ("passes=", ""), ("bit_error_rate=", ""),
        ("noise_snr_db=", "noise, dB below: "), ("overdrive_db=", "clipped by dB: "),
        ("level_db=", "level, dB: "), ("shift_samples=", "samples later: "),
    ):  # fmt: skip
        short = short.replace(name, words)
    if applied == "none":
        return "1"
    return short.replace(".0,", " %, ").removesuffix(".0")


def _table(groups: _Groups, chosen: Callable[[str], bool], *, recovery: bool = False) -> str:
    lines = []
    keys = [key for key in groups if chosen(key[0])]
    order = {spec: place for place, spec in enumerate(dict.fromkeys(spec for _, spec in keys))}
    for applied, spec in sorted(keys, key=lambda key: (order[key[1]], _sorted_by(key[0]))):
        group = groups[applied, spec]
        line = [f"`{spec}`", _in_short(applied), *(_mean(group, name) for name in FIELDS)]
        if recovery:
            seconds = [row.recovery_s for row in group if row.recovery_s is not None]
            line.append(f"{1000 * fmean(seconds):.0f}" if seconds else "-")
        lines.append(line)
    if not lines:
        return ""
    what = "loss" if recovery else "passes" if chosen("none") else "what"
    headings = ["codec", what, *(text.escaped(TABLE[name].heading) for name in FIELDS)]
    headings += ["recovery, ms"] if recovery else []
    return text.table(headings, lines, numbers=len(headings) - 2) + "\n"


def _tokens(groups: _Groups) -> str:
    """Return the table of token agreement; empty where no codec of tokens was moved."""
    lines = []
    for applied, spec in sorted(groups, key=lambda key: (key[1], key[0])):
        shares = [row.token_agreement for row in groups[applied, spec]]
        known = [share for share in shares if share is not None]
        if known and len(known) == len(shares):
            least = f"{100 * min(known):.0f} %"
            lines.append([f"`{spec}`", _in_short(applied), f"{100 * fmean(known):.0f} %", least])
    headings = ["codec", "what", "equal tokens, mean", "least speaker"]
    return text.table(headings, lines, numbers=2) + "\n" if lines else ""


def _sorted_by(applied: str) -> tuple[object, ...]:
    named = axes.parse(applied)
    return (
        float(named.get("loss_percent", 0)), float(named.get("passes", 0)),
        "passed_through" in named, applied,
    )  # fmt: skip


def _mean(group: _Group, name: str) -> str:
    if all(row.is_exact(name) for row in group):
        return "exact"
    values = [getattr(row, name) for row in group]
    if any(value is None for value in values):
        return "-"
    return TABLE[name].written(fmean(values))


def _claims(groups: _Groups) -> str:
    lossy = {
        kind: f"loss_percent=10.0,loss_pattern=gilbert-elliott,concealment={kind}"
        for kind in ("own", "silence", "repetition")
    }
    pairs = [
        (
            "with redundancy, against without, 10 % lost",
            (lossy["own"], impairments.REDUNDANT), (lossy["own"], impairments.PLAIN),
        ),
        *(
            (
                f"{better} against {worse}, `{spec}`",
                (lossy[better], spec), (lossy[worse], spec),
            )
            for better, worse in (("repetition", "silence"), ("own", "repetition"))
            for spec in impairments.WITH_PACKETS
        ),
    ]  # fmt: skip
    lines = [
        [label, *(_difference(groups[first], groups[second], name) for name in COMPARED)]
        for label, first, second in pairs
        if first in groups and second in groups
    ]
    headings = ["difference", *(text.escaped(TABLE[name].heading) for name in COMPARED)]
    return text.table(headings, lines, numbers=len(COMPARED)) + "\n"


def _difference(first: _Group, second: _Group, name: str) -> str:
    reference = {row.clip: getattr(row, name) for row in second}
    pairs = [(getattr(row, name), reference[row.clip], row.source or "") for row in first]
    if any(value is None for pair in pairs for value in pair):
        return "-"
    values, others, sources = zip(*pairs, strict=True)
    found = paired_difference(values, others, sources).estimate
    if found.low is None or found.high is None:
        return f"{found.mean:+.2f}"
    shown = f"{found.mean:+.2f} ({found.low:+.2f} to {found.high:+.2f})"
    return f"**{shown}**" if found.low > 0 or found.high < 0 else shown
