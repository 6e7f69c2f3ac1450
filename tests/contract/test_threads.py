"""Codecs without a network give the same bits on one thread and on two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codecmark.spec import Spec
from codecmark.system import threads
from contract_specs import ONE_OF_EACH, build
from entries import tone


@pytest.fixture(autouse=True)
def one_thread_again() -> Iterator[None]:
    yield
    threads.limit(1)


# rows of the others, which are networks, say what another number of threads changes
FAMILIES = {
    "pcm16", "pcm", "flac", "silence", "noise", "lowpass", "opus", "mp3", "aac", "vorbis", "lc3",
    "amr", "g722", "codec2", "lyra",
}  # fmt: skip
SPECS = [
    spec
    for spec in ONE_OF_EACH
    if Spec.parse(spec).family in FAMILIES or spec.startswith("mel:16k-64+wave")
]


@pytest.mark.parametrize("spec", SPECS)
def test_bits_do_not_depend_on_threads(spec: str) -> None:
    codec = build(spec)
    assert codec.info.backend == "native"
    found = set()
    for count in (1, 2):
        threads.limit(count)
        codec.reset()
        stream = codec.encode(tone(0.5))
        found.add((stream, codec.decode(stream).samples.tobytes()))
    assert len(found) == 1
