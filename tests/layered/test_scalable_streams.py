"""Streams of several waveform layers."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark.bitstream import frame
from codecmark.errors import InputError
from codecmark.layered import (
    container,
)
from layered_streams import SCALABLE, SPEC, codec, snr, speech, stream


def test_each_layer_has_the_snr_that_was_asked_of_it() -> None:
    found = [codec(SCALABLE).decode_layers(stream(SCALABLE), upto=upto) for upto in (2, 3, 4)]
    for target_db, one in zip((10, 15, 20), found, strict=True):
        assert target_db <= snr(speech(), one.clip) < target_db + 0.5
    assert [one.layer for one in found[0].dropped] == ["waveform 2", "waveform 3"]
    assert found[2].dropped == ()
    assert np.array_equal(found[2].clip.samples, codec(SCALABLE).decode(stream(SCALABLE)).samples)


def test_the_first_layers_are_those_of_a_stream_without_the_rest() -> None:
    _, payload = frame.unpack(SPEC, stream())
    _, longer = frame.unpack(f"mel:16k-64+wave@{SCALABLE}", stream(SCALABLE))
    assert longer.startswith(payload)
    assert len(longer) < 2.6 * len(payload)


def test_each_layer_fits_its_rate() -> None:
    spec = "8k-12k"
    _, payload = frame.unpack(f"mel:16k-64+wave@{spec}", stream(spec))
    ((*bodies,),), _ = container.unpack(payload, 1, 3, 3)
    sizes = np.cumsum([len(body or b"") + 4 for body in bodies]) + 15
    spent_kbps = sizes * 8 / speech().duration_s / 1000
    assert 0.96 * 8 < spent_kbps[1] <= 8
    assert 0.96 * 12 < spent_kbps[2] <= 12


def test_a_clip_too_short_for_its_rate_gets_the_coarsest_layers() -> None:
    short = speech().cropped(0.2)
    sizes = [len(codec(rate).encode(short)) for rate in ("2k", "3k", "16k")]
    assert sizes[0] > 2_000 * short.duration_s / 8  # more than the rate, and no error
    assert sizes[0] <= sizes[1] <= sizes[2] <= 16_000 * short.duration_s / 8


@pytest.mark.parametrize("setting", ["snr10-8k", "snr20-snr10", "8k-8k", "snr10-", "-", "snr5-snr6-"
                                     "snr7-snr8-snr9", "8k-99k"])  # fmt: skip
def test_targets_that_do_not_rise_or_do_not_go_together_are_refused(setting: str) -> None:
    with pytest.raises(InputError, match="spec"):
        codec(setting)
