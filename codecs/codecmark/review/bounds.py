"""Bounds: what an option cannot do better than, so that it can fail without rows of its own."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from codecmark.review.figures import Figures
from codecmark.review.finding import WORST_FIRST, Finding
from codecmark.review.options import Bound
from codecmark.review.requirement import Requirement
from codecmark.review.verdict import beyond, judge, look_up


def by_bound(finding: Finding, bounds: Iterable[Bound], figures: Figures) -> Finding:
    """Let a bound fail what no row decides; a bound never passes anything."""
    if finding.verdict != "NO EVIDENCE":
        return finding
    asked = finding.requirement
    for bound in (b for b in bounds if b.requirement == asked.name):
        if isinstance(bound.limit, tuple):
            failed = _by_others(bound.limit, asked, figures)
        else:
            failed = _by_number(finding, bound, bound.limit, figures)
        if failed is not None:
            return replace(failed, bound=bound, reason=bound.because, stand_in=finding.stand_in)
    return finding


def matching(patterns: Sequence[str], specs: Sequence[str]) -> tuple[str, ...]:
    """Return the specs that the patterns match, and names that match none as they are.

    A pattern with a wildcard that matches none stands for nothing, unless it is all there is.
    """
    chosen: list[str] = []
    for pattern in patterns:
        matched = [spec for spec in specs if fnmatch.fnmatchcase(spec, pattern)]
        if not matched and "*" not in pattern:
            matched = [pattern]
        chosen += matched
    return tuple(dict.fromkeys(chosen or patterns))


def matches_any(spec: str, patterns: Iterable[str]) -> bool:
    """Say whether one of the patterns stands for a spec."""
    return any(fnmatch.fnmatchcase(spec, pattern) for pattern in patterns)


def _by_others(limit: Sequence[str], asked: Requirement, figures: Figures) -> Finding | None:
    """Return the best finding of the specs if it fails; each of them has to be measured."""
    findings = [
        judge(look_up(figures, spec, asked), asked) for spec in matching(limit, figures.specs)
    ]
    if any(finding.safe_margin is None and not finding.figure.exact for finding in findings):
        return None
    best = max(findings, key=lambda finding: (WORST_FIRST.index(finding.verdict), finding.reach))
    return best if best.verdict == "FAIL" else None


def _by_number(finding: Finding, bound: Bound, limit: float, figures: Figures) -> Finding | None:
    """Return the failure at `limit`, unless a witness does better than it."""
    asked = finding.requirement
    if asked.holds(limit):
        return None
    witnesses = [
        (asked.sign * level, figure)
        for spec in matching(bound.witnesses, figures.specs)
        for figure in look_up(figures, spec, asked).figures.values()
        if (level := figure.level) is not None
    ]
    best, witness = max(witnesses, key=lambda pair: pair[0], default=(None, None))
    if best is not None and best > asked.sign * limit:
        return None
    margin = beyond(asked, limit)
    return replace(
        finding,
        verdict="FAIL",
        figure=replace(finding.figure, value=limit),
        margin=margin,
        safe_margin=margin,
        witness=witness,
        n_witnesses=len({figure.spec for _, figure in witnesses}),
    )
