from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codecmark import BitstreamError, CodecError, catalog
from codecmark.bitstream import frame
from codecmark.bitstream.bitpacking import pack_integers, packed_bytes, unpack_integers
from codecmark.bitstream.frame import StreamHeader, decode_varint, encode_varint, pack, unpack

HEADER = StreamHeader(16_000, 1, 80_000)


@given(
    rate=st.integers(1_000, 768_000),
    channels=st.integers(1, 8),
    n_samples=st.integers(1, frame.MAX_SAMPLES),
    payload=st.binary(max_size=50),
)
def test_round_trip(rate: int, channels: int, n_samples: int, payload: bytes) -> None:
    header = StreamHeader(rate, channels, n_samples)
    assert unpack("a@1k", pack("a@1k", header, payload)) == (header, payload)


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (48_000, 2), (44_100, 8)])
def test_the_frame_is_under_16_bytes(rate: int, channels: int) -> None:
    header = StreamHeader(rate, channels, 40 * rate)
    payload = bytes(2_000_000)
    assert len(pack("pcm16", header, payload)) - len(payload) <= 15


def test_codec_ids_are_distinct() -> None:
    specs = list(catalog.all_specs())
    assert len({frame.codec_id(spec) for spec in specs}) == len(specs)


def test_golden_bytes() -> None:
    # written by version 1; a change here is a new version of the format
    assert pack("pcm16", HEADER, b"\x01\x02").hex() == GOLDEN
    assert unpack("pcm16", bytes.fromhex(GOLDEN)) == (HEADER, b"\x01\x02")


GOLDEN = "cde1a14e0380f104025894ad370102"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda s: b"", "header"),
        (lambda s: s[:4], "header"),
        (lambda s: b"\x00" + s[1:], "magic"),
        (lambda s: s[:1] + b"\xe2" + s[2:], "version"),
        (lambda s: s[:1] + b"\xe0" + s[2:], "version"),
        (lambda s: s[:2] + b"\x00\x00" + s[4:], "codec"),
        (lambda s: s[:4] + b"\x1e" + s[5:], "sample rate"),
        (lambda s: s[:5] + b"\x00" + s[8:], "samples"),
        (lambda s: s[:5] + b"\xff" * 8, "samples"),
        (lambda s: s[:-1], "payload length"),
        (lambda s: s + b"\x00", "payload length"),
        (lambda s: s[:-1] + b"\x00", "checksum"),
    ],
)
def test_errors_name_the_field(change: object, field: str) -> None:
    stream = pack("pcm16", HEADER, b"payload")
    with pytest.raises(BitstreamError) as caught:
        unpack("pcm16", change(stream))  # type: ignore[operator]
    assert caught.value.field == field


@pytest.mark.parametrize("rate", [0, 500, 999, 768_001, 2**32])
def test_rates_that_no_clip_has_are_refused(rate: int) -> None:
    with pytest.raises(BitstreamError) as caught:
        unpack("pcm16", pack("pcm16", StreamHeader(rate, 1, 80_000), b""))
    assert caught.value.field == "sample rate"


@given(st.integers(0, 2**42 - 1))
def test_varint_round_trip(value: int) -> None:
    encoded = encode_varint(value)
    assert decode_varint(encoded, 0, "x") == (value, len(encoded))


@given(
    width=st.integers(1, 32),
    data=st.data(),
)
def test_integers_round_trip_without_gaps(width: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, 2**width - 1), max_size=40))
    packed = pack_integers(values, width)
    assert len(packed) == packed_bytes(len(values), width) == -(-len(values) * width // 8)
    assert unpack_integers(packed, len(values), width).tolist() == values


def test_ten_bits_are_ten_bits() -> None:
    assert len(pack_integers([1023] * 4, 10)) == 5
    assert pack_integers([0b1000000001], 10) == bytes([0b10000000, 0b01000000])


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(CodecError, match="code 16 does not fit 4 bits"):
        pack_integers([3, 16], 4)
    with pytest.raises(CodecError, match="code -1 does not fit"):
        pack_integers([-1], 4)


def test_wrong_length_and_padding_are_refused() -> None:
    with pytest.raises(BitstreamError, match="codes: 3 x 10 bits are 4 bytes, not 3"):
        unpack_integers(bytes(3), 3, 10)
    with pytest.raises(BitstreamError, match="padding"):
        unpack_integers(b"\x00\x01", 1, 10)
