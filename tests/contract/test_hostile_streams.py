"""What every codec does with bytes that no encoder wrote, whoever signed them."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codecmark.bitstream import frame
from codecmark.bitstream.frame import StreamHeader
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, CodecmarkError
from contract_specs import CLIP, ONE_OF_EACH, build


@pytest.fixture(params=ONE_OF_EACH)
def family_codec(request: pytest.FixtureRequest) -> Codec:
    return build(request.param)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(junk=st.binary(max_size=200))
def test_random_bytes_are_refused(family_codec: Codec, junk: bytes) -> None:
    with pytest.raises(BitstreamError):
        family_codec.decode(junk)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    payload=st.binary(max_size=300),
    n_samples=st.sampled_from([1, 7, 320, 4_000, 10**6, 10**9, frame.MAX_SAMPLES]),
    channels=st.integers(1, 8),
    rate_hz=st.sampled_from([0, 500, 8_000, 16_000, 44_100, 31_337, 768_000, 2**32]),
)
def test_hostile_payloads_with_a_valid_checksum(
    family_codec: Codec, payload: bytes, n_samples: int, channels: int, rate_hz: int
) -> None:
    header = StreamHeader(rate_hz, channels, n_samples)
    stream = frame.pack(family_codec.info.spec, header, payload)
    start = time.process_time()  # not what others do meanwhile
    try:
        decoded = family_codec.decode(stream)
    except CodecmarkError:
        pass
    else:
        assert decoded.samples.shape == (channels, n_samples)
    assert time.process_time() - start < 5


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(position=st.floats(0, 1, exclude_max=True), value=st.integers(1, 255))
def test_damaged_payload_with_a_valid_checksum(
    family_codec: Codec, position: float, value: int
) -> None:
    header, payload = frame.unpack(family_codec.info.spec, family_codec.encode(CLIP))
    damaged = bytearray(payload)
    damaged[int(position * len(damaged))] ^= value
    try:
        stream = frame.pack(family_codec.info.spec, header, bytes(damaged))
        decoded = family_codec.decode(stream)
    except CodecmarkError:
        return
    assert decoded.samples.shape == CLIP.samples.shape


def test_a_header_allocates_nothing_that_the_bytes_do_not_justify(family_codec: Codec) -> None:
    family_codec.decode(family_codec.encode(CLIP))  # what a first call builds is not counted
    for n_samples in (10**8, frame.MAX_SAMPLES):
        header = StreamHeader(16_000, 8, n_samples)
        stream = frame.pack(family_codec.info.spec, header, b"\x07" * 60)
        tracemalloc.start()
        try:
            with pytest.raises(CodecmarkError):
                family_codec.decode(stream)
            assert tracemalloc.get_traced_memory()[1] < 10e6
        finally:
            tracemalloc.stop()
