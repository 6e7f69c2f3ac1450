"""Tables of codecs as curves: the rate at the target, the rate against an anchor, the ranks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from codecmark import catalog
from codecmark.analysis.anchor_table import against_anchor, default_anchor
from codecmark.analysis.delta import CurveGap, Delta
from codecmark.analysis.samples import latest_rows
from codecmark.analysis.summary import Summarised
from codecmark.analysis.target import Never, Reached, rate_at_target
from codecmark.corpus.entry import CLASSES
from codecmark.leaderboard.cell import NOTHING
from codecmark.leaderboard.plain_table import Table
from codecmark.leaderboard.rank_table import ranks
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.results.row import ResultRow
from codecmark.review.judgement import Judged
from codecmark.review.requirements import Requirements
from codecmark.spec import Spec, without_setting


def tables(rows: Iterable[ResultRow], judged: Mapping[str, Judged]) -> list[Table]:
    """Return the tables of each condition; those that would be empty are left out.

    `judged` holds by condition the requirements that make the target.

    They compare clip by clip, which a run that was summed up elsewhere no longer holds.
    """
    if isinstance(rows, Summarised):
        return []
    by_condition: dict[str, list[ResultRow]] = {}
    for row in rows:
        by_condition.setdefault(row.condition, []).append(row)
    found = []
    for condition, rows_of_it in by_condition.items():
        members = latest_rows(rows_of_it)
        present = {row.clip_class for row in members if row.clip_class}
        classes = sorted(present, key=CLASSES.index)
        if not classes:
            continue
        if condition in judged:
            found.append(at_target(members, classes, condition, judged[condition].requirements))
        found += [make(members, classes, condition) for make in (rates_against_anchor, ranks)]
    return [table for table in found if table.rows]


def at_target(
    rows: Sequence[ResultRow],
    classes: Sequence[str],
    condition: str,
    requirements: Requirements,
) -> Table:
    """Return the smallest rate at which every quality meets its target, for each class."""
    question = "At which rate is the target met?"
    title = f"Rate at target, {condition}"
    targets = {name: requirements.targets(name) for name in classes}
    targets = {name: _known(rows, name, target) for name, target in targets.items()}
    if not all(targets.values()):
        return Table(question, condition, title, "", (), ())
    either = {
        name: [each for one in requirements.either(name) if (each := _known(rows, name, one))]
        for name in classes
    }
    found = {name: rate_at_target(rows, name, targets[name], either[name]) for name in classes}
    lines, single, unscored, shown = [], [], [], _shown(rows)
    for codec in dict.fromkeys(codec for prices in found.values() for codec in prices):
        if _is_sentinel(codec):
            continue
        prices = [found[name].get(codec, Never(None, {})) for name in classes]
        if all(isinstance(price, Never) and price.nearest is None for price in prices):
            unscored.append(codec)
        elif codec not in shown and not any(isinstance(p, Reached) for p in prices):
            single.append(codec)
        else:
            cells = [_price(price, codec) for price in prices]
            lines.append((_cheapest(prices), (codec, *cells)))
    target = _target(targets, either)
    remarks = []
    if single:
        remarks.append(f"Not at the one setting of each: {', '.join(single)}.")
    if unscored:
        remarks.append(f"Not scored, the notes say why: {', '.join(unscored)}.")
    return Table(
        question,
        condition,
        title,
        f"The smallest rate in kbit/s at which {target} hold together, interpolated between "
        "measured settings, in brackets where the ends of their 95 % intervals put it. `≤`: the "
        "cheapest setting meets it already; `>`: the dearest one may not. Where none does, the "
        "nearest setting and what it lacks. Of a panel of predictors those are asked here that "
        "have a figure of their own in these rows, of every codec alike. One that is held to the "
        "originals, as DistillMOS is on speech, is not asked here and decides there: the panel's "
        "verdict, another column, may lack more than this table says.",
        ("codec", *(f"{name} kbit/s" for name in classes)),
        tuple(line for _, line in sorted(lines)),
        tuple(remarks),
        page_only=False,
    )


def rates_against_anchor(
    rows: Sequence[ResultRow], classes: Sequence[str], condition: str
) -> Table:
    """Return Bjøntegaard's rate difference to the anchor, for each class and metric."""
    axes = [
        (name, metric)
        for name in classes
        for metric in ("snr_db", "pesq_wb", VISQOL_FIELD)
        if TABLE[metric].applies_to(name)
    ]
    rows = latest_rows(row for row in rows if not catalog.is_sentinel(row.family))
    anchor = default_anchor(rows)
    found = [against_anchor(rows, metric, name, anchor) for name, metric in axes]
    lines, shown = [], _shown(rows)
    for codec in dict.fromkeys(without_setting(row.spec) for row in rows):
        if codec not in shown:
            continue
        cells = [_delta(table.gaps.get(codec) if table else None) for table in found]
        if any(cell != NOTHING for cell in cells):
            lines.append((codec, *cells))
    return Table(
        f"How many bits for the quality of {anchor}?",
        condition,
        f"Rate against {anchor}, {condition}",
        f"`-17 (-16; 35 %)`: 17 % fewer bits than {anchor} at equal quality, a Bjøntegaard "
        "delta with PCHIP, then with Akima, over 35 % of the range of both; with `?` the two "
        "disagree on the sign. From fewer than four settings none is taken: `x0.8` is the rate "
        f"that {anchor} would need over the setting's own, above 1 is better. `-`: the "
        "curves do not overlap.",
        ("codec", *(f"{_label(metric)} {name}" for name, metric in axes)),
        tuple(lines),
    )


