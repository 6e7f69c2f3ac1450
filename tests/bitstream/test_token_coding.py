"""`+ac`: tokens range coded, exactly, and never much larger than packed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codecmark import UnavailableError, create
from codecmark.bitstream import bitpacking, frame, token_coding
from codecmark.bitstream.frame import StreamHeader
from codecmark.bitstream.token_coding import Tokens
from codecmark.clip import AudioClip
from codecmark.corpus import condition
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import BitstreamError
from codecmark.measure.measurement import Measurement
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import perf_counter_timer
from codecmark.networks.setup import Setup
from codecmark.neural.range_coded import RangeCodedCodec
from codecmark.neural.tokens import TokenPayloadCodec
from entries import noise, tiny


def packed_bytes(tokens: Tokens, bits: int) -> int:
    return bitpacking.packed_bytes(tokens.size, bits)


@settings(max_examples=60, deadline=None)
@given(
    bits=st.integers(1, 12),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 20)),
    skew=st.floats(0, 8),
    books=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_round_trip(
    bits: int, shape: tuple[int, int, int], skew: float, books: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    tokens = (rng.random(shape) ** (1 + skew) * (1 << bits)).astype(np.int64)
    codebook_of_row = [min(row, books - 1) for row in range(shape[1])]
    data = token_coding.encode(tokens, bits, codebook_of_row)
    assert np.array_equal(token_coding.decode(data, shape, bits, codebook_of_row), tokens)


def test_tokens_without_any_pattern_cost_little_more_than_packed() -> None:
    tokens = np.random.default_rng(0).integers(0, 1024, (1, 8, 375))
    coded = token_coding.encode(tokens, 10, range(8))
    gains, last_word = 4, 8
    assert packed_bytes(tokens, 10) <= len(coded) <= packed_bytes(tokens, 10) + gains + last_word


def test_a_skewed_codebook_costs_its_entropy_and_what_learning_it_takes() -> None:
    rng = np.random.default_rng(0)
    probabilities = np.array([0.5, 0.25, 0.125, 0.125, *[0.0] * 12])  # 1.75 bits, 4 when packed
    tokens = rng.choice(16, (1, 2, 20_000), p=probabilities)
    coded = token_coding.encode(tokens, 4, range(2))
    assert 8 * len(coded) / tokens.size == pytest.approx(1.75, abs=0.02)


def test_codebooks_learn_apart_and_their_rows_together() -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(0, 4, (1, 1, 300))
    apart = np.concatenate([one, one + 100], axis=1)
    assert len(token_coding.encode(apart, 10, (0, 1))) < len(token_coding.encode(apart, 10, (0, 0)))
    alike = np.concatenate([one, rng.integers(0, 4, one.shape)], axis=1)
    assert len(token_coding.encode(alike, 10, (0, 0))) < len(token_coding.encode(alike, 10, (0, 1)))


def test_a_length_bounds_what_a_stream_can_promise() -> None:
    tokens = np.zeros((1, 1, 200_000), np.int64)
    coded = token_coding.encode(tokens, 10, (0,))
    assert len(coded) >= 4 * (tokens.size // 2**14)
    assert np.array_equal(token_coding.decode(coded, tokens.shape, 10, (0,)), tokens)
    with pytest.raises(BitstreamError, match="cannot come from"):
        token_coding.decode(coded, (8, 1, 200_000), 10, (0,))


@pytest.mark.parametrize(
    ("data", "field"), [(b"", "gains"), (b"\0\0\0\0", "range code"), (b"\0" * 3, "range code")]
)
def test_short_streams_are_refused_by_field(data: bytes, field: str) -> None:
    with pytest.raises(BitstreamError) as caught:
        token_coding.decode(data, (1, 3, 4), 10, range(3))
    assert caught.value.field == field


@pytest.mark.parametrize(
    "spec", ["encodec:24khz@6k", "encodec:48khz@6k", "mimi@1.1k", "snac:32khz", "neucodec"]
)
def test_the_same_tokens_and_the_same_samples(spec: str) -> None:
    plain = tiny(spec)
    coded = tiny(f"{spec}+ac")
    assert isinstance(plain, TokenPayloadCodec)
    assert isinstance(coded, RangeCodedCodec)
    clip = noise(9_000, channels=2)
    expected = plain.decode(plain.encode(clip)).samples
    assert np.array_equal(coded.decode(coded.encode(clip)).samples, expected)
    assert coded.info.nominal_bitrate_kbps == plain.info.nominal_bitrate_kbps
    assert coded.info.algorithmic_delay_samples is None  # one code for the whole clip


@pytest.mark.parametrize("channels", [1, 2])
def test_levels_stay_before_the_range_coded_tokens(channels: int) -> None:
    plain, coded = tiny("encodec:48khz@6k"), tiny("encodec:48khz@6k+ac")
    clip = noise(100_000, channels=channels, rate_hz=48_000)  # three segments
    payloads = [frame.unpack(c.info.spec, c.encode(clip))[1] for c in (plain, coded)]
    assert payloads[0][:12] == payloads[1][:12]
    tokens = bitpacking.unpack_integers(payloads[0][12:], 4 * 316, 10).reshape(1, 4, 316)
    assert payloads[1][12:] == token_coding.encode(tokens, 10, range(4))
    header = StreamHeader(48_000, channels, 100_000)
    with pytest.raises(BitstreamError, match="samples"):
        coded.decode_payload(payloads[1][:11], header)
    with pytest.raises(BitstreamError, match="levels"):
        coded.decode_payload(b"\xff" * 12 + payloads[1][12:], header)
    with pytest.raises(BitstreamError, match="channels"):
        coded.decode_payload(payloads[1], StreamHeader(48_000, 3, 100_000))


def test_trained_tokens_are_smaller_than_packed(speech: AudioClip) -> None:
    try:
        plain, coded = create("lyra@3.2k"), create("lyra@3.2k+ac")
    except UnavailableError as error:
        pytest.skip(str(error))
    streams = plain.encode(speech), coded.encode(speech)
    assert 0.75 < len(streams[1]) / len(streams[0]) < 0.99
    assert np.array_equal(
        coded.decode(streams[1]).samples, plain.decode(streams[0]).samples
    )  # fmt: skip


def test_no_size_is_shown_of_an_untrained_networks_tokens() -> None:
    clips = [PreparedClip("noise", "n", "ambient", noise(8_000))]
    rows = {}
    for spec in ("mimi@1.1k", "mimi@1.1k+ac"):
        measurement = Measurement(tiny(spec), clips, condition.named("16k-mono"), Setup())
        measurement.encode(perf_counter_timer)
        measurement.decode(perf_counter_timer)
        (rows[spec],) = measurement.rows("run", Scorer(workers=1), memory=False)
    assert rows["mimi@1.1k"].bitrate_kbps is not None
    coded = rows["mimi@1.1k+ac"]
    assert coded.nominal_bitrate_kbps == rows["mimi@1.1k"].nominal_bitrate_kbps
    assert coded.encode_rtf is not None
    assert (coded.bitrate_kbps, coded.stream_bytes, coded.compression_ratio) == (None, None, None)
    assert coded.reasons["bitrate_kbps"].startswith("variable rate: seeded random weights")
