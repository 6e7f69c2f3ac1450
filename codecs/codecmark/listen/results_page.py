"""The results of a test as one page: who was asked, who was screened, plots, tables, comments.

It holds no script, and nothing that listeners or clips are called acts as markup.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from codecmark.errors import InputError
from codecmark.listen.collect import names_of
from codecmark.listen.design import Design
from codecmark.listen.entries import Answer, Joined
from codecmark.listen.making import clear_differences
from codecmark.listen.plots import Plot, of_means, of_strengths, of_told, said
from codecmark.listen.preferences import Strength, Told
from codecmark.listen.ratings import FIELDS, ListeningSet
from codecmark.listen.screening import rules, screen, screened
from codecmark.listen.statistics import Difference, differences, means
from codecmark.system import whole_files
from codecmark.system.counting import counted

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and line feed
_HERE = Path(__file__).parent
_TITLES = {"mos": "Mean opinion score (ACR)", "dmos": "Degradation mean opinion score (DCR)",
           "mushra": "MUSHRA score"}  # fmt: skip


@dataclass(frozen=True)
class Results:
    """What the page shows.

    Attributes
    ----------
    facts : tuple of (str, str)
        Name and value: method, listeners, digest of the plan, and so on.
    rules, exclusions : tuple of str
        Of screening, which deletes nothing.
    rows : tuple of tuple of str
        System, screened, everybody, ratings.
    pairs : tuple of Difference
        Of those who pass screening, corrected by Holm's method.
    remarks : tuple of (str, str)
        What listeners wrote, and who.
    """

    title: str
    facts: tuple[tuple[str, str], ...]
    plots: tuple[Plot, ...]
    rules: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    pairs: tuple[Difference, ...] = ()
    warnings: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    decimals: int = 2


def of_ratings(listening: ListeningSet) -> Results:
    """Return the results of a listening set, whoever asked."""
    kept = screened(listening)
    everybody, passed = means(listening), means(kept)
    decimals = 1 if listening.method == "mushra" else 2
    title = f"{_TITLES[FIELDS[listening.method]]}, with 95 % intervals over listeners and sources"
    plot = of_means(kept, passed, everybody, title)
    rows = []
    for line in plot.lines:
        after = passed.get(line.label)
        rows.append(
            (
                line.label, said(after, decimals) if after else "-",
                said(everybody[line.label], decimals), str(after.ratings if after else 0),
            )
        )  # fmt: skip
    sources = counted(len(set(listening.sources.values())), "source")
    facts = [
        ("Method", listening.method.upper()),
        ("Listeners", f"{len(kept.listeners)} of {len(listening.listeners)} pass screening"),
        ("Clips", f"{len(listening.clips)} of {sources}"),
    ]
    if listening.plan_sha256:
        facts.append(("Plan", listening.plan_sha256))
    return Results(
        listening.title, tuple(facts), (plot,), tuple(rules(listening)),
        tuple(map(str, screen(listening))), tuple(rows),
        tuple(differences(kept)) if len(kept.listeners) > 1 else (), decimals=decimals,
    )  # fmt: skip


def of_choices(design: Design, results: Sequence[Told] | Sequence[Strength]) -> Results:
    """Return the results of an AB or ABX test."""
    told = [each for each in results if isinstance(each, Told)]
    strengths = [each for each in results if isinstance(each, Strength)]
    plot = of_told(told) if design.plan.method == "abx" else of_strengths(strengths)
    facts = ("Method", design.plan.method.upper()), ("Plan", design.sha256)
    return Results(design.plan.title, facts, (plot,))


def with_people(
    results: Results, design: Design, joined: Sequence[Joined], answers: Sequence[Answer]
) -> Results:
    """Return results with what a test's own answers tell beside ratings."""
    names = names_of(joined)
    worn = [each.headphones for each in joined]
    people = (
        f"{len(joined)} came; headphones: {worn.count(True)} yes, {worn.count(False)} no, "
        f"{worn.count(None)} did not say"
    )
    warnings = tuple(
        f"{entry.system}: up to {entry.loudness_difference_lu:+.1f} LU beside the reference, on "
        f"{entry.clip}: it may have been heard as a difference in quality"
        for entry in clear_differences(design)
    )
    remarks = tuple((each.comment, names[each.session]) for each in answers if each.comment)
    return replace(
        results, facts=(*results.facts, ("People", people)), warnings=warnings, remarks=remarks
    )


def write(path: Path, results: Results, given: Path | None = None) -> None:
    """Write the page; in `given`, the folder of the test, through no link.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    style = (_HERE / "static" / "results.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        autoescape=True, loader=FileSystemLoader(_HERE / "templates"), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    text = environment.get_template("results.html.jinja").render(
        results=results,
        style=Markup(style),  # noqa: S704 - our own file
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'",
    )
    # what a comment holds may move the cursor of whoever prints the page
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
    try:
        whole_files.write_beside(path, text, given)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from error
