"""The page: every part rendered into one file, or into one file and a folder beside it.

Autoescape is on, data travels as JSON whose `<` is escaped, and the content-security policy allows
the page's own style and script by their hashes and nothing else; a hostile name stays text, and
marks that turn text around or break its lines are shown as escapes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from codecmark.leaderboard.notes import notes
from codecmark.report.chain import ChainTable
from codecmark.report.conditions import ConditionPart
from codecmark.report.listening import Listening
from codecmark.report.player import player
from codecmark.report.provenance import Provenance
from codecmark.report.text import headline, minus, spread
from codecmark.results.row import ResultRow
from codecmark.review.files import DECISIONS
from codecmark.system.counting import counted
from codecmark.system.text import MARKS

ASSETS = "assets"
_MARKS = {letter: f"\\{shown}" for letter, shown in MARKS.items()}  # as a text of JSON
_HERE = Path(__file__).parent
_SCRIPTS = (
    "base.js", "tables.js", "copying.js", "charts.js", "saving.js", "clips.js", "spectrogram.js",
    "blind.js", "listening.js",
)  # fmt: skip


@dataclass(frozen=True)
class Content:
    """All that the page shows.

    `listening_notes` say what could not be made audible, `listening_start` which codecs are heard
    first; `records` is the way from the page to the decision records.
    """

    rows: Sequence[ResultRow]
    conditions: Sequence[ConditionPart]
    listening: Sequence[Listening]
    listening_notes: Sequence[str]
    listening_start: Sequence[str]
    chain: ChainTable | None
    provenance: Provenance
    records: str = f"../{DECISIONS}"


def render(content: Content, *, beside: bool = False) -> tuple[str, dict[str, str]]:
    """Return the page and the files of its folder `assets`, by name.

    Parameters
    ----------
    beside : bool
        Audio and the figures of every clip go into the folder, and are read when asked for;
        otherwise the page holds everything.
    """
    audio, listening = player(content.listening, content.listening_start)
    data = {f"clips-{i}": _json(part.clips) for i, part in enumerate(content.conditions)}
    inside = {} if beside else data
    script = _static(*_SCRIPTS)
    style = _static("page.css")
    environment = Environment(
        autoescape=True, loader=FileSystemLoader(_HERE / "templates"), undefined=StrictUndefined,
        trim_blocks=True,
    )  # fmt: skip
    environment.filters.update(counted=counted, headline=headline, spread=spread, minus=minus)
    page = environment.get_template("page.html.jinja").render(
        policy=_policy(style, script, beside=beside),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own files
        records=content.records,
        conditions=[_context(part, i, content) for i, part in enumerate(content.conditions)],
        heard=sorted({one.spec for clip in content.listening for one in clip.heard if one.flac}),
        listening=content.listening,
        listening_notes=content.listening_notes,
        chain=content.chain,
        source=content.provenance,
        notes=notes(content.rows),
        data=[
            (name, Markup(text))  # noqa: S704 - `_json` escaped it
            for name, text in {"listening": _json(listening), **inside}.items()
        ],
        audio=[] if beside else list(audio.items()),
    )
    files = {**data, **audio} if beside else {}
    calls = {f"{name}.js": f"codecmarkAsset({_json(name)},{_json(v)})" for name, v in files.items()}
    return page.translate(MARKS), calls


def _context(part: ConditionPart, index: int, content: Content) -> dict[str, Any]:
    """Return the part's fields, drawings as markup: matplotlib escaped what they hold."""
    charts = [(chart, Markup(drawing)) for chart, drawing in part.charts]  # noqa: S704
    fields = {**vars(part), "charts": charts, "clips_id": f"clips-{index}"}
    if part.box is not None:
        fields["texts"] = {
            name: _markup(text, part.box.definitions, content.records, inline=inline)
            for name, text, inline in (
                ("headline", part.box.headline, True),
                ("rest", part.box.rest, True),
                ("answer", part.box.answer, False),
                ("picks", part.box.picks, False),
                ("confirmed", part.box.confirmed, False),
                ("risk", part.box.risk, False),
                ("classes", part.box.classes, False),
            )
        }
    return fields


def _markup(text: str, definitions: str, records: str, *, inline: bool = False) -> Markup:
    """Return Markdown of a record as HTML: raw HTML stays text, only harmless links are links."""
    known: dict[str, Any] = {}
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    markdown.parse(definitions, known)
    tokens = markdown.parseInline(text, known) if inline else markdown.parse(text, known)
    for token in (each for block in tokens for each in (block, *(block.children or ()))):
        href = token.attrGet("href")
        if isinstance(href, str) and not re.match(r"[a-z][a-z0-9+.-]*:|#|/", href, re.IGNORECASE):
            token.attrSet("href", f"{records}/{href}")  # the record's links start where it is
        if token.attrs.pop("style", None) == "text-align:right":  # which the policy forbids
            token.attrSet("class", "n")
    return Markup(markdown.renderer.render(tokens, markdown.options, known))  # noqa: S704


def _policy(style: str, script: str, *, beside: bool) -> str:
    """Return the content-security policy."""
    # a page opened from a file is its own origin by 'self' in some browsers, by file: in others
    folder = " 'self' file:" if beside else ""
    # blob: is what the page itself made: a plot on its way to a PNG file
    return (
        f"default-src 'none'; script-src {_hash(script)}{folder}; style-src {_hash(style)}; "
        "img-src blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _static(*names: str) -> str:
    return "\n".join((_HERE / "static" / name).read_text(encoding="utf-8") for name in names)


def _json(value: object) -> str:
    """Return JSON that can stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text.translate(_MARKS)
