"""The page of DAC's speed, from what `dac_speed` measured; the same figures give the same text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import log10
from statistics import median

from codecmark.measure.agreement import SAME_DB
from codecmark.studies.dac_speed_figures import Measured, Subject, Way
from codecmark.system import markdown

GOALS = {1: 0.25, 2: 0.14}  # real-time factors by threads, at an agreement of `SAME_DB`
GOAL_OF = "dac:16khz@6k"
BY_HAND = "\n## Other ways that were tried\n"
_SPEECH_SNR_DB = 13.8  # of DAC at 6 kbit/s, `results/published_audio.md`
_HEAD = """\
# How fast DAC runs

DAC at its published size with seeded random weights, {lengths}. Executions are those of
`codecmark run --backend --dtype`; they change the decoder, the encoder runs in eager PyTorch.
Round by round one after the other, {rounds} rounds: the median, and *faster* is how many times
faster than eager in float32 within the same round, median and range. A real-time factor (RTF) is
seconds spent over seconds of audio. On one thread these are processor seconds; on more they are the
time that passed, which other work on the machine makes longer, and beside it stand the least of the
rounds and the processor seconds of all threads. *G products/s* are those of the layers as they are
written, over processor seconds. *Agreement* is the SNR of what was decoded against eager's: from
the same stream; and *at level*, from white noise by weights that keep a signal's level, since
seeded ones let it fade towards a constant, which flatters; it is measured on one thread,
and not of every execution (`-`).
{same:g} dB count as the same.

