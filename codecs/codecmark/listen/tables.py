"""Ratings that other tools write, as listening sets; the tool is recognised from the file.

- webMUSHRA's `mushra.csv`: a column for the session, `trial_id`, `rating_stimulus` and
  `rating_score`; stimuli named `reference`, `anchor35` and `anchor70` have those roles. Trials
  whose name begins with `training` do not count.
- BeaqleJS' MUSHRA, see `beaqlejs`.
- tables of lists, see `list_table`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codecmark.errors import InputError
from codecmark.listen import beaqlejs, list_table
from codecmark.listen.csv_tables import number, read_csv
from codecmark.listen.merging import merged
from codecmark.listen.ratings import ListeningSet, Rating, Role, Stimulus

WEBMUSHRA = ("session_uuid", "trial_id", "rating_stimulus", "rating_score")
_ROLES: dict[str, Role] = {
    "reference": "reference", "anchor70": "mid_anchor", "anchor35": "low_anchor",
}  # fmt: skip
_TRAINING = "training"


def read_tables(paths: Sequence[Path]) -> ListeningSet:
    """Read files of these tools as one set, e.g. what every listener of BeaqleJS handed over.

    Raises
    ------
    InputError
        As `read_table`, or if two files contradict each other.
    """
    return merged([read_table(path) for path in paths], paths[0].stem)


def read_table(path: Path) -> ListeningSet:
    """Read a file of one of these tools.

    Raises
    ------
    InputError
        If it is none, or a value is not what the tool writes; names file and line.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4096).decode("utf-8-sig", "replace").lstrip()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if head.startswith("["):
        return _listening_set(beaqlejs.ratings_in(path), path.stem)
    first = head.partition("\n")[0]
    if "rating_stimulus" in first:
        return read_webmushra(path)
    if "participant_ids" in first:
        return list_table.read_list_table(path)
    raise InputError(
        f"{path}: not webMUSHRA's mushra.csv, a result of BeaqleJS, or a table of lists; its "
        f"first line is {first!r:.80}"
    )


def read_webmushra(path: Path) -> ListeningSet:
    """Read `mushra.csv` of webMUSHRA."""
    ratings = [
        Rating(
            line["session_uuid"], line["trial_id"], line["rating_stimulus"],
            number(line["rating_score"], f"{path} line {n}, rating_score"),
        )
        for n, line in enumerate(read_csv(path, WEBMUSHRA), start=2)
        if not line["trial_id"].lower().startswith(_TRAINING)
    ]  # fmt: skip
    return _listening_set(ratings, path.stem)


def _listening_set(ratings: list[Rating], title: str) -> ListeningSet:
    names = dict.fromkeys((each.clip, each.system) for each in ratings)
    stimuli = tuple(
        Stimulus(clip, system, _ROLES.get(system.lower(), "system")) for clip, system in names
    )
    return ListeningSet("mushra", stimuli, tuple(ratings), title)
