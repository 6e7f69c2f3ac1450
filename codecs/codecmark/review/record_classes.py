"""What a record says class by class, and of published sound: in a line, in short, in full."""

from __future__ import annotations

from collections.abc import Mapping

from codecmark.analysis.statistics import FEWEST_SOURCES
from codecmark.metrics.table import TABLE
from codecmark.review import wording
from codecmark.review.by_class import ClassOutcome, Difference, ReplayedSetting
from codecmark.review.choice import shortfall
from codecmark.review.decision import Decision
from codecmark.review.finding import MOST_CERTAIN, Finding
from codecmark.review.links import Links
from codecmark.review.panel import Panel
from codecmark.review.record_sections import STATUS, stated_figure
from codecmark.review.requirements import MARGIN
from codecmark.review.summary import code
from codecmark.review.threshold import COSTS
from codecmark.system.counting import counted
from codecmark.system.markdown import escaped, table

_NOTHING = "-"


def in_short(decision: Decision, links: Links) -> list[str]:
    """Return what stands on the first screen: what each class takes, who was heard elsewhere."""
    if not decision.by_class:
        return []
    alone = "; ".join(
        f"{name} {_chosen(outcome, links)}" for name, outcome in decision.by_class.items()
    )
    heard = "; ".join(
        f"{name} {', '.join(f'{code(one.spec)} {STATUS[one.status]}' for one in nearest)}"
        for name, outcome in decision.by_class.items()
        if (nearest := _nearest(outcome))
    )
    texts = [
        "**For clips of one class alone**, the fewest bits that pass, and what comes first there "
        f"{_by_what(decision)}: {alone}."
    ]
    if heard:
        texts.append(
            f"**By published sound**, at nominal rates and on clips that authors chose: {heard}"
            f"{_timed_how(decision)} ([class by class](#published-sound-class-by-class))."
        )
    return texts


def _timed_how(decision: Decision) -> str:
    """Say whose speed is that of networks without their trained weights."""
    nearest = [one for outcome in decision.by_class.values() for one in _nearest(outcome)]
    names = dict.fromkeys(code(one.spec) for one in nearest if one.weights == "random")
    if not names:
        return ""
    return f"; timed here with seeded weights of the full size: {', '.join(names)}"


def _by_what(decision: Decision) -> str:
    """Say what the second setting of a class is first by."""
    if decision.requirements.prefer[:1] != (MARGIN,):
        return "in the order asked for"
    return (
        f"by the rule (of all that have a margin of {MOST_CERTAIN:g} half intervals or more, which "
        "are told apart no further, the fewest bits; where nothing has, the most margin)"
    )


def _nearest(outcome: ClassOutcome) -> list[ReplayedSetting]:
    """Return the nearest setting of each option that has any on this class."""
    options = dict.fromkeys(one.option for one in outcome.replayed)
    return [_first(outcome, option) for option in options]


def _in_brief(decision: Decision, links: Links) -> list[str]:
    """Return a table of the nearest setting of each option, class by class."""
    lines = [
        [name, code(one.spec), _pairs(one), *_verdicts(one, links), *_own_run(one, links),
         _differences(one)]
        for name, outcome in decision.by_class.items()
        for one in _nearest(outcome)
    ]  # fmt: skip
    asked = [
        (one.panel or one.stand_in or one).name
        for one in decision.requirements.requirements
        if one.hard
    ]
    headings = ["clips", "published", "pairs (sources)", *map(escaped, asked)]
    headings += ["kbit/s", "decoding, memory", "on the same clips (difference)"]
    sound = decision.requirements.replayed
    return [
        *([] if sound is None else [escaped(sound.caution)]),
        table(headings, lines),
        f"Of each option the nearest setting with at least {FEWEST_SOURCES} sources, where there "
        "is one; below, all of them.",
    ]


def section(decision: Decision, links: Links) -> list[str]:
    """Return a table for each class: every published setting, and others on the same clips."""
    tables = [
        _class(name, outcome, links)
        for name, outcome in decision.by_class.items()
        if outcome.replayed
    ]
    if not tables:
        return []
    text = (
        "Quality is heard in the published files of this class, rate and time are those of the "
        "run. No figure here is to be held against one on other clips: the last column has the "
        "means of what ran here on the same originals, in brackets the setting minus that codec in "
        "pairs, with the 95 % interval over sources, without correction for the number of "
        "comparisons. A pass takes "
        f"{FEWEST_SOURCES} sources; of fewer the lowest and the highest are shown."
    )
    heading = "### Published sound, class by class"
    return [heading, *_in_brief(decision, links), text, *tables]


def _class(name: str, outcome: ClassOutcome, links: Links) -> str:
    lines = []
    for setting in outcome.replayed:
        beside = "; ".join(
            f"{wording.label(f.metric)} {links.cite(f, wording.figure(f))}" for f in setting.beside
        )
        lines.append(
            [
                code(setting.spec),
                _pairs(setting),
                "; ".join(_full(finding, links) for finding in setting.findings),
                beside or _NOTHING,
                STATUS[setting.status],
                _differences(setting),
            ]
        )
    headings = [
        name,
        "pairs (sources)",
        "verdicts",
        "beside",
        "for these clips",
        "on the same clips (difference)",
    ]
    return table(headings, lines)


