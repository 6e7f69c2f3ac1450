"""The page: every part rendered into one file, or into one file and a folder beside it.

Autoescape is on, data travels as JSON whose `<` is escaped, and the content-security policy allows
the page's own style and script by their hashes and nothing else; a hostile name stays text.
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
from markupsafe import Markup, escape

from codecmark.leaderboard.notes import notes
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.report.box import Box
from codecmark.report.chain import ChainTable
from codecmark.report.conditions import ConditionPart
from codecmark.report.listening import Heard, Listening
from codecmark.report.provenance import Provenance
from codecmark.results.row import ResultRow
from codecmark.review.files import DECISIONS

ASSETS = "assets"
_HERE = Path(__file__).parent
_SCRIPTS = ("base.js", "tables.js", "charts.js", "clips.js", "spectrogram.js", "listening.js")
_SHOWN = ("snr_db", VISQOL_FIELD, "pesq_wb")
_HEADLINE = 60  # characters of a reason that stand in the table


@dataclass(frozen=True)
class Content:
    """All that the page shows.

    `listening_notes` say what could not be made audible, `listening_start` which codecs are heard
    first; `records` is the way from the page to the decision records.
    """

    rows: Sequence[ResultRow]
    box: Box
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
    audio, listening = _listening(content)
    box = content.box
    data = {f"clips-{i}": _json(part.clips) for i, part in enumerate(content.conditions)}
    inside = {} if beside else data
    script = _static(*_SCRIPTS)
    style = _static("page.css")
    environment = Environment(
        autoescape=True, loader=FileSystemLoader(_HERE / "templates"), undefined=StrictUndefined,
        trim_blocks=True,
    )  # fmt: skip
    environment.filters.update(headline=_headline, spread=_spread, minus=_minus)
    page = environment.get_template("page.html.jinja").render(
        policy=_policy(style, script, beside=beside),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own files
        box=box,
        option=box.option,
        headline=_markup(box.headline, content, inline=True),
        rest=_markup(box.rest, content, inline=True),
        risk=_markup(box.risk, content),
        routes=_markup(box.routes, content),
        records=content.records,
        conditions=[_context(part, i) for i, part in enumerate(content.conditions)],
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
    return page, calls


def _context(part: ConditionPart, index: int) -> dict[str, Any]:
    """Return the part's fields, drawings as markup: matplotlib escaped what they hold."""
    charts = [(chart, Markup(drawing)) for chart, drawing in part.charts]  # noqa: S704
    return {**vars(part), "charts": charts, "clips_id": f"clips-{index}"}


def _listening(content: Content) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the audio as base64 by id, and what the player needs to know."""
    audio: dict[str, str] = {}
    clips = []
    for number, one in enumerate(content.listening):
        audio[f"audio-{number}"] = base64.b64encode(one.flac).decode()
        heard = []
        for index, each in enumerate(one.heard):
            name = f"audio-{number}-{index}" if each.flac else None
            if name:
                audio[name] = base64.b64encode(each.flac).decode()
            heard.append(
                {"spec": each.spec, "audio": name, "facts": _facts(each), "note": each.note}
            )
        clips.append(
            {
                "name": one.clip.name,
                "class": one.clip.clip_class,
                "rate": one.clip.audio.sample_rate_hz,
                "audio": f"audio-{number}",
                "heard": heard,
            }
        )
    return audio, {"clips": clips, "start": list(content.listening_start)}


def _facts(heard: Heard) -> str:
    """Return the row's figures of this clip, in short."""
    row = heard.row
    if row is None or row.status != "ok":
        return ""
    found = [] if row.bitrate_kbps is None else [f"{row.bitrate_kbps:.1f} kbit/s"]
    for metric in (TABLE[name] for name in _SHOWN):
        value = getattr(row, metric.field)
        if value is not None:
            text = f"{metric.label} {value:.{metric.decimals}f} {metric.written_unit}"
            found.append(_minus(text.strip()))
        elif row.is_exact(metric.field):
            found.append(f"{metric.label} exact")
    return ", ".join(found)


def _markup(text: str, content: Content, *, inline: bool = False) -> Markup:
    """Return Markdown of a record as HTML: raw HTML stays text, only harmless links are links."""
    known: dict[str, Any] = {}
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    markdown.parse(content.box.definitions, known)
    tokens = markdown.parseInline(text, known) if inline else markdown.parse(text, known)
    for token in (each for block in tokens for each in (block, *(block.children or ()))):
        href = token.attrGet("href")
        if isinstance(href, str) and not re.match(r"[a-z][a-z0-9+.-]*:|#|/", href, re.IGNORECASE):
            token.attrSet(
                "href", f"{content.records}/{href}"
            )  # the record's links start where it is
        if token.attrs.pop("style", None) == "text-align:right":  # which the policy forbids
            token.attrSet("class", "n")
    return Markup(markdown.renderer.render(tokens, markdown.options, known))  # noqa: S704


def _policy(style: str, script: str, *, beside: bool) -> str:
    """Return the content-security policy."""
    # a page opened from a file is its own origin by 'self' in some browsers, by file: in others
    folder = " 'self' file:" if beside else ""
    return (
        f"default-src 'none'; script-src {_hash(script)}{folder}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _static(*names: str) -> str:
    return "\n".join((_HERE / "static" / name).read_text(encoding="utf-8") for name in names)


def _json(value: object) -> str:
    """Return JSON that can stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _headline(reason: str) -> str:
    """Return how a reason begins, up to its first clause."""
    clause = re.split(r"[;(]", reason, maxsplit=1)[0].strip()
    return clause if len(clause) <= _HEADLINE else f"{clause[:_HEADLINE].rstrip()}…"


def _minus(text: str) -> str:
    """Write a minus sign where a hyphen precedes a figure."""
    return re.sub(r"(?<![\w-])-(?=\d)", "−", str(text))


def _spread(text: str) -> Markup:
    """Return a figure with its interval set apart."""
    figure, sign, rest = _minus(text).partition(" ±")
    if not sign:
        return escape(figure)
    return Markup('{} <span class="pm">±{}</span>').format(figure, rest)
