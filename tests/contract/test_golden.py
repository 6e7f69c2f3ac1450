"""Streams that were stored once decode for ever; `golden` says what is held, and how."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import golden
from codecmark.bitstream import scalar_coding
from codecmark.codec import Codec
from codecmark.errors import UnavailableError
from golden import CASES, NOTICE, Case
from places import REPOSITORY


@pytest.fixture(scope="module", autouse=True)
def updated(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        golden.update()


@pytest.fixture(scope="module")
def expected(updated: None) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(golden.EXPECTED.read_text(encoding="utf-8"))
    return stored


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def codec(case: Case) -> Codec:
    try:
        return golden.built(case)
    except UnavailableError as error:
        pytest.skip(str(error))


def test_the_committed_stream_decodes_to_what_it_did(
    case: Case, codec: Codec, expected: dict[str, Any]
) -> None:
    stream = (golden.FOLDER / f"{case.name}.stream").read_bytes()
    kept = expected[case.name]
    now = golden.content(case, codec, stream)
    problem = f"{case.spec}: a stored stream no longer decodes to what it did. {NOTICE}"
    if case.kind == "close":
        difference = np.abs(np.subtract(now.pop("samples"), kept["samples"])).max()
        assert difference <= case.tolerance * kept["peak"], problem
        assert now.pop("peak") == pytest.approx(kept["peak"], rel=case.tolerance), problem
        kept = {name: kept[name] for name in now}
    assert now == kept, problem


def test_the_encoder_makes_the_committed_stream(case: Case, codec: Codec) -> None:
    stream = golden.encoded(case, codec)
    committed = (golden.FOLDER / f"{case.name}.stream").read_bytes()
    if case.encodes:
        assert stream == committed, f"{case.spec}: the encoder makes other bytes. {NOTICE}"
    else:  # rounding may move a level, and with entropy coding the length
        assert stream[:2] == committed[:2]
        assert len(stream) == pytest.approx(len(committed), rel=0.1), case.spec


def test_every_committed_stream_belongs_to_a_case(expected: dict[str, Any]) -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert sorted(expected) == sorted(names)
    assert {path.stem for path in golden.FOLDER.glob("*.stream")} == set(names)
    largest = max(path.stat().st_size for path in golden.FOLDER.glob("*.stream"))
    assert largest < 4_000


def test_a_change_of_the_stream_is_noticed(expected: dict[str, Any]) -> None:
    """What must hold of the comparison itself: one token, sample or byte more is another stream."""
    for name in ("encodec-24khz-6k", "pcm16"):
        (case,) = (one for one in CASES if one.name == name)
        codec = golden.built(case)
        header, payload = golden.opened(case)
        changed = golden.framed(case, header, bytes([payload[0] ^ 1]) + payload[1:])
        assert golden.content(case, codec, changed) != expected[name]


# codings of numbers, which several codecs share: levels of -8 to 8 steps of 0.25, as bytes
LEVELS = np.array([0, 0, 1, -1, 2, 0, 0, -8, 8, 0, 1, 1, 0, -2, 0, 3], np.float32)
LEVELS *= np.float32(0.25)


@pytest.mark.parametrize(
    ("name", "coded"),
    [
        ("f32", LEVELS.astype("<f4").tobytes().hex()),
        ("f16", LEVELS.astype("<f2").tobytes().hex()),
        ("int8", "0402813c000010f0200000817f00101000e00030"),
        ("q0.25", "f81f110100000000000101070301010000000001a40740650919492e"),
    ],
)
def test_codings_of_numbers(name: str, coded: str) -> None:
    coding = scalar_coding.named(name)
    assert coding.encode(LEVELS).hex() == coded, f"{name}: other bytes. {NOTICE}"
    decoded = coding.decode(bytes.fromhex(coded), LEVELS.shape)
    tolerance = 2 / 127 / 2 if name == "int8" else 0
    assert np.abs(decoded - LEVELS).max() <= tolerance, f"{name}: other values. {NOTICE}"


def test_the_notice_names_a_command_that_exists() -> None:
    path = golden.RENEW.split()[1]
    assert (REPOSITORY / path).samefile(__file__)
