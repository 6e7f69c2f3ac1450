"""Who says what on a panel, in words."""

from __future__ import annotations

from collections.abc import Sequence

from codecmark.metrics.table import TABLE
from codecmark.review.finding import Finding, Said, VoiceFinding
from codecmark.review.kinds import HARDLY_TRIED, HOW_FAR
from codecmark.review.panel import Panel, Voice
from codecmark.review.threshold import ORIGINAL, Threshold
from codecmark.review.wording import threshold
from codecmark.system.markdown import escaped

TRIED, UNTRIED = "tried on people", "untried"


def who_says_what(finding: Finding, clip_class: str) -> str:
    """Return what each voice says of a class: `DistillMOS -0.10 PASS (tried on people)`."""
    voices = [voice for voice in finding.voices if voice.clip_class == clip_class]
    return "; ".join(map(_voice, voices))


def class_by_class(finding: Finding) -> list[str]:
    """Return a line for each class of clips that has voices."""
    names = dict.fromkeys(voice.clip_class for voice in finding.voices)
    return [
        f"{name} {finding.classes.get(name, finding.verdict)}: {who_says_what(finding, name)}"
        for name in names
    ]


def marked(line: str) -> str:
    """Return a line of `class_by_class` as Markdown, its verdicts bold."""
    text = escaped(line)
    for verdict in ("PASS", "FAIL", "UNDECIDED"):
        text = text.replace(f" {verdict} (", f" **{verdict}** (")
    return text


def in_short(finding: Finding) -> str:
    """Return the voices of the class that decided, by label and verdict only."""
    texts = []
    for voice in finding.voices:
        if voice.clip_class != finding.figure.clip_class or voice.silent:
            continue
        texts.append(f"{_names(voice)} {voice.verdict}{_mark(voice)}")
    absent = [
        _names(voice)
        for voice in finding.voices
        if voice.clip_class == finding.figure.clip_class and voice.verdict == "NO EVIDENCE"
    ]
    if absent:
        texts.append(f"without {', '.join(absent)}")
    return ", ".join(texts)


def tried(finding: Finding) -> str:
    """Say whether the predictor that decides was held against people for such codecs and clips."""
    name, clip_class = finding.requirement.name, finding.figure.clip_class
    on_people = _on_people([Panel.label_of(name)])
    said = (
        said.tried
        for voice in finding.voices
        if voice.clip_class == clip_class
        for said in voice.says
        if said.requirement == name
    )
    return on_people if any(said) else UNTRIED


def judged_by_one_house(finding: Finding) -> dict[str, str]:
    """Return the classes of clips where nobody but one house speaks, with its name."""
    houses: dict[str, list[str]] = {}
    for voice in finding.voices:
        if not voice.silent:
            houses.setdefault(voice.clip_class, []).append(voice.house)
    return {name: spoken[0] for name, spoken in houses.items() if len(spoken) == 1 and spoken[0]}


def rule(panel: Panel) -> list[str]:
    """Return a line for each voice: who it is, on what, and what it asks."""
    return [
        f"{' or '.join(map(_asked, voice.any_of))}, on {_where(voice, panel)}{_whom(voice)}"
        for voice in panel.voices
    ]


def _voice(voice: VoiceFinding) -> str:
    joint = " and " if voice.house else " or "
    text = joint.join(map(_said, voice.says))
    house = f", one voice of {voice.house}" if voice.house else ""
    if voice.verdict == "NO EVIDENCE":
        return f"{text} absent ({voice.silent})"
    if voice.silent:
        return f"{text} ({voice.silent})"
    return f"{text} {voice.verdict} ({_how_tried(voice)}{house}{_alone(voice)})"


def _how_tried(voice: VoiceFinding) -> str:
    if not _is_tried(voice):
        return UNTRIED
    return _on_people([Panel.label_of(said.requirement) for said in voice.says])


def _on_people(labels: Sequence[str]) -> str:
    """Say that predictors were tried on people, and how far where that is hardly at all."""
    hardly = {TABLE[metric].label for metric in HARDLY_TRIED}
    return f"{TRIED}: {HOW_FAR}" if hardly.intersection(labels) else TRIED


def _alone(voice: VoiceFinding) -> str:
    """Name the thresholds of a voice that would not pass it without the other."""
    if voice.house or voice.verdict != "PASS":
        return ""
    says = {"FAIL": "fails", "UNDECIDED": "is undecided"}
    return "".join(
        f"; {Panel.label_of(said.requirement)} alone {says[said.verdict]}"
        for said in voice.says
        if said.verdict in says
    )


def _said(said: Said) -> str:
    label = Panel.label_of(said.requirement)
    if said.value is None:
        return f"{label} {'exact' if said.verdict == 'PASS' else ''}".strip()
    reach = ""
    if said.low is not None and said.high is not None:
        reach = f" [{said.low:.2f}, {said.high:.2f}]"
    return f"{label} {said.value:.2f}{reach}"


def _names(voice: VoiceFinding) -> str:
    labels = [Panel.label_of(said.requirement) for said in voice.says]
    return (" and " if voice.house else " or ").join(labels)


def _mark(voice: VoiceFinding) -> str:
    return "" if _is_tried(voice) else f" ({UNTRIED})"


def _is_tried(voice: VoiceFinding) -> bool:
    known = [said for said in voice.says if said.verdict != "NO EVIDENCE"]
    return bool(known) and all(said.tried for said in known)


def _asked(asked: Threshold) -> str:
    capped = " (above it counts as equal)" if asked.of == ORIGINAL else ""
    return f"{TABLE[asked.metric].label} {threshold(asked)}{capped}"


def _where(voice: Voice, panel: Panel) -> str:
    if voice.clip_class:
        return voice.clip_class
    return "other clips" if any(other.clip_class for other in panel.voices) else "each class"


def _whom(voice: Voice) -> str:
    return {
        "": "",
        "waveform": ", of codecs that keep the waveform",
        "resynthesis": ", of codecs that do not keep the waveform",
    }[voice.codecs]
