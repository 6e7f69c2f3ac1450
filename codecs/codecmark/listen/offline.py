"""The same test as files for listeners without the server, and their answers.

Each file is one listener's session, drawn and registered when it is made, so that an answer can be
checked against what that listener was given, and a file that comes twice counts once.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from codecmark.errors import InputError
from codecmark.listen import strict_json, views
from codecmark.listen.design import Design
from codecmark.listen.entries import Joined
from codecmark.listen.journal import Journal
from codecmark.listen.last_bits import varied
from codecmark.system import schema, whole_files

FORMAT = "codecmark-answers-1"
_STATIC = Path(__file__).parent / "static"
_LARGEST_BYTES = 8 * 2**20


class _Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    page: str
    values: list[int]
    heard_s: list[float]
    page_s: float = 0.0
    comment: str = ""


class _Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a listener's file hands out."""

    format: str
    plan_sha256: str
    session: str
    answers: list[_Page]
    listener: str = ""
    headphones: bool | None = None


def make_files(journal: Journal, folder: Path, count: int) -> list[Path]:
    """Write one page a listener; return the files.

    Raises
    ------
    InputError
        If they cannot be written.
    """
    paths = []
    for _ in range(count):
        joined = journal.join(by_file=True)
        path = folder / f"listening-test-{joined.index + 1:03d}.html"
        try:
            whole_files.write_inside(folder, path.name, _page(journal, joined), mode=0o600)
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from error
        paths.append(path)
    return paths


def take(journal: Journal, path: Path) -> tuple[str, int, int]:
    """Store the answers of a result file; return the listener, how many are new, and how many not.

    Raises
    ------
    InputError
        If it is not of this test, its session is not that of one of its files, an answer is not one
        to its page, or contradicts what the same listener handed over before; nothing is stored
        then.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{path}: too large for a result")
        result = schema.convert(strict_json.read(path.read_bytes()), _Result)
        _check(journal, result)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    new = sum(
        journal.answer(result.session, p.page, p.values, p.heard_s, p.page_s, p.comment)
        for p in result.answers
    )
    said = journal.state(result.session, result.listener, result.headphones)
    return said.listener, new, len(result.answers) - new


def _check(journal: Journal, result: _Result) -> None:
    if result.format != FORMAT:
        raise InputError(f"format: not {FORMAT}, but {result.format!r:.40}")
    if result.plan_sha256 != journal.design.sha256:
        raise InputError("plan_sha256: of another test")
    if journal.session(result.session).by_file is False:
        raise InputError("session: began at the server, and not with a file")
    turns = journal.turns(result.session)
    seen = set()
    stored = {each.page: each for each in journal.answers if each.session == result.session}
    for page in result.answers:
        if page.page in seen:
            raise InputError(f"page: {page.page!r:.40} is there twice")
        seen.add(page.page)
        if page.page not in turns:
            raise InputError(f"page: not one of this listener's: {page.page!r:.40}")
        journal.check(result.session, page.page, page.values, page.heard_s, page.page_s,
                      page.comment)  # fmt: skip
        before = stored.get(page.page)
        if before is not None and before.values != tuple(page.values):
            raise InputError(
                f"values: page {page.page} was handed over before with other values; the first "
                "ones stand, remove the page from the file"
            )


def _page(journal: Journal, joined: Joined) -> str:
    """Return one listener's page with everything in it, its policy included."""
    design = journal.design
    turns = journal.turns(joined.session).values()
    # names of their own: equal sounds must not show by equal names
    sounds: dict[str, str] = {}
    pages: list[dict[str, Any]] = []
    for number, turn in enumerate(turns):
        places: dict[str, str] = {}
        heard = [*map(str, range(len(turn.items))), *(["reference"] if turn.reference else [])]
        for place, stimulus in zip(heard, [*turn.items, turn.reference or ""], strict=False):
            places[place] = f"{number}-{place}"
            sounds[places[place]] = stimulus
        pages.append({**views.page(turn), "sounds": places})
    state = {
        **views.about(design), "test": f"{design.sha256}-{joined.session}",
        "plan": design.sha256, "session": joined.session, "pages": pages,
    }  # fmt: skip
    style = (_STATIC / "listen.css").read_text()
    scripts = [(_STATIC / name).read_text() for name in ("player.js", "listen.js")]
    policy = (
        f"default-src 'none'; style-src {_source(style)}; "
        f"script-src {' '.join(map(_source, scripts))}; base-uri 'none'; form-action 'none'"
    )
    data = json.dumps(state).replace("<", "\\u003c")
    blocks = [f'<script type="application/json" id="offline-test">{data}</script>']
    blocks += [
        f'<script type="text/plain" id="sound-{name}">{base64.b64encode(sound).decode()}</script>'
        for name, sound in _files(design, joined.session, sounds)
    ]
    blocks += [f"<script>{script}</script>" for script in scripts]
    page = (_STATIC / "listen.html").read_text()
    page = page.replace(
        '<meta charset="utf-8">',
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">',
    )
    page = page.replace('<link rel="stylesheet" href="listen.css">', f"<style>{style}</style>")
    page = page.replace('<script src="player.js"></script>\n', "")
    return page.replace('<script src="listen.js"></script>', "\n".join(blocks))


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _files(design: Design, session: str, sounds: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the sounds of a file as 16-bit WAV, so that all those of one clip are equally long.

    Nothing that compresses would do: a system that keeps less bandwidth takes fewer bytes, and
    however a file is filled up, whoever parses it can count those of its frames.
    """
    secret = design.key.secret or secrets.token_hex(16)  # the key's, which old tests lack
    for name, stimulus in sounds.items():
        yield name, varied(design.sound(stimulus), (secret, session, name), stimulus)
