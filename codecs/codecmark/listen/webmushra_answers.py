"""What webMUSHRA wrote of a test that was exported to it, into the test's own answers.

Its tables have a line for each rating. `mushra.csv` names the session; the others name nobody but
by the questionnaire, so there the pseudonym that the exported one asks for tells listeners apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from codecmark.errors import InputError
from codecmark.listen.csv_tables import number, read_csv
from codecmark.listen.design import Design, PlanPage
from codecmark.listen.entries import Elsewhere
from codecmark.listen.journal import LONGEST_COMMENT, Journal, now
from codecmark.listen.making import REFERENCE
from codecmark.listen.webmushra import TRAINING, name_of, pair_of, require

TOOL = "webmushra"
_OPTIONAL = ("rating_time", "choice_time", "rating_comment", "choice_comment")
_TABLES = {
    "mushra": ("session_test_id", "session_uuid", "trial_id", "rating_stimulus", "rating_score"),
    "acr": ("session_test_id", "pseudonym", "trial_id", "stimuli_rating", "stimuli"),
    "abx": (
        "session_test_id", "pseudonym", "trial_id", "choice_non_reference", "choice_answer",
    ),
}  # fmt: skip


def take(journal: Journal, path: Path) -> tuple[int, int, int]:
    """Store what webMUSHRA wrote of an exported test.

    Returns
    -------
    tuple of int
        How many listeners are in the file, how many of their pages are new, and how many not.

    Raises
    ------
    InputError
        If it is of another test, or a line is not an answer to it; nothing is stored then.
    """
    design = journal.design
    require(design)
    columns = _TABLES[design.plan.method]
    pages: dict[tuple[str, str], dict[str, str]] = {}
    kept: dict[tuple[str, str], dict[str, str]] = {}
    alone = {page.items: page.name for page in design.plan.pages}
    for n, line in enumerate(read_csv(path, columns, _OPTIONAL), start=2):
        where = f"{path} line {n}"
        if line["session_test_id"] != name_of(design):
            raise InputError(f"{where}, session_test_id: {line['session_test_id']!r:.60} is "
                             f"another test; this one is {name_of(design)}")  # fmt: skip
        listener = line[columns[1]]
        page, stimulus, value = _answer(design, line, alone, where)
        answered = pages.setdefault((listener, page), {})
        if answered.setdefault(stimulus, value) != value:
            raise InputError(
                f"{where}: {listener!r:.60} answered {stimulus} twice, in two ways; if these are "
                "two people, give one another pseudonym"
            )
        kept.setdefault((listener, page), line)
    given = []
    for (listener, page), answered in pages.items():
        line = kept[listener, page]
        try:
            given.append(_entry(design, listener, design.page(page), answered, line))
        except InputError as error:
            raise InputError(f"{path}: {listener!r:.60}: {error}") from error
    try:
        new, known = journal.take_elsewhere(given)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return len({listener for listener, _ in pages}), new, known


def _answer(
    design: Design, line: Mapping[str, str], alone: Mapping[tuple[str, ...], str], where: str
) -> tuple[str, str, str]:
    """Return page, stimulus and value of a line, the last as it stands there.

    `alone` names the page that has some items and no others.
    """
    trial = line["trial_id"].removeprefix(f"{TRAINING}-")
    match design.plan.method:
        case "mushra":
            stimulus = line["rating_stimulus"]
            if stimulus == REFERENCE:  # hidden among the items by webMUSHRA itself
                stimulus = design.page(trial).reference or stimulus
            return trial, stimulus, line["rating_score"]
        case "acr":
            stimulus = line["stimuli"]
            if page := alone.get((stimulus,)):
                return page, stimulus, line["stimuli_rating"]
            raise InputError(f"{where}, stimuli: this test has no {stimulus!r:.40}")
    answers = {"correct": "0", "incorrect": "1"}
    if line["choice_answer"] not in answers:
        raise InputError(f"{where}, choice_answer: {line['choice_answer']!r:.40} is no choice; "
                         "remove the line")  # fmt: skip
    return trial, line["choice_non_reference"], answers[line["choice_answer"]]


def _entry(
    design: Design,
    listener: str,
    page: PlanPage,
    answered: Mapping[str, str],
    line: Mapping[str, str],
) -> Elsewhere:
    if design.plan.method == "abx":
        reference, coded = pair_of(design, page)
        order: tuple[str, ...] = (coded,)
        stimuli: tuple[str, ...] = (reference, coded, reference)
    else:
        order = stimuli = page.items
    if unknown := set(answered) - set(order):
        raise InputError(f"page {page.name} has no {min(unknown)!r:.40}")
    values = []
    for stimulus in order:
        if stimulus not in answered:
            raise InputError(f"page {page.name}: {stimulus} has no answer")
        value = number(answered[stimulus], f"page {page.name}")
        values.append(int(value) if value.is_integer() else value)
    taken_ms = line.get("rating_time") or line.get("choice_time") or "0"
    comment = line.get("rating_comment") or line.get("choice_comment") or ""
    return Elsewhere(
        TOOL, listener, page.name, stimuli, tuple(values),  # type: ignore[arg-type]
        round(number(taken_ms, f"page {page.name}, time") / 1000, 1), comment[:LONGEST_COMMENT],
        now(),
    )  # fmt: skip