def _known(
    rows: Sequence[ResultRow], clip_class: str, target: Mapping[str, float]
) -> dict[str, float]:
    """Leave out what no row of the class has a figure of, as before a predictor was there."""
    ours = [row for row in rows if row.clip_class == clip_class]
    return {
        metric: limit
        for metric, limit in target.items()
        if any(getattr(row, metric) is not None for row in ours)
    }


def _target(
    targets: Mapping[str, Mapping[str, float]], either: Mapping[str, Sequence[Mapping[str, float]]]
) -> str:
    """Write what is asked for; of each class where they differ."""
    texts: dict[str, list[str]] = {}
    for name, target in targets.items():
        demands = [_demand(metric, limit) for metric, limit in target.items()]
        demands += [" or ".join(_demand(*pair) for pair in one.items()) for one in either[name]]
        texts.setdefault(" and ".join(demands), []).append(name)
    if len(texts) == 1:
        return next(iter(texts))
    return "; ".join(f"on {' and '.join(names)} {text}" for text, names in texts.items())


def _demand(metric: str, limit: float) -> str:
    sign = ">=" if TABLE[metric].higher_is_better else "<="
    return f"{_label(metric)} {sign} {limit:g} {TABLE[metric].written_unit}".strip()


def _is_sentinel(codec: str) -> bool:
    return catalog.is_sentinel(Spec.parse(codec).family)


def _shown(rows: Sequence[ResultRow]) -> set[str]:
    """Return the codecs with a line of their own: of the default set, or with a curve."""
    settings = Counter(without_setting(spec) for spec in {row.spec for row in rows})
    names = {without_setting(spec) for spec in catalog.all_specs(default_only=True)}
    return names | {codec for codec, count in settings.items() if count > 1}


def _cheapest(prices: Sequence[Reached | Never]) -> tuple[int, float]:
    """Sort by how many classes are met, then by the dearest of them."""
    rates = [price.rate_kbps for price in prices if isinstance(price, Reached)]
    return -len(rates), max(rates, default=0.0)


def _price(price: Reached | Never, codec: str) -> str:
    if isinstance(price, Never):
        if price.nearest is None:
            return NOTHING
        lacks = ", ".join(
            f"{_label(metric)} {_amount(lack, metric)}" for metric, lack in price.missing.items()
        )
        setting = price.nearest.spec.removeprefix(codec)
        return f"not up to {price.most_kbps:.1f}: {setting} lacks {lacks}".replace("  ", " ")
    text = f"{'≤' if price.may_be_lower else ''}{price.rate_kbps:.1f}"
    found = price.interval
    if found is None:
        return text
    low = f"{'≤' if found.low_open else ''}{found.low_kbps:.1f}"
    high = f"{'>' if found.high_open else ''}{found.high_kbps:.1f}"
    return text if low in {text, high} and high in text else f"{text} ({low} to {high})"


def _label(metric: str) -> str:
    return TABLE[metric].label


def _amount(value: float, metric: str) -> str:
    about = TABLE[metric]
    return f"{value:.{about.decimals}f} {about.written_unit}".strip()


def _delta(found: CurveGap | None) -> str:
    if found is None:
        return NOTHING
    if isinstance(found.bd_rate, Delta):
        delta = found.bd_rate
        mark = "?" if delta.disputed else ""
        return f"{delta.pchip:+.0f}{mark} ({delta.akima:+.0f}; {delta.overlap_percent:.0f} %)"
    factors = [one.factor for one in found.distances if isinstance(one.factor, float)]
    if not factors:
        return NOTHING
    low, high = (f"{value:.1f}" for value in (min(factors), max(factors)))
    return f"x{low}" if low == high else f"x{low} to x{high}"
