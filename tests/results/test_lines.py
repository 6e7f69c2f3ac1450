"""Lines of a row file: whatever is changed in one of them is noticed and named."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path

import pytest

from codecmark import ResultSchemaError
from codecmark.results import store
from codecmark.results.lines import sealed, unsealed
from made_rows import row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    store.append(tmp_path, [row(versions={"numpy": "2"}), row("flac", snr_db=None)])
    return tmp_path / "rows" / "r1.jsonl"


def test_the_checksum_is_that_of_the_line_without_it() -> None:
    line = sealed('{"a":1}')
    assert line == b'{"a":1,"crc32":"%08x"}\n' % zlib.crc32(b'{"a":1}')
    assert json.loads(line)["a"] == 1
    assert unsealed(line) == (b'{"a":1}', True)
    assert unsealed(b'{"a": 1}\n') == (b'{"a": 1}', False)


def test_any_flipped_bit_is_an_error_that_names_file_line_and_remedy(path: Path) -> None:
    whole = path.read_bytes()
    for index in range(len(whole)):
        damaged = bytearray(whole)
        damaged[index] ^= 1 << (index % 8)
        path.write_bytes(damaged)
        with pytest.raises(ResultSchemaError, match=r"r1\.jsonl line \d+: .*; restore the file"):
            store.read(path.parents[1])


def test_a_figure_that_was_edited_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"snr_db":15.0', b'"snr_db":16.0'))
    with pytest.raises(ResultSchemaError, match="line 2: crc32: the line is not what was written"):
        store.read(path.parents[1])


def test_a_checksum_cannot_be_left_out(path: Path) -> None:
    path.write_bytes(re.sub(rb',"crc32":"\w+"', b"", path.read_bytes()))
    with pytest.raises(ResultSchemaError, match="line 1: crc32: not at the end of the line"):
        store.read(path.parents[1])


def test_a_line_that_is_cut_off_anywhere_costs_itself_only(path: Path) -> None:
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        assert [found.spec for found in store.read(path.parents[1])] == ["opus@24k"]
        store.append(path.parents[1], [row("flac", snr_db=None)])
        assert [found.spec for found in store.read(path.parents[1])] == ["opus@24k", "flac"]


def test_files_are_joined_by_cat(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    store.append(other, [row("mp3@32k", versions={"numpy": "3"})])
    joined = path.read_bytes() + (other / "rows" / "r1.jsonl").read_bytes()
    path.write_bytes(joined.replace(b"\n", b"\r\n"))  # nor does it matter who ended its lines how
    rows = store.read(path.parents[1])
    assert [(found.spec, found.versions.get("numpy")) for found in rows] == [
        ("opus@24k", "2"), ("flac", None), ("mp3@32k", "3"),
    ]  # fmt: skip