def _full(finding: Finding, links: Links) -> str:
    asked = finding.requirement
    text = f"{escaped(finding.name)} **{finding.verdict}**"
    if finding.stated is not None:
        return f"{text}: {stated_figure(finding.stated)}"
    figure = finding.figure
    if figure.level is None:
        return f"{text} ({escaped(figure.text or finding.reason)})"
    shown = _shown(finding, links)
    count = "" if asked.metric in COSTS else f", n = {figure.n}"
    reason = f" ({escaped(finding.reason)})" if finding.reason else ""
    return f"{text}: {shown}, {figure.origin}{count}{reason}"


def _pairs(setting: ReplayedSetting) -> str:
    return f"{setting.pairs} ({setting.sources})"


def _verdicts(setting: ReplayedSetting, links: Links) -> list[str]:
    cells: list[str] = []
    for finding in (finding for finding in setting.findings if finding.requirement.hard):
        figure = finding.figure
        if finding.stated is not None or figure.level is None:
            cells.append(finding.verdict)
            continue
        cells.append(f"{finding.verdict}: {_shown(finding, links)}, {figure.origin}")
    return cells


def _shown(finding: Finding, links: Links) -> str:
    """Write the figure; of a panel with the name of the predictor that decides."""
    text = links.cite(finding.figure, wording.figure(finding.figure))
    if finding.figure.at_most:
        return f"at most {text}"
    return f"{Panel.label_of(finding.requirement.name)} {text}" if finding.panel else text


def _own_run(setting: ReplayedSetting, links: Links) -> list[str]:
    """Return the nominal rate and that by its own bits, and what it costs, both of the run."""
    rates = [] if setting.nominal_kbps is None else [f"nominal {setting.nominal_kbps:g}"]
    if setting.rate.value is not None:
        shown = wording.number(setting.rate.value, "bitrate_kbps")
        rates.append(f"own bits {links.cite(setting.rate, shown)}")
    costs = []
    if setting.decode_rtf.level is not None:
        costs.append(links.cite(setting.decode_rtf, wording.figure(setting.decode_rtf)))
    if setting.peak_memory_mib is not None:
        costs.append(f"{setting.peak_memory_mib:.0f} MiB")
    if setting.weights == "random":
        costs.append("seeded weights, full size")
    return [", ".join(rates) or _NOTHING, ", ".join(costs) or _NOTHING]


def _differences(setting: ReplayedSetting) -> str:
    by_codec: dict[str, list[Difference]] = {}
    for difference in setting.differences:
        by_codec.setdefault(difference.beside, []).append(difference)
    texts = []
    for spec, differences in by_codec.items():
        kbps = differences[0].kbps
        rate = "" if kbps is None else f" at {kbps:.1f} kbit/s"
        texts.append(f"{code(spec)}{rate}: {', '.join(map(_difference, differences))}")
    return "; ".join(texts) or _NOTHING


def _difference(difference: Difference) -> str:
    digits = TABLE[difference.metric].decimals
    text = (
        f"{wording.label(difference.metric)} {difference.theirs:.{digits}f} "
        f"({difference.value:+.{digits}f}"
    )
    if difference.low is None or difference.high is None:
        return f"{text}, no interval)"
    return f"{text} [{difference.low:+.{digits}f}, {difference.high:+.{digits}f}])"


def _chosen(outcome: ClassOutcome, links: Links) -> str:
    if outcome.recommended is None:
        return "nobody passes"
    others = outcome.widest - 1
    more = f", as have {others} others" if others and outcome.margin >= MOST_CERTAIN else ""
    named = {
        outcome.cheapest: (
            outcome.cheapest_rate,
            outcome.cheapest_margin,
            "",
            outcome.cheapest_missed,
        ),
        outcome.recommended: (outcome.rate, outcome.margin, more, outcome.missed),
    }
    texts = [
        f"{code(spec)} at {links.cite(rate, wording.with_unit(rate.value or 0.0, rate.metric))} "
        f"(margin {_margin(margin)}{after}{_missed(missed)})"
        for spec, (rate, margin, after, missed) in named.items()
        if spec is not None and rate is not None
    ]
    return " and ".join(texts)


def _missed(missed: Mapping[str, tuple[int, int]]) -> str:
    """Say how many single clips miss what the mean passes."""
    return "".join(
        f"; {below} of {counted(clips, 'clip')} miss {escaped(name)}"
        for name, (below, clips) in missed.items()
        if below
    )


def _margin(value: float) -> str:
    return f"{MOST_CERTAIN:g} or more" if value >= MOST_CERTAIN else f"{value:.1f}"


def _first(outcome: ClassOutcome, option: str) -> ReplayedSetting:
    """Return an option's nearest setting: enough sources, then status, then what lacks least."""
    return min((setting for setting in outcome.replayed if setting.option == option), key=_place)


def _place(setting: ReplayedSetting) -> tuple[bool, int, float, int]:
    hard = [finding for finding in setting.findings if finding.requirement.hard]
    open_ones = sum(finding.verdict != "PASS" for finding in hard)
    lacks = shortfall(hard) if setting.status == "out" else float(open_ones)
    return (
        setting.sources < FEWEST_SOURCES,
        list(STATUS).index(setting.status),
        lacks,
        -setting.pairs,
    )
