"""Noise shaping: integers that follow the decoded mel, and the codec that uses them."""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np
import pytest

from codecmark.clip import AudioClip
from codecmark.errors import BitstreamError, InputError
from codecmark.layered import shaping
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.layered.mel_codec import MelWaveformCodec
from codecmark.layered.mel_coding import UNIT
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from entries import noise, tone
from layered_streams import codec as plain_codec
from layered_streams import snr, speech


@cache
def codec(setting: str = "11k") -> WaveformLayerCodec:
    return MelWaveformCodec.from_spec(Spec.parse(f"mel:16k-64+wave+shaped@{setting}"), Setup())


@cache
def stream(setting: str = "11k") -> bytes:
    return codec(setting).encode(speech())


def test_logarithms_are_those_of_floating_point() -> None:
    exponents = np.arange(-20 * UNIT, 1, 97)
    assert np.allclose(shaping._exp2(exponents) / 2**30, np.exp2(exponents / UNIT), atol=2e-9)
    values = np.array([1, 2, 3, 1000, 2**30 + 12345, 3 * 2**40, 2**52 + 1])
    assert np.abs(shaping._log2(values) / UNIT - np.log2(values)).max() <= 1.5 / UNIT
    assert shaping._log2(np.array([0]))[0] == 0


def test_tables_are_the_same_everywhere() -> None:
    tables = np.concatenate([shaping._MANTISSAS, shaping._WIDTHS]).astype("<i8")
    assert zlib.crc32(tables.tobytes()) == 2666998716


def test_a_quieter_frame_gets_a_finer_step_by_less_than_its_level() -> None:
    mel = np.zeros((8, 64), np.int64)
    mel[4:] -= 4 * UNIT
    found = shaping.offsets(mel, shaping.STRONGEST)
    assert found is not None
    assert np.abs((found[0] - found[-1]) / UNIT - 4 * 10 / 16).max() < 2 / UNIT


def test_a_louder_band_gets_a_coarser_step() -> None:
    mel = np.zeros((4, 64), np.int64)
    louder = mel.copy()
    louder[:, 10] += 2 * UNIT
    before, after = (shaping.offsets(values, shaping.STRONGEST) for values in (mel, louder))
    assert before is not None
    assert after is not None
    raised = (after - before)[0]
    assert raised.argmax() in range(25, 50)
    assert raised.min() < 0 < raised.max()  # the others are softer, relative to the frame


def test_the_level_of_the_whole_changes_nothing() -> None:
    mel = np.random.default_rng(0).integers(-6 * UNIT, 0, (40, 64))
    ours, louder = (shaping.offsets(m, 7) for m in (mel, mel + 3 * UNIT))
    assert ours is not None
    assert louder is not None
    assert np.abs(ours - louder).max() <= 2
    half = shaping.offsets(mel, 3)
    assert half is not None
    assert np.abs(half * 7 - ours * 3).max() <= 14
    assert shaping.offsets(mel, 0) is None


@pytest.mark.parametrize("target_db", [10, 15])
def test_an_snr_is_reached(target_db: int) -> None:
    decoded = codec(f"snr{target_db}").decode(stream(f"snr{target_db}"))
    assert target_db <= snr(speech(), decoded) < target_db + 0.5


def test_a_rate_is_kept_and_the_quiet_parts_gain() -> None:
    spent = len(stream()) * 8 / speech().duration_s / 1000
    assert 0.97 * 11 < spent <= 11
    decoded = codec().decode(stream())
    assert snr(speech(), decoded) >= 10
    whole = speech().samples[0]
    frames = np.square(whole[: len(whole) // 320 * 320].reshape(-1, 320)).mean(axis=1)
    quiet = np.repeat(frames < np.median(frames), 320)
    plain = plain_codec("11k").decode(plain_codec("11k").encode(speech()))

    def quiet_db(clip: AudioClip) -> float:
        error = (whole - clip.samples[0])[: len(quiet)][quiet]
        return float(10 * np.log10(np.sum(whole[: len(quiet)][quiet] ** 2) / np.sum(error**2)))

    assert quiet_db(decoded) > quiet_db(plain) + 1


@pytest.mark.parametrize(
    "clip", [tone(0.4), noise(6_400), AudioClip(np.zeros((2, 999), np.float32), 16_000)]
)
def test_any_clip_keeps_its_form(clip: AudioClip) -> None:
    for setting in ("8k", "snr10", "snr10-snr15", "8k-16k"):
        sent = codec(setting).encode(clip)
        assert codec(setting).decode(sent).samples.shape == clip.samples.shape
    if clip.samples.any():
        assert snr(clip, codec("snr10").decode(codec("snr10").encode(clip))) >= 10


def test_further_layers_share_the_shape_and_refine_it() -> None:
    setting = "snr10-snr15-snr20"
    layers = [codec(setting).decode_layers(stream(setting), upto).clip for upto in (2, 3, 4)]
    assert [snr(speech(), clip) > db for clip, db in zip(layers, (10, 15, 20), strict=True)]
    assert 20 <= snr(speech(), layers[2]) < 20.5


def test_it_is_another_codec_than_the_one_without() -> None:
    with pytest.raises(BitstreamError, match="another codec"):
        plain_codec("11k").decode(stream())


@pytest.mark.parametrize("variant", ["16k-64+shaped", "16k-64+shaped+wave", "16k-80+wave+shaped",
                                     "16k-64+wave+anchored+shaped"])  # fmt: skip
def test_other_orders_are_refused(variant: str) -> None:
    with pytest.raises(InputError, match="spec"):
        MelWaveformCodec.from_spec(Spec.parse(f"mel:{variant}@11k"), Setup())
