"""What every catalog entry promises, now and later; `test_hostile_streams` has the rest."""

from __future__ import annotations

import subprocess
import sys
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from codecmark import catalog, create
from codecmark.bitstream import frame
from codecmark.bitstream.frame import StreamHeader
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.errors import BitstreamError, InputError, UnavailableError
from codecmark.spec import Spec
from contract_specs import CLIP, ONE_OF_EACH, SPECS, build
from entries import noise, tiny
from places import TESTS

FULL_SIZE = tuple(s for s in SPECS if s.startswith(("audioldm2:base", "encodec", "dac"))
                  and s in set(catalog.all_specs(default_only=True)))  # fmt: skip
FRAME = 320
LENGTHS = (1, 2, FRAME - 1, FRAME, FRAME + 1, 2_003)  # and that of the clip, of 4,000


@pytest.fixture(params=SPECS)
def codec(request: pytest.FixtureRequest) -> Codec:
    return build(request.param)


@pytest.fixture(params=ONE_OF_EACH)
def family_codec(request: pytest.FixtureRequest) -> Codec:
    return build(request.param)


@cache
def stream_of(codec: Codec) -> bytes:
    """Return the clip, coded once for all tests."""
    return codec.encode(CLIP)


@cache
def decoded_by(codec: Codec) -> AudioClip:
    """Return what that decodes to, once."""
    return codec.decode(stream_of(codec))


def test_the_spec_in_info_builds_the_codec(codec: Codec) -> None:
    assert codec.info.spec in SPECS
    assert codec.info.family == Spec.parse(codec.info.spec).family
    assert codec.info.licence
    assert codec.info.reference


def test_round_trip_keeps_the_form(codec: Codec) -> None:
    decoded = decoded_by(codec)
    assert decoded.samples.shape == CLIP.samples.shape
    assert decoded.sample_rate_hz == CLIP.sample_rate_hz
    assert decoded.samples.dtype == np.float32


def test_same_input_same_bytes(codec: Codec) -> None:
    first = stream_of(codec)
    codec.encode(noise(1_000))
    assert codec.encode(CLIP) == first


def test_same_bytes_same_output(codec: Codec) -> None:
    first = decoded_by(codec).samples
    codec.decode(codec.encode(noise(1_000)))
    assert np.array_equal(codec.decode(stream_of(codec)).samples, first)


def test_length_is_exact(codec: Codec) -> None:
    lengths = [codec.decode(codec.encode(noise(length))).n_samples for length in LENGTHS]
    assert lengths == [*LENGTHS]


@pytest.mark.parametrize(("rate_hz", "channels"), [(44_100, 2), (48_000, 1), (8_000, 2)])
def test_other_rates_and_channels(family_codec: Codec, rate_hz: int, channels: int) -> None:
    clip = noise(2_003, channels=channels, rate_hz=rate_hz)
    decoded = family_codec.decode(family_codec.encode(clip))
    assert decoded.samples.shape == clip.samples.shape
    assert decoded.sample_rate_hz == rate_hz


def test_extreme_signals(codec: Codec) -> None:
    count = np.arange(2_400)
    signals = {
        "silence": np.zeros(len(count)),
        "dc": np.full(len(count), 0.5),
        "square": np.where(count % 80 < 40, 1.0, -1.0),
        "impulse": np.where(count == 1_200, 1.0, 0.0),
        "over full scale": 3 * np.sin(count / 7),
    }
    for kind, samples in signals.items():
        clip = AudioClip(samples[None].astype(np.float32), 16_000)
        decoded = codec.decode(codec.encode(clip))
        assert np.isfinite(decoded.samples).all(), kind
        if kind == "silence" and codec.info.weights.evidence != "random":
            assert np.abs(decoded.samples).max() < 0.02


def test_input_is_not_modified(codec: Codec) -> None:
    before = CLIP.samples.copy()
    codec.encode(CLIP)
    assert np.array_equal(CLIP.samples, before)
    assert not CLIP.samples.flags.writeable


def test_only_clips_are_encoded(codec: Codec) -> None:
    with pytest.raises(InputError, match="clip: must be an AudioClip"):
        codec.encode(CLIP.samples)  # type: ignore[arg-type]
    codec.encode(CLIP)  # still usable


def test_truncated_streams_are_refused(codec: Codec) -> None:
    stream = stream_of(codec)
    for length in [*range(20), len(stream) // 2, len(stream) - 1]:
        if length < len(stream):
            with pytest.raises(BitstreamError):
                codec.decode(stream[:length])
    with pytest.raises(BitstreamError, match="payload length"):
        codec.decode(stream + b"\0")
    codec.decode(stream)  # still usable


def test_every_flipped_bit_of_the_frame_is_found(codec: Codec) -> None:
    stream = stream_of(codec)
    rng = np.random.default_rng(1)
    frame_bits = range(min(len(stream), 15) * 8)
    for bit in [*frame_bits, *rng.integers(0, len(stream) * 8, 20)]:
        damaged = bytearray(stream)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BitstreamError):
            codec.decode(bytes(damaged))


def test_foreign_streams_are_refused(codec: Codec) -> None:
    header = StreamHeader(16_000, 1, 100)
    with pytest.raises(BitstreamError, match="another codec"):
        codec.decode(frame.pack("stranger@1k", header, b"payload"))
    newer = bytearray(stream_of(codec))
    newer[1] += 1
    with pytest.raises(BitstreamError, match="version"):
        codec.decode(bytes(newer))
    with pytest.raises(BitstreamError, match="must be bytes"):
        codec.decode("text")  # type: ignore[arg-type]


def test_streams_decode_in_a_fresh_process(tmp_path: Path) -> None:
    expected = {}
    for spec in SPECS:
        try:
            codec = tiny(spec)
        except UnavailableError:
            continue
        (tmp_path / f"{frame.codec_id(spec)}.bin").write_bytes(stream_of(codec))
        expected[spec] = zlib.crc32(decoded_by(codec).samples.tobytes())
    program = (
        "import sys, pathlib, zlib\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from entries import tiny\n"
        "from codecmark.bitstream import frame\n"
        "from codecmark.system import threads\n"
        "threads.limit(1)\n"
        "for spec in sys.argv[3:]:\n"
        "    file = pathlib.Path(sys.argv[2]) / f'{frame.codec_id(spec)}.bin'\n"
        "    decoded = tiny(spec).decode(file.read_bytes())\n"
        "    print('decoded', spec, zlib.crc32(decoded.samples.tobytes()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(TESTS), str(tmp_path), *expected],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("decoded ")]
    assert {spec: int(crc) for _, spec, crc in lines} == expected


@pytest.mark.parametrize("spec", FULL_SIZE)
def test_full_size_round_trip(spec: str) -> None:
    clip = noise(4_800)
    codec = create(spec)
    decoded = codec.decode(codec.encode(clip))
    assert decoded.samples.shape == clip.samples.shape
    assert codec.info.parameters is not None
    assert codec.info.parameters > 1e6
