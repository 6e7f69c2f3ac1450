"""The leaderboard as a Markdown page: ten lines first, a table a question, all settings behind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from codecmark.leaderboard.board import Board
from codecmark.leaderboard.brief import in_brief
from codecmark.leaderboard.plain_table import Table
from codecmark.leaderboard.sections import DEFAULT_SORT, Section, sections
from codecmark.results.row import ResultRow
from codecmark.review.in_force import judged_by_condition
from codecmark.review.judgement import Judged
from codecmark.system.counting import counted
from codecmark.system.markdown import escaped
from codecmark.system.markdown import table as markdown_table

_BRIEFLY = ("encode_rtf", "n")  # columns that the first table does without
_QUESTIONS = {"quality": "What is the quality on {}?", "cost": "What does it cost?",
              "worst": "What can a mean hide?"}  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """One section of the page; `text` is Markdown."""

    title: str
    text: str


def markdown(
    rows: Sequence[ResultRow],
    sort: str = DEFAULT_SORT,
    judged: Mapping[str, Judged] | None = None,
    board: Board | None = None,
) -> str:
    """Return the leaderboard page; the same rows give the same text.

    `sort` and `judged` as in `sections`, where `sort` orders the tables of all settings; `board` is
    that of the same rows, if there is one.
    """
    judged = judged_by_condition(None, rows) if judged is None else judged
    found = sections(rows, sort, judged)
    board = board or Board(rows, judged)
    parts: list[_Part] = []
    for condition in dict.fromkeys(section.condition for section in found):
        ours = [section for section in found if section.condition == condition]
        plain = [table for table in board.curves if table.condition == condition]
        parts += _of_condition(ours, plain, judged.get(condition))
    parts.append(_Part("Notes", _folded("what was not measured, and why", _notes(board.notes))))
    parts.append(_Part("Columns", _meanings(found)))
    run_id, host = escaped(rows[0].run_id), escaped(rows[0].host or "a machine without a name")
    intro = (
        f"Run `{run_id}` on {host}. `-` is not measured, `exact` is a lossless copy; "
        "`15.0 (1/10)` has a figure for one clip of ten, `15.0 (9 exact)` is without nine lossless "
        "copies. ViSQOL, PESQ and ESTOI predict what listeners would say; they are not listening "
        "tests."
    )
    contents = "\n".join(f"- [{part.title}](#{_anchor(part.title)})" for part in parts)
    body = [f"## {part.title}\n\n{part.text}" for part in parts]
    return "\n\n".join(["# Leaderboard", intro, contents, *body]) + "\n"


def _of_condition(
    found: Sequence[Section], curves: Sequence[Table], judged: Judged | None
) -> list[_Part]:
    """Return the sections of one condition: the questions, then every setting."""
    condition = found[0].condition
    specs = in_brief(found[0].summaries, judged)
    short = [_shortened(section, specs) for section in found if section.kind != "published"]
    first = _first(short[0], judged)
    parts = [_Part(f"Which codec? {condition}", first)] if specs else []
    parts += [_Part(f"{table.question} {condition}", _curve_table(table)) for table in curves]
    parts += [
        _Part(f"{_question(section)} {condition}", _section(section))
        for section in short[1:]
        if section.summaries
    ]
    parts += [
        _Part(section.title, _section(section)) for section in found if section.kind == "published"
    ]
    every = [
        _folded(f"{section.title}: {counted(len(section.summaries), 'setting')}", _section(section))
        for section in found
        if section.kind != "published"
    ]
    return [*parts, _Part(f"All settings, {condition}", "\n\n".join(every))]


def _shortened(section: Section, specs: Sequence[str]) -> Section:
    """Return a table of these codecs only, in their order."""
    by_spec = {summary.spec: summary for summary in section.summaries}
    kept = [by_spec[spec] for spec in specs if spec in by_spec]
    order = section.order if section.kind == "worst" else "in the order of the first table"
    return replace(section, summaries=kept, order=order)


def _first(section: Section, judged: Judged | None) -> str:
    """Return the table that answers in ten lines."""
    columns = [column for column in section.columns if column.key not in _BRIEFLY]
    what = "The best setting of each codec, best first"
    if judged is not None:
        requirements = judged.requirements
        what += f" by the requirements of *{escaped(requirements.title)}*"
        if requirements.baseline:
            what += f"; the last line is {_today(section, requirements.baseline)}"
        what += f". {_chosen(judged)}"
    return f"{what}\n\n{_markdown_table(replace(section, columns=columns))}"


def _today(section: Section, baseline: Sequence[str]) -> str:
    """Say what the last line stands for: what is in use, or the nearest to it that was scored."""
    scored = {summary.spec for summary in section.summaries}
    if baseline[0] in scored or not scored.intersection(baseline):
        return "what is in use today"
    return f"the nearest to what is in use today, `{baseline[0]}`, that has figures of quality"


def _chosen(judged: Judged) -> str:
    if judged.locked:
        return "Nothing is chosen on these clips: they are kept back, to judge what was chosen."
    if judged.recommended:
        return f"Recommended: `{judged.recommended}`."
    return "None passes all of them."


def _question(section: Section) -> str:
    return _QUESTIONS[section.kind].format(section.clip_class)


def _section(section: Section) -> str:
    order = f"{section.order[:1].upper()}{section.order[1:]}."
    return f"{order}\n\n{_markdown_table(section)}"


def _curve_table(table: Table) -> str:
    cells = [[escaped(cell) for cell in row] for row in table.rows]
    headings = [escaped(heading) for heading in table.headings]
    text = markdown_table(headings, cells, numbers=len(headings) - 1)
    below = "\n\n".join(map(escaped, table.remarks))
    folded = [_folded("codecs that are not in the table", below)] if below else []
    return "\n\n".join([escaped(table.meaning), text, *folded])


def _markdown_table(section: Section) -> str:
    lines = [
        "| " + " | ".join(escaped(c.heading) for c in section.columns) + " |",
        "| " + " | ".join("---" if c.is_text else "---:" for c in section.columns) + " |",
    ]
    for summary in section.summaries:
        cells = (escaped(column.cell(summary).text) for column in section.columns)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _notes(texts: Sequence[str]) -> str:
    return "\n".join(f"- {escaped(text)}" for text in texts)


def _meanings(found: Sequence[Section]) -> str:
    columns = [column for section in found for column in section.columns]
    meanings = {column.heading: column.meaning for column in columns if not column.is_text}
    return "\n".join(
        f"- **{escaped(heading)}**: {escaped(what)}" for heading, what in meanings.items()
    )


def _folded(title: str, text: str) -> str:
    """Return text that a reader opens; the blank lines keep it Markdown."""
    return f"<details>\n<summary>{escaped(title)}</summary>\n\n{text}\n\n</details>"


def _anchor(title: str) -> str:
    """Return the anchor that a heading gets where Markdown is shown."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
