"""What strangers send costs no more than its length: no pattern or loop takes the square of it.

Each input would take minutes or more if one did; a second is far above what any takes.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import pytest

from codecmark.errors import InputError
from codecmark.listen import csv_tables, strict_json, tables, wire
from codecmark.listen.pseudonyms import chosen
from codecmark.listen.ratings import ListeningSet, Rating, Stimulus
from codecmark.spec import Spec


@contextmanager
def in_time(limit_s: float = 1.0) -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < limit_s


def read(head: bytes) -> wire.Request | None:
    async def request() -> wire.Request | None:
        reader = asyncio.StreamReader()
        reader.feed_data(b"GET / HTTP/1.1\r\n" + head + b"\r\n\r\n")
        reader.feed_eof()
        return await wire.Wire(reader, cast("asyncio.StreamWriter", None)).request()

    return asyncio.run(request())


@pytest.mark.parametrize("blank", [b" ", b"\t", b" \t"])
@pytest.mark.parametrize("end", [b"\x01", b"\x7f", b"b\x00"])
def test_blanks_before_what_a_header_may_not_hold(blank: bytes, end: bytes) -> None:
    blanks = (blank * 32_000)[:32_000]
    with in_time(), pytest.raises(wire.RefusedError):
        read(b"X:" + blanks + end)
    with in_time(), pytest.raises(wire.RefusedError):
        read(b"X: a" + blanks + end)


def test_blanks_within_a_header() -> None:
    with in_time():
        request = read(b"X: \t a" + b" " * 32_000 + b"b \t")
    assert request is not None
    assert request.headers == {"x": "a" + " " * 32_000 + "b"}


@pytest.mark.parametrize("line", [b"X", b": a", b"X : a", b" X: a", b"X\t: a", b"\xe9: a"])
def test_what_is_no_header_is_refused(line: bytes) -> None:
    with pytest.raises(wire.RefusedError):
        read(b"Y: b\r\n" + line)


@pytest.mark.parametrize(
    "line", [b"A" * 32_000, b"GET " * 8_000, b"GET " + b"/" * 32_000 + b" HTTP/1.x"]
)
def test_what_is_no_request_line(line: bytes) -> None:
    with in_time(), pytest.raises(wire.RefusedError):
        wire._parsed(line.decode())


def test_a_head_that_comes_byte_by_byte_is_found() -> None:
    async def request() -> wire.Request | None:
        reader = asyncio.StreamReader()
        awaited = asyncio.ensure_future(
            wire.Wire(reader, cast("asyncio.StreamWriter", None)).request()
        )
        for byte in b"GET / HTTP/1.1\r\nX: y\r\n\r\n":
            reader.feed_data(bytes([byte]))
            await asyncio.sleep(0)
        return await awaited

    found = asyncio.run(request())
    assert found is not None
    assert found.headers == {"x": "y"}


def test_an_object_of_very_many_names_one_of_them_twice() -> None:
    names = ",".join(f'"{n}":0' for n in [*range(100_000), 99_999])
    with in_time(), pytest.raises(InputError, match="'99999' is there twice"):
        strict_json.read(f"{{{names}}}".encode())


@pytest.mark.parametrize("text", ["0." + "3" * 60_000, "1" * 60_000 + ".0", "1e" + "9" * 60_000])
def test_numbers_of_very_many_digits(text: str) -> None:
    with in_time(), suppress(InputError):
        strict_json.read(f"[{text}]".encode())


@pytest.mark.parametrize(
    "name", ["a" + "\u0301\u0316" * 1_000_000, "\ufdfa" * 1_000_000, "a" * 161]
)
def test_a_pseudonym_is_measured_before_it_is_spelled_out(name: str) -> None:
    with in_time(), pytest.raises(InputError, match="pseudonym of at most"):
        chosen(name)


def test_a_pseudonym_may_be_spelled_with_more_code_points_than_letters() -> None:
    spelled = "\u1112\u1161\u11ab" * 40  # 40 letters of Korean
    assert chosen(f"  {spelled}{' ' * 500}") == "\ud55c" * 40


@pytest.mark.parametrize("text", ["1" * 100_000 + "x", "1." + "1" * 100_000 + "x", "1" * 65])
def test_a_number_of_very_many_digits_is_none(text: str) -> None:
    with in_time(), pytest.raises(InputError, match="is no number"):
        csv_tables.number(text, "here")


@pytest.mark.parametrize(
    "value", ["[" * 900 + "]" * 900, "{}", "null", "true", '"' + "1" * 9_999 + 'x"']
)
def test_what_beaqlejs_gives_for_a_number(tmp_path: Path, value: str) -> None:
    path = tmp_path / "otter.json"
    for text in (
        f'[{{"TestID": "t", "rating": {{"a": {value}}}}}]',
        f'[{{"TestID": {value}, "rating": {{"a": "x"}}}}]',
    ):
        path.write_text(text)
        with in_time(), pytest.raises(InputError, match="otter"):
            tables.read_table(path)


def test_a_table_has_so_many_columns_and_only_those_that_count_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b," + ",".join(f"c{n}" for n in range(190)) + "\n1,2" + "," * 190 + "\n")
    assert csv_tables.read_csv(path, ("a",), ("b", "z")) == [{"a": "1", "b": "2"}]
    path.write_text("a" + "," * 200 + "\n")
    with pytest.raises(InputError, match="201 columns"):
        csv_tables.read_csv(path, ("a",))


def test_a_set_of_more_systems_than_can_be_compared_is_refused() -> None:
    stimuli = tuple(Stimulus("c", f"s{n}") for n in range(1_001))
    with pytest.raises(InputError, match="1001 systems"):
        ListeningSet("mushra", stimuli, (Rating("l", "c", "s0", 5.0),))


def test_a_spec_of_any_length() -> None:
    for text in ("/" * 100_000, "a@" + "+wave@" * 20_000, "a:" + "b/" * 50_000):
        with in_time(), pytest.raises(InputError, match="is not of the form") as caught:
            Spec.parse(text)
        assert len(str(caught.value)) < 1_000


def test_names_lose_their_outer_blanks(tmp_path: Path) -> None:
    """Or a set that was just made could not be read again."""
    path = tmp_path / "anna.json"
    path.write_text(json.dumps([{"TestID": " t1", "rating": {"reference": 100, " =1+1 ": 50}}]))
    listening = tables.read_table(path)
    assert {(each.clip, each.system) for each in listening.stimuli} == {
        ("t1", "reference"), ("t1", "=1+1"),
    }  # fmt: skip
    table = tmp_path / "x.csv"
    table.write_text(
        'signal,condition,ratings,participant_ids,file\ns,c,"[1, 2]","["" a"", ""b ""]",\n'
    )
    assert tables.read_table(table).listeners == ("a", "b")
    with pytest.raises(InputError, match="begins or ends with a blank"):
        ListeningSet("mushra", (Stimulus("c", " a"),), ())
