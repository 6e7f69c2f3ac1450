"""Codecs without a network give the same bits on one thread and on two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codecmark.system import threads
from contract_specs import ONE_OF_EACH, build
from entries import tone


@pytest.fixture(autouse=True)
def one_thread_again() -> Iterator[None]:
    yield
    threads.limit(1)


@pytest.mark.parametrize("spec", ONE_OF_EACH)
def test_bits_do_not_depend_on_threads(spec: str) -> None:
    codec = build(spec)
    if codec.info.backend != "native":
        pytest.skip("a network; its rows say what another number of threads changes")
    found = set()
    for count in (1, 2):
        threads.limit(count)
        codec.reset()
        stream = codec.encode(tone(0.5))
        found.add((stream, codec.decode(stream).samples.tobytes()))
    assert len(found) == 1