Written by `python -m codecmark.studies.dac_speed` from the figures in `dac_speed.json`, but for
"Other ways that were tried", which is by hand."""


def page(by_threads: Mapping[int, Measured], before: str = "") -> str:
    """Return the page; the end of the page before that was written by hand stays."""
    first = next(iter(by_threads.values()))
    lengths = " and ".join(f"{one.seconds:g} s for `{one.spec}`" for one in first.codecs)
    sections = [_HEAD.format(lengths=lengths, rounds=first.rounds, same=SAME_DB)]
    sections += ["## In short", *_in_short(by_threads)]
    for count, measured in sorted(by_threads.items()):
        sections += [f"## {_threads(count)}", _circumstances(measured, first)]
        for codec in measured.codecs:
            sections += [f"### `{codec.spec}`", _table(codec, count)]
        sections += ["### The chain, in the same process", _table(measured.chain, count)]
        sections += ["### What limits it", *_limits(measured)]
    sections += ["## Not measured", "\n".join(_absent(first))]
    _, heading, by_hand = before.partition(BY_HAND)
    return "\n\n".join(sections) + "\n" + heading + by_hand


def _in_short(by_threads: Mapping[int, Measured]) -> Iterator[str]:
    lines = []
    for count, measured in sorted(by_threads.items()):
        codec = next(each for each in measured.codecs if each.spec == GOAL_OF)
        fastest = _fastest(codec.ways, count)
        rtf = fastest.decode.rtf(count)
        chain = measured.chain.ways[0].decode.rtf(count)
        line = (
            f"- {_threads(count)}: `{GOAL_OF}` decodes at {rtf:.2f} of real time on "
            f"{fastest.name}, the fastest, and at {codec.ways[0].decode.rtf(count):.2f} on eager, "
            f"float32; its encoder takes {codec.encode.rtf(count):.2f}. `{measured.chain.spec}` "
            f"decodes at {chain:.2f} in the same process, {chain / rtf:.1f} times as long."
        )
        lines.append(line + (_verdict(codec, count) if count in GOALS else ""))
    yield "\n".join(lines)
    measured = by_threads[min(by_threads)]
    codec = next(each for each in measured.codecs if each.spec == GOAL_OF)
    yield _choice(codec, measured)


def _verdict(codec: Subject, count: int) -> str:
    """Judge the goal by the median and by the least: other work only adds to a time."""
    close = [way for way in codec.ways if way.agreement_db is None or way.agreement_db >= SAME_DB]
    best = min(close, key=lambda way: min(way.decode.clock(count)))
    least, bound = min(best.decode.clock(count)), min(best.decode.processor) / count
    text = f"{best.name} takes {least:.3f} in its fastest round"
    if count > 1:
        text += f" ({bound:.3f} if {count} threads shared its processor seconds evenly)"
    text += f", {best.decode.rtf(count):.3f} in the median,"
    if best.agreement_db is None:
        text += " and is the reference"
    else:
        text += f" and agrees to {best.agreement_db:.0f} dB with seeded weights"
    if best.agreement_at_level_db is not None:
        text += f", to {best.agreement_at_level_db:.0f} with weights that keep the level"
    if bound > GOALS[count]:
        verdict = "not reached"
    elif least > GOALS[count]:  # other work may have held it up
        verdict = "not shown"
    else:
        verdict = "reached" if _is_same(best) else "reached with seeded weights alone"
        rounds = best.decode.clock(count)
        if median(rounds) > GOALS[count]:
            listed = ", ".join(f"{each:.3f}" for each in rounds)
            verdict += f" within the noise of {len(rounds)} rounds alone ({listed})"
    return f" The goal, {GOALS[count]:g} at {SAME_DB:g} dB, is {verdict}: {text}."


def _choice(codec: Subject, measured: Measured) -> str:
    count = measured.threads
    fastest = _fastest(codec.ways, count)
    exact = _fastest([way for way in codec.ways if way.name.endswith("float32")], count)
    text = f"**Which to choose:** `{_options(fastest)}`"
    if fastest is exact:
        return f"{text}: nothing is faster, and only rounding keeps its output from eager's."
    same = (way for each in measured.codecs if (way := each.way(fastest.name)) is not None)
    agreement_db = min(value for way in same for value in way.agreements_db)
    costs_db = 10 * log10(1 + 10 ** ((_SPEECH_SNR_DB - agreement_db) / 10))
    ratio = exact.decode.rtf(count) / fastest.decode.rtf(count)
    return (
        f"{text}, whose error lay {agreement_db:.1f} dB or more below the signal with all "
        "weights in these tables (published ones are not here, and others give less, see the end), "
        f"which takes {costs_db:.2f} dB from the {_SPEECH_SNR_DB:g} dB of SNR that DAC has on "
        f"speech at 6 kbit/s (if the two errors are independent); or `{_options(exact)}`, "
        f"{ratio:.1f} times as slow, where only rounding may keep the output from eager's, "
        "whatever the weights."
    )


def _table(subject: Subject, count: int) -> str:
    """Return the table of one codec, without columns that it has nothing for."""
    many, counted = count > 1, bool(subject.products_per_s)
    at_level = any(way.agreement_at_level_db is not None for way in subject.ways)
    reference = subject.ways[0]
    rows = []
    for phase, way, times in (
        ("encode", reference, subject.encode),
        *(("decode", way, way.decode) for way in subject.ways),
    ):
        row = [phase, way.name, f"{times.rtf(count):.2f}"]
        if many:
            row += [f"{min(times.passed):.2f}", f"{median(times.processor):.2f}"]
        row += [_faster(reference, way, count) if phase == "decode" else ""]
        if counted:
            products = subject.products_per_s[f"{phase}r"]
            row += [f"{products / 1e9 / median(times.processor):.0f}"]
        cells = _agreements(way, way is reference) if phase == "decode" else ["", ""]
        row += cells[: 1 + at_level]
        rows.append(row)
    headings = ["", "on", "RTF", *["least", "processor"] * many, "faster"]
    headings += [*["G products/s"] * counted, "agreement dB", *["at level dB"] * at_level]
    return markdown.table(headings, rows, numbers=len(headings) - 2)


def _faster(reference: Way, way: Way, count: int) -> str:
    pairs = zip(reference.decode.clock(count), way.decode.clock(count), strict=True)
    ratios = [theirs / ours for theirs, ours in pairs]
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _limits(measured: Measured) -> Iterator[str]:
    reach = {name: value / 1e9 for name, value in measured.reach.items()}
    rates = " and ".join(f"{value:.0f} G in {name}" for name, value in reach.items())
    yield (
        f"A large matrix product makes {rates} a processor second, in the same process. Products "
        "for a second of audio, and the real-time factor that they alone take at those rates, on "
        "one thread:"
    )
    rows = []
    for codec in measured.codecs:
        for part, label in _PARTS.items():
            if part in codec.products_per_s:
                count = codec.products_per_s[part] / 1e9
                bounds = [f"{count / value:.2f}" for value in reach.values()]
                rows.append([f"`{codec.spec}`", label, f"{count:.1f}", *bounds])
    yield markdown.table(["", "", "G products", *reach], rows, numbers=1 + len(reach))
    for codec in measured.codecs:
        shares = [
            f"{100 * codec.products_per_s['fused'] / 1e9 / reach[dtype] / spent:.0f} % in {dtype}"
            for dtype in reach
            if (way := codec.way(f"fused, {dtype}")) and (spent := median(way.decode.processor))
        ]
        if shares:
            yield (
                f"Of `fused`'s processor time on `{codec.spec}` its products at the rate of a "
                f"large one would be {' and '.join(shares)}."
            )


_PARTS = {
    "encoder": "encoder as written", "decoder": "decoder as written",
    "fused": "decoder as `fused` computes it",
}  # fmt: skip


def _absent(measured: Measured) -> Iterator[str]:
    for subject in (*measured.codecs[:1], measured.chain):
        for name, why in subject.absent.items():
            yield f"- `{subject.spec}` on {name}: {why.removeprefix('dtype: ')}"


def _circumstances(measured: Measured, first: Measured) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in measured.versions.items())
    left_out = [
        way.name for way in first.codecs[0].ways if measured.codecs[0].way(way.name) is None
    ]
    return f"{measured.host}; load average {measured.load:.1f} when it began; {versions}." + (
        f" Left out: {'; '.join(left_out)}." if left_out else ""
    )


def _fastest(ways: Sequence[Way], count: int) -> Way:
    return min(ways, key=lambda way: way.decode.rtf(count))


def _is_same(way: Way) -> bool:
    """Whether the output is known to be eager's; in float32 rounding is all that differs."""
    is_known = way.name.endswith("float32") or way.agreement_at_level_db is not None
    return is_known and all(value >= SAME_DB for value in way.agreements_db)


def _options(way: Way) -> str:
    backend, dtype = way.name.split(", ")
    return f"--backend {backend}" + (f" --dtype {dtype}" if dtype != "float32" else "")


def _agreements(way: Way, is_reference: bool) -> list[str]:
    """Return the cells of both agreements."""
    if is_reference:
        return ["reference", "reference"]
    seeded, level = way.agreement_db, way.agreement_at_level_db
    return [
        "exact" if seeded is None else f"{seeded:.1f}", "-" if level is None else f"{level:.1f}",
    ]  # fmt: skip


def _threads(count: int) -> str:
    return "One thread" if count == 1 else f"{count} threads"
