"""The verdict of a panel: every voice that counts holds, or most of them fail, or it is open.

Voices whose thresholds come from one house are one voice: it passes where all of them hold, fails
where all fail. A voice without figures does not count, and neither does one that is for the other
kind of codec; both are named. A voice that is left alone, since the others have no figures, passes
nothing. Predictors are never averaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from codecmark.metrics.table import NOT_DEFINED, TABLE
from codecmark.review.figure import Figure
from codecmark.review.finding import WORST_FIRST, Finding, Said, Verdict, VoiceFinding
from codecmark.review.kinds import is_tried
from codecmark.review.panel import Kind, Panel, Voice
from codecmark.review.requirement import Requirement
from codecmark.review.threshold import EACH, evidence_of
from codecmark.review.verdict import FiguresByClass, judge, not_judged

_KINDS = {"waveform": "keeps the waveform", "resynthesis": "does not keep the waveform"}


@dataclass(frozen=True)
class Heard:
    """What is known of one codec's sound.

    Attributes
    ----------
    spec : str
    measured : mapping of str to FiguresByClass
        By the name of a panel's threshold.
    kinds : mapping of str to Kind or None
        By class of clips.
    """

    spec: str
    measured: Mapping[str, FiguresByClass]
    kinds: Mapping[str, Kind | None]
    _judged: dict[Any, Finding] = field(default_factory=dict, repr=False, compare=False)

    def of_class(
        self, asked: Requirement, members: Mapping[str, Requirement], clip_class: str
    ) -> Finding:
        """Return the verdict on a class of clips, judged again only if its own voices changed."""
        panel = asked.panel
        assert panel is not None  # noqa: S101 (asked of requirements with one only)
        voices = panel.of_class(clip_class)
        key = asked.name, asked.hard, asked.condition, clip_class, voices
        if key not in self._judged:
            self._judged[key] = _of_class(panel, voices, members, self, clip_class)
        return self._judged[key]

    def of_member(self, asked: Requirement, clip_class: str) -> Finding:
        """Return the finding on one threshold, of one class by itself."""
        key = asked.name, asked.threshold, asked.hard, asked.condition, clip_class
        if key not in self._judged:
            measured = self.measured[asked.name]
            figure = measured.figures.get(clip_class)
            if figure is None:
                reason = f"not run on {clip_class}"
                figure = Figure(self.spec, asked.metric, clip_class, reason=reason)
            own = FiguresByClass({clip_class: figure}, (), measured.missing)
            self._judged[key] = judge(own, asked)
        return self._judged[key]


@dataclass(frozen=True)
class _Spoken:
    """A voice, or those of one house, with the findings that it rests on."""

    shown: VoiceFinding
    deciding: tuple[Finding, ...]
    house: str = ""

    @property
    def certainty(self) -> float:
        return min(finding.certainty for finding in self.deciding)

    @property
    def narrowest(self) -> Finding:
        """The finding with the smallest margin."""
        return min(self.deciding, key=lambda finding: finding.certainty)


def judge_panel(asked: Requirement, heard: Heard, classes: Sequence[str]) -> Finding:
    """Give the verdict of a requirement's panel.

    It is the finding on the threshold that decided, under the panel's name and with its verdict.

    Parameters
    ----------
    asked : Requirement
        With the panel, whose thresholds may have been moved.
    classes : sequence of str
        Those of the run.
    """
    panel = asked.panel
    assert panel is not None  # noqa: S101 (asked of requirements with one only)
    names = classes if panel.clip_class == EACH else (panel.clip_class,)
    members = {member.name: member for member in asked.members}
    by_class = {name: heard.of_class(asked, members, name) for name in names}
    verdicts = {name: finding.verdict for name, finding in by_class.items()}
    scarce = {n for member in heard.measured.values() for n in member.scarce}
    left_out = not_judged(verdicts, sorted(scarce))
    worst = min(
        (finding for name, finding in by_class.items() if name not in left_out),
        key=lambda finding: (WORST_FIRST.index(finding.verdict), finding.certainty),
    )
    return replace(
        worst,
        panel=panel.name,
        classes=verdicts if len(verdicts) > 1 or panel.clip_class == EACH else {},
        voices=tuple(voice for finding in by_class.values() for voice in finding.voices),
        scarce=left_out,
    )


def _of_class(
    panel: Panel,
    voices: Sequence[Voice],
    members: Mapping[str, Requirement],
    heard: Heard,
    clip_class: str,
) -> Finding:
    kind = heard.kinds.get(clip_class)
    spoken: list[_Spoken] = []
    silent: list[_Spoken] = []
    for voice in voices:
        findings = [
            heard.of_member(members[panel.member_name(voice, asked)], clip_class)
            for asked in voice.any_of
        ]
        findings = [finding for finding in findings if NOT_DEFINED not in finding.reason]
        if findings:
            speaker = _of_voice(voice, findings, heard.spec, kind, clip_class)
            (silent if speaker.shown.silent else spoken).append(speaker)
    counted = _by_house(spoken)
    shown = tuple(speaker.shown for speaker in (*counted, *silent))
    if not counted:
        return replace(
            _nobody(next(iter(members.values())), heard, clip_class, silent), voices=shown
        )
    failing = [speaker for speaker in counted if speaker.shown.verdict == "FAIL"]
    if len(failing) > len(counted) / 2:
        # the one that would have to hold for the verdict to change
        failing.sort(key=lambda speaker: -speaker.certainty)
        decisive = failing[len(failing) - len(counted) // 2 - 1]
        return replace(decisive.narrowest, voices=shown)
    worst = min(
        counted,
        key=lambda speaker: (WORST_FIRST.index(speaker.shown.verdict), speaker.certainty),
    ).narrowest
    if all(speaker.shown.verdict == "PASS" for speaker in counted):
        if len(counted) == 1 and (absent := _absent(spoken, silent)):
            reason = f"one voice alone passes nothing; no figure of {' and '.join(absent)}"
            return replace(worst, verdict="UNDECIDED", reason=reason, voices=shown)
        return replace(worst, voices=shown)
    reason = worst.reason if len(counted) == 1 and worst.reason else _divided(counted)
    return replace(worst, verdict="UNDECIDED", reason=reason, voices=shown)


def _of_voice(
    voice: Voice, findings: Sequence[Finding], spec: str, kind: Kind | None, clip_class: str
) -> _Spoken:
    known = [finding for finding in findings if finding.verdict != "NO EVIDENCE"]
    best = max(
        known or findings,
        key=lambda finding: (WORST_FIRST.index(finding.verdict), finding.certainty),
    )
    silent = ""
    if not known:
        silent = best.reason
    elif voice.codecs and kind is not None and voice.codecs != kind:
        silent = f"shown only: on {clip_class} it {_KINDS[_other(voice.codecs)]}"
    says = tuple(
        _said(finding, tried=is_tried(spec, kind, finding.requirement.metric, clip_class))
        for finding in findings
    )
    houses = {TABLE[finding.requirement.metric].house for finding in known}
    house = houses.pop() if len(houses) == 1 else ""
    return _Spoken(VoiceFinding(clip_class, best.verdict, says, silent=silent), (best,), house)


def _other(kind: str) -> str:
    return "resynthesis" if kind == "waveform" else "waveform"


def _said(finding: Finding, *, tried: bool) -> Said:
    figure = finding.figure
    return Said(
        requirement=finding.requirement.name,
        verdict=finding.verdict,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        reason=finding.reason if figure.level is None else "",
        tried=tried,
    )


def _by_house(spoken: Sequence[_Spoken]) -> list[_Spoken]:
    """Make one voice of those that one house speaks by."""
    groups: dict[str, list[_Spoken]] = {}
    for number, voice in enumerate(spoken):
        groups.setdefault(voice.house or str(number), []).append(voice)
    return [group[0] if len(group) == 1 else _together(group) for group in groups.values()]


def _together(group: Sequence[_Spoken]) -> _Spoken:
    verdicts = {voice.shown.verdict for voice in group}
    verdict: Verdict = verdicts.pop() if len(verdicts) == 1 else "UNDECIDED"
    shown = replace(
        group[0].shown,
        verdict=verdict,
        says=tuple(said for voice in group for said in voice.shown.says),
        house=group[0].house,
    )
    return _Spoken(shown, tuple(f for voice in group for f in voice.deciding), group[0].house)


def _absent(spoken: Sequence[_Spoken], silent: Sequence[_Spoken]) -> list[str]:
    """Return what could have spoken for another house than those that did."""
    heard = {speaker.house for speaker in spoken if speaker.house}
    return [
        finding.requirement.name
        for speaker in silent
        for finding in speaker.deciding
        if finding.verdict == "NO EVIDENCE" and TABLE[finding.requirement.metric].house not in heard
    ]


def _divided(counted: Sequence[_Spoken]) -> str:
    """Say who says what."""
    says = (
        f"{voice.narrowest.requirement.name if not voice.shown.house else voice.shown.house} says "
        f"{voice.shown.verdict}"
        for voice in counted
    )
    return "; ".join(says)


def _nobody(
    asked: Requirement, heard: Heard, clip_class: str, silent: Sequence[_Spoken]
) -> Finding:
    """Return the finding that nobody has a voice here, and why."""
    reasons = dict.fromkeys(voice.shown.silent for voice in silent)
    reason = "; ".join(reasons) or f"the panel has no voice for {clip_class}"
    absent = Figure(heard.spec, asked.metric, clip_class, reason=reason)
    return Finding(asked, "NO EVIDENCE", absent, evidence_of(asked.metric), reason=reason)
