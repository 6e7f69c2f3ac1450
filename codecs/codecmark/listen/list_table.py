"""Ratings as tables with one line per stimulus and the listeners' answers as lists.

The columns are `signal,condition,ratings,participant_ids,file`; the last three cells are e.g.
`"[41.0, 32.0]","[2, 3]",stim_01/prop_13.wav`, and `file` may be empty. What stands before the last
underscore of a signal's name is its speaker. Published so with Stahl, Windtner and Sontacchi, IEEE
Access 2024.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codecmark.errors import InputError
from codecmark.listen import strict_json
from codecmark.listen.csv_tables import number, read_csv
from codecmark.listen.ratings import ListeningSet, Method, Rating, Role, Stimulus
from codecmark.system.counting import counted

COLUMNS = ("signal", "condition", "ratings", "participant_ids", "file")
ROLES: dict[str, Role] = {"Reference": "reference", "Anchor": "low_anchor"}


def read_list_table(
    path: Path,
    audio: str = "audio",
    method: Method = "mushra",
    roles: Mapping[str, Role] = ROLES,
    clip_class: str = "speech",
) -> ListeningSet:
    """Read such a table.

    Parameters
    ----------
    path : Path
    audio : str
        The folder, beside the table, that the files are relative to.
    roles : mapping
        Which conditions are reference and anchors; any other is a system.

    Raises
    ------
    InputError
        If a line is not as above, or there are not as many listeners as ratings; names the line.
    """
    stimuli: list[Stimulus] = []
    ratings: list[Rating] = []
    for n, line in enumerate(read_csv(path, COLUMNS), start=2):
        where = f"{path} line {n}"
        clip, system = line["signal"], line["condition"]
        file = f"{audio}/{line['file']}" if line["file"] else None
        source = clip.rpartition("_")[0] or clip
        stimuli.append(
            Stimulus(clip, system, roles.get(system, "system"), file, source, clip_class)
        )
        values = _listed(line["ratings"], f"{where}, ratings")
        listeners = _listed(line["participant_ids"], f"{where}, participant_ids")
        if len(values) != len(listeners):
            rated, by = counted(len(values), "rating"), counted(len(listeners), "listener")
            raise InputError(f"{where}: {rated} of {by}")
        ratings += [
            Rating(str(listener).strip(), clip, system, number(str(value), f"{where}, ratings"))
            for listener, value in zip(listeners, values, strict=True)
        ]
    return ListeningSet(method, tuple(stimuli), tuple(ratings), path.stem, folder=path.parent)


def _listed(text: str, where: str) -> list[Any]:
    reason = ""
    try:
        values = strict_json.read(text.encode())
    except InputError as error:
        values, reason = None, f" ({error})"
    if not isinstance(values, list) or any(
        isinstance(v, bool) or not isinstance(v, int | float | str) for v in values
    ):
        raise InputError(f"{where}: {text!r:.40} is no list such as [2, 3]{reason}")
    return values
