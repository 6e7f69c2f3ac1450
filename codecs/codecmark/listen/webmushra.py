"""A planned test as a configuration of webMUSHRA; `webmushra_answers` takes in what it writes.

Exported is what webMUSHRA (Schoeffler et al. 2018, Journal of Open Research Software 6) has a page
for: MUSHRA; ACR as single Likert stimuli; ABX as its paired comparison, in which X is the
reference. It has none for DCR, and none for a preference between two codecs.

Stimuli keep their random names, so that only this test's key tells what they are. webMUSHRA hands
its configuration to the browser, where everybody can read which file is the reference.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from codecmark.errors import InputError
from codecmark.listen.design import Design, PlanPage
from codecmark.listen.making import REFERENCE
from codecmark.listen.wording import wording
from codecmark.system import whole_files

TRAINING = "training"
_ABSENT = {
    "dcr": "webMUSHRA has no page of one sound beside its reference; plan mushra or acr",
    "ab": "webMUSHRA compares with the reference only; plan abx",
}


def name_of(design: Design) -> str:
    """Return what webMUSHRA calls the test, in its files too."""
    return f"codecmark-{design.sha256[:16]}"


def export(design: Design, folder: Path) -> Path:
    """Write configuration and sounds, to be copied into webMUSHRA's folder; return the former.

    Raises
    ------
    InputError
        If webMUSHRA has no page for the method, or the folder cannot be written to.
    """
    require(design)
    name = name_of(design)
    sounds = Path("configs") / "resources" / name
    config = folder / "configs" / f"{name}.yaml"
    try:
        for stimulus in design.key.stimuli:
            whole_files.write_inside(folder, sounds / f"{stimulus}.wav", design.sound(stimulus))
        lines = _yaml(_head(design, sounds.as_posix()), 0)
        whole_files.write_inside(folder, config.relative_to(folder), "\n".join(lines) + "\n")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from error
    return config


def require(design: Design) -> None:
    """Raise `InputError` if webMUSHRA has no page for the method."""
    if reason := _ABSENT.get(design.plan.method):
        raise InputError(f"method: {design.plan.method}: {reason}")


def pair_of(design: Design, page: PlanPage) -> tuple[str, str]:
    """Return reference and coded stimulus of an ABX page."""
    first, second = page.items
    return (first, second) if design.key.stimuli[first].role == REFERENCE else (second, first)


def _head(design: Design, sounds: str) -> dict[str, Any]:
    counted = [page for page in design.plan.pages if not page.training]
    training = [page for page in design.plan.pages if page.training]
    everything = _pages(design, counted, sounds)
    first = counted[0].reference or counted[0].items[0]
    return {
        "testname": html.escape(design.plan.title), "testId": name_of(design), "bufferSize": 2048,
        "stopOnErrors": True, "showButtonPreviousPage": False, "remoteService": "service/write.php",
        "pages": [
            {"type": "consent", "id": "consent", "name": "Before you begin", "mustConsent": True,
             "content": "You will hear short sounds and say how they sound to you. Stored are your "
             "answers and what you state here: please give no name and no address."},
            {"type": "volume", "id": "volume", "name": "Volume", "defaultVolume": 0.7,
             "content": "Set a comfortable volume and leave it there.",
             "stimulus": f"{sounds}/{first}.wav"},
            *_pages(design, training, sounds, f"{TRAINING}-"),
            ["random", *everything] if len(everything) > 1 else everything[0],
            {"type": "finish", "name": "Thank you", "content": "Please send your answers.",
             "popupContent": "Your answers were sent.", "showResults": False, "writeResults": True,
             "questionnaire": [
                {"type": "text", "name": "pseudonym", "label": "A pseudonym (not your name)"},
                {"type": "likert", "name": "headphones", "label": "Do you wear headphones?",
                 "response": [{"value": word, "label": word} for word in ("yes", "no")]},
             ]},
        ],
    }  # fmt: skip


def _pages(
    design: Design, pages: Iterable[PlanPage], sounds: str, prefix: str = ""
) -> list[dict[str, Any]]:
    method = design.plan.method
    asked = wording(method)
    shown: list[dict[str, Any]] = []
    together: dict[str, str] = {}
    for page in pages:
        files = {name: f"{sounds}/{name}.wav" for name in page.items}
        trial = {
            "id": f"{prefix}{page.name}", "name": "Training" if prefix else "Listen",
            "content": asked["question"], "showWaveform": False, "enableLooping": True,
        }  # fmt: skip
        if method == "acr":
            together |= files
        elif method == "mushra":
            others = {name: file for name, file in files.items() if name != page.reference}
            shown.append({"type": "mushra", **trial, "strict": True, "createAnchor35": False,
                          "createAnchor70": False, "randomize": True, "showConditionNames": False,
                          "reference": f"{sounds}/{page.reference}.wav",
                          "stimuli": others})  # fmt: skip
        else:
            reference, coded = pair_of(design, page)
            content = "Which of A and B is the reference? If you cannot tell, guess."
            shown.append({"type": "paired_comparison", **trial, "content": content,
                          "reference": files[reference],
                          "stimuli": {coded: files[coded]}})  # fmt: skip
    if together:
        most = {} if prefix else {"maxStimuli": design.plan.pages_each}
        shown.append({
            "type": "likert_single_stimulus", "id": prefix.rstrip("-") or "acr",
            "name": "Training" if prefix else "Listen", "content": asked["question"],
            "mustRate": True, "mustPlayback": "ended", **most,
            "response": [{"value": value, "label": label} for value, label in asked["labels"]],
            "stimuli": together,
        })  # fmt: skip
    return shown


def _yaml(value: Any, depth: int) -> list[str]:
    """Return lists and mappings as blocks, what is in them in JSON's form, which YAML reads too."""
    pad = "  " * depth
    lines = []
    for name, each in value.items() if isinstance(value, dict) else ((None, v) for v in value):
        head = f"{pad}-" if name is None else f"{pad}{name}:"
        if isinstance(each, dict | list):
            lines += [head, *_yaml(each, depth + 1)]
        else:
            lines.append(f"{head} {json.dumps(each, ensure_ascii=False)}")
    return lines
