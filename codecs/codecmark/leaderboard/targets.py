"""Target columns: what the review says of each codec and each hard requirement."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codecmark.analysis.aggregation import ALL
from codecmark.analysis.summary import Summary
from codecmark.leaderboard.cell import NOTHING, Cell, Column
from codecmark.review import panel_text, wording
from codecmark.review.finding import Finding
from codecmark.review.judgement import Judged
from codecmark.review.panel import Panel
from codecmark.review.requirement import Requirement
from codecmark.review.threshold import EACH


def target_columns(judged: Judged | None) -> tuple[Column, ...]:
    """Return a column for each hard requirement that rows can say anything of.

    One without evidence anywhere, such as an opinion that no listener was asked for, is shown by
    its stand-in.
    """
    if judged is None:
        return ()
    return tuple(_column(asked, judged) for asked in _shown(judged))


def passes_all(judged: Judged | None, spec: str) -> bool:
    """Say whether a spec passes every hard requirement."""
    candidate = None if judged is None else judged.candidates.get(spec)
    return candidate is not None and candidate.can_be_chosen


@dataclass(frozen=True)
class _Asked:
    """What has a column: a requirement, its stand-in, or its panel."""

    name: str
    heading: str
    meaning: str


def _shown(judged: Judged) -> Sequence[_Asked]:
    found = []
    for asked in judged.requirements.requirements:
        if not asked.hard:
            continue
        verdicts = {one.finding(asked.name).verdict for one in judged.candidates.values()}
        if not asked.others or verdicts - {"NO EVIDENCE"}:
            found.append(_of_requirement(asked))
        if asked.stand_in is not None:
            found.append(_of_requirement(asked.stand_in))
        if asked.panel is not None:
            found.append(_of_panel(asked.panel))
    return found


def _of_requirement(asked: Requirement) -> _Asked:
    meaning = f"{wording.demand(asked)}; undecided where the 95 % interval straddles it"
    return _Asked(asked.name, _heading(asked), meaning)


def _of_panel(panel: Panel) -> _Asked:
    """Say who has a voice; predictors are never averaged."""
    meaning = (
        f"a prediction and not a listening test: {'; '.join(panel_text.rule(panel))}. Pass where "
        "every voice that has figures holds at the near end of its interval, fail where most of "
        "them fail at the far end, undecided otherwise; two of one house are one voice, which "
        "decides where no other can speak, as on music and ambient sound below 48 kHz"
    )
    return _Asked(panel.name, panel.name, meaning)


def _column(asked: _Asked, judged: Judged) -> Column:
    name = re.sub(r"[^a-z0-9]+", "_", asked.name.lower()).strip("_")
    meaning = asked.meaning
    found = [one.finding(asked.name) for one in judged.candidates.values()]
    if any(one.figure.origin == "replayed" for one in found):
        meaning += "; replayed: heard in files that others published, on clips of their own"
    return Column(f"{name}_target", asked.heading, meaning, _cell(asked, judged), is_verdict=True)


def _heading(asked: Requirement) -> str:
    statistic = "" if asked.statistic == "mean" else f"{asked.statistic} "
    where = "" if asked.clip_class in {ALL, EACH} else f" {asked.clip_class}"
    label = wording.label(asked.metric)
    if asked.of or asked.among:
        return f"{statistic}{label}{where} {wording.threshold(asked)}"
    through = wording.went_through(asked.axes)
    return f"{statistic}{label}{where} {asked.operator} {asked.threshold:g}{through}"


def _cell(asked: _Asked, judged: Judged) -> Callable[[Summary], Cell]:
    def cell(summary: Summary) -> Cell:
        candidate = judged.candidates.get(summary.spec)
        return Cell(NOTHING) if candidate is None else written(candidate.finding(asked.name))

    return cell


def written(finding: Finding) -> Cell:
    """Write a finding as a cell; of several classes, those that fail are named."""
    cell = _verdict(finding)
    if finding.figure.origin == "replayed" and cell.rank is not None:
        return Cell(f"{cell.text} (replayed)", cell.rank)
    return cell


def _verdict(finding: Finding) -> Cell:
    if finding.verdict == "PASS":
        return Cell("pass", 1.0)
    if finding.verdict == "NO EVIDENCE":
        return Cell(NOTHING)
    if finding.verdict == "PUBLISHED ELSEWHERE":
        return Cell("published elsewhere")
    if finding.verdict == "UNDECIDED":
        return Cell("undecided", 0.5)
    if finding.bound is not None:
        return Cell("fail (bound)", 0.0)
    failed = sorted(name for name, verdict in finding.classes.items() if verdict == "FAIL")
    if not failed or len(failed) == len(finding.classes):
        return Cell("fail", -1.0 if failed else 0.0)
    return Cell(f"fail: {', '.join(failed)}", -len(failed) / len(finding.classes))
