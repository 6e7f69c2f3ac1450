"""From answers to ratings or choices: the pages that count, under the names of the key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codecmark.listen.design import Design
from codecmark.listen.entries import Answer, Joined
from codecmark.listen.ratings import ListeningSet, Rating


def names_of(joined: Iterable[Joined]) -> dict[str, str]:
    """Return of each session what its listener is called, no two alike.

    Who is called as another before has a number behind the name: two are not one.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for number, each in enumerate(joined, start=1):
        name = each.listener
        while name in taken:
            name = f"{name} [{number}]"
        taken.add(name)
        names[each.session] = name
    return names


@dataclass(frozen=True)
class Choice:
    """One answer to a pair.

    Attributes
    ----------
    first, second : str
        The systems.
    chosen : str or None
        In AB the better one, None where there is no difference; in ABX what X was said to be.
    truth : str or None
        In ABX what X was.
    """

    listener: str
    clip: str
    first: str
    second: str
    chosen: str | None
    truth: str | None = None


def ratings(
    design: Design, joined: Iterable[Joined], answers: Iterable[Answer]
) -> ListeningSet:  # fmt: skip
    """Return the ratings of ACR, DCR or MUSHRA, or raise `InputError` for another method."""
    method = design.rated_method()
    names = names_of(joined)
    found = []
    for each in answers:
        if design.page(each.page).training:
            continue
        for stimulus, value in zip(each.stimuli, each.values, strict=True):
            entry = design.key.stimuli[stimulus]
            found.append(Rating(names[each.session], entry.clip, entry.system, float(value)))
    return ListeningSet(
        method, design.stimuli(), tuple(found), design.plan.title, "", design.sha256, design.folder
    )


def choices(
    design: Design, joined: Iterable[Joined], answers: Iterable[Answer]
) -> list[Choice]:  # fmt: skip
    """Return the choices of AB or ABX."""
    names = names_of(joined)
    found = []
    for each in answers:
        if design.page(each.page).training:
            continue
        entries = [design.key.stimuli[name] for name in each.stimuli]
        systems = [entry.system for entry in entries]
        (value,) = each.values
        chosen = systems[value] if value < 2 else None
        truth = systems[2] if design.plan.method == "abx" else None
        found.append(
            Choice(names[each.session], entries[0].clip, systems[0], systems[1], chosen, truth)
        )
    return found


def unfinished(design: Design, joined: Iterable[Joined], answers: Iterable[Answer]) -> list[str]:
    """Say of each listener who has not answered every page how many are missing."""
    counted = {page.name for page in design.plan.pages if not page.training}
    done: dict[str, int] = {}
    for each in answers:
        done[each.session] = done.get(each.session, 0) + (each.page in counted)
    return [
        f"{name}: {done.get(session, 0)} of {design.plan.pages_each} pages"
        for session, name in names_of(joined).items()
        if done.get(session, 0) < design.plan.pages_each
    ]
