"""The mel codec with one waveform layer: its promises of SNR and rate, and its layers."""

from __future__ import annotations

import numpy as np
import pytest

from codecmark.clip import AudioClip
from codecmark.errors import InputError
from codecmark.layered.mel_codec import MelWaveformCodec
from codecmark.networks.setup import Setup
from codecmark.spec import Spec
from entries import noise, tone
from layered_streams import codec, snr, speech, stream


@pytest.mark.parametrize("target_db", [10, 15, 20])
def test_the_output_has_the_snr_that_was_asked_for(target_db: int) -> None:
    decoded = codec(f"snr{target_db}").decode(stream(f"snr{target_db}"))
    assert target_db <= snr(speech(), decoded) < target_db + 0.5


def test_snr_holds_on_noise_and_tones() -> None:
    for clip in (noise(8_000), tone(0.5), AudioClip(1e-4 * noise(8_000).samples, 16_000)):
        assert snr(clip, codec().decode(codec().encode(clip))) >= 10


@pytest.mark.parametrize("peak", [1e-38, 1e-9, 1e9, 1e38])
def test_any_level_is_coded(peak: float) -> None:
    clip = AudioClip((tone(0.2).samples * (2 * peak)).astype(np.float32), 16_000)
    decoded = codec().decode(codec().encode(clip))
    if 1e-30 < peak < 1e30:  # beyond 2^100 only the form is promised
        assert snr(clip, decoded) >= 10


@pytest.mark.parametrize("kbps", [6, 12])
def test_the_stream_fits_the_rate(kbps: int) -> None:
    spent = len(stream(f"{kbps}k")) * 8 / speech().duration_s / 1000
    assert 0.97 * kbps < spent <= kbps


def test_more_rate_is_more_snr() -> None:
    found = [snr(speech(), codec(s).decode(stream(s))) for s in ("6k", "12k")]
    assert found[1] > found[0] + 2


@pytest.mark.parametrize("spec", ["mel:16k-80+wave@snr10", "mel:16k-64+wave", "mel:16k-64+wave@q1",
                                  "mel:16k-64+wave@snr99", "mel:16k-64+wave@1k"])  # fmt: skip
def test_other_specs_are_refused(spec: str) -> None:
    with pytest.raises(InputError, match="spec"):
        MelWaveformCodec.from_spec(Spec.parse(spec), Setup())


def test_base_alone_is_decodable_and_both_are_better() -> None:
    whole = codec().decode_layers(stream())
    base = codec().decode_layers(stream(), upto=1)
    assert whole.dropped == ()
    assert np.array_equal(whole.clip.samples, codec().decode(stream()).samples)
    assert [(one.channel, one.layer) for one in base.dropped] == [(0, "waveform")]
    assert snr(speech(), whole.clip) > 10 > 2 > snr(speech(), base.clip)
    energy = [float(np.sum(clip.samples**2)) for clip in (base.clip, speech())]
    assert energy[0] == pytest.approx(energy[1], rel=0.5)


def test_more_fill_costs_snr_and_the_encoders_choice_is_the_default() -> None:
    chosen = codec().decode_layers(stream()).clip
    snrs = [snr(speech(), codec().decode_layers(stream(), None, gain).clip) for gain in (0, 0.5, 1)]
    assert snrs[0] > snrs[1] > snrs[2]
    assert snrs[0] >= snr(speech(), chosen) >= snrs[2]
    base = [codec().decode_layers(stream(), 1, gain).clip.samples for gain in (None, 0.0, 1.0)]
    assert np.array_equal(base[0], base[1])
    assert np.array_equal(base[0], base[2])
    for gain in (-0.1, 1.1, np.nan):
        with pytest.raises(InputError, match="fill_gain"):
            codec().decode_layers(stream(), fill_gain=gain)


def test_a_spec_without_a_target_is_told_which_there_are() -> None:
    for spec in ("mel:16k-64+wave", "mel:16k-64+wave@q1"):
        with pytest.raises(InputError, match=r"an SNR or a rate after '@'.*mel:16k-64\+wave@snr10"):
            MelWaveformCodec.from_spec(Spec.parse(spec), Setup())
