"""The parts of a record that people write are found in a time that goes by its length."""

from __future__ import annotations

import time

import pytest

from codecmark.errors import InputError
from codecmark.review import files, handwritten


@pytest.mark.parametrize(
    "line",
    [
        "<!-- hand-written: " + "a-" * 20,
        "<!-- hand-written: notes --> ",
        "---\nsupersedes: " + ", " * 20,
        "<!-- /hand-written: " + " " * 40,
        "status: \n",
    ],
)
def test_a_long_record_is_read_in_linear_time(line: str) -> None:
    text = "---\n" + line * 50_000
    start_s = time.process_time()
    assert handwritten.parts(text) == {}
    files._superseded(text)
    assert time.process_time() - start_s < 2


def test_many_parts_are_told_apart() -> None:
    text = "\n".join(handwritten.block(f"part-{'a' * n}", str(n)) for n in range(1, 500))
    assert list(handwritten.parts(text).values()) == [str(n) for n in range(1, 500)]
    with pytest.raises(InputError, match="is there twice"):
        handwritten.parts(f"{text}\n{text}")
