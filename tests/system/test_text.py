"""Names and messages from outside, as they are stored and shown."""

from __future__ import annotations

import os

import pytest

from codecmark.system import markdown
from codecmark.system.text import legible, shortened, storable


def test_undecodable_names_become_text() -> None:
    name = os.fsdecode(b"a\xff\xfe.wav")
    assert storable(name) == r"a\udcff\udcfe.wav"
    assert storable("Grüße 你好.wav") == "Grüße 你好.wav"
    assert legible(name) == r"a\udcff\udcfe.wav"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ñ", "plain ñ"),
        ("a\x1b[31mred", r"a\x1b[31mred"),
        ("two\nlines\r\t", r"two\nlines\r\t"),
        ("evil\u202egpj.wav", r"evil\u202egpj.wav"),
        ("\u2066x\u2069", r"\u2066x\u2069"),
    ],
)
def test_what_a_terminal_acts_on_is_escaped(text: str, shown: str) -> None:
    assert legible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://evil.example/pixel)",
        "[click](javascript:alert(1))",
        "![x][ref]",
        "<img src=x>",
        "a | b",
        "x\u202ey",
        "x\x00y",
    ],
)
def test_a_cell_shows_text_and_nothing_else(text: str) -> None:
    from markdown_it import MarkdownIt

    page = markdown.table(["name"], [[markdown.escaped(text)]])
    html = MarkdownIt("commonmark").enable("table").render(page)
    assert "<img" not in html
    assert "<a " not in html
    assert html.count("<td>") == 1
    assert not {"\u202e", "\x00", "\ufffd"} & set(html)


def test_of_a_long_message_the_middle_is_left_out() -> None:
    assert shortened("short") == "short"
    cut = shortened("a" * 30_000 + "b" * 30_000, 100)
    assert len(cut) == 100
    assert cut.startswith("aaa")
    assert cut.endswith("bbb")
    assert " [... 60000 characters ...] " in cut
