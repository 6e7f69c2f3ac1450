"""Facts about LC3, G.722, AMR and Codec 2."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from codecmark import AudioClip, BitstreamError, UnavailableError, create
from codecmark.bitstream import frame as bitstream
from codecmark.clip import Samples
from codecmark.codec import Codec
from codecmark.metrics.alignment import find_lag
from codecmark.metrics.waveform import snr_db
from entries import noise


def build(spec: str) -> Codec:
    try:
        return create(spec)
    except UnavailableError as error:
        pytest.skip(str(error))


def round_trip(spec: str, clip: AudioClip) -> Samples:
    codec = build(spec)
    return codec.decode(codec.encode(clip)).samples


@pytest.mark.parametrize("spec", ["lc3@16k", "lc3@32k", "lc3@64k", "g722@64k"])
@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_no_delay_is_left(spec: str, rate_hz: int, speech: AudioClip) -> None:
    clip = speech.resampled(rate_hz)
    found = find_lag(clip.samples, round_trip(spec, clip))
    assert found.confident
    assert found.lag_samples == 0


@pytest.mark.parametrize("spec", ["amr@4.75k", "amr@12.2k"])
def test_amr_is_in_time_where_its_high_pass_filters_leave_the_phase(
    spec: str, speech: AudioClip
) -> None:
    band = scipy.signal.firwin(401, [1_200, 3_200], fs=16_000, pass_zero=False)
    decoded = round_trip(spec, speech)
    reference, found = (
        scipy.signal.fftconvolve(samples, band[None], "same", axes=1).astype(np.float32)
        for samples in (speech.samples, decoded)
    )
    lag = find_lag(reference, found)
    assert lag.confident
    assert lag.lag_samples == 0
    assert abs(find_lag(speech.samples, decoded).lag_samples) <= 1  # other voices: up to 22


def mel_levels_db(samples: Samples) -> Samples:
    """Levels in 16 bands of 250 Hz up to 4 kHz, every 2.5 ms; without each band's mean."""
    _, _, spectrum = scipy.signal.stft(samples[0], 16_000, nperseg=512, noverlap=472)
    power = np.square(np.abs(spectrum[:128])).reshape(16, 8, -1).sum(axis=1)
    levels = 10 * np.log10(power + 1e-9)
    centred: Samples = levels - levels.mean(axis=1, keepdims=True)
    return centred


@pytest.mark.parametrize("spec", [f"codec2@{kbps}k" for kbps in (3.2, 2.4, 1.6, 1.3, 0.7)])
def test_codec2_is_in_time_although_its_waveform_is_another(spec: str, speech: AudioClip) -> None:
    decoded = round_trip(spec, speech)
    assert not find_lag(speech.samples, decoded).confident
    assert snr_db(speech.samples, decoded, 16_000) < 0
    reference, found = mel_levels_db(speech.samples), mel_levels_db(decoded)
    shifts = range(-10, 11)  # of 2.5 ms
    errors = [
        float(np.square(reference[:, 10:-10] - np.roll(found, -k, axis=1)[:, 10:-10]).mean())
        for k in shifts
    ]
    assert abs(shifts[int(np.argmin(errors))]) <= 1


@pytest.mark.parametrize(
    ("spec", "delay", "rate_hz", "frame", "frame_bits"),
    [
        ("lc3@16k", 40, 16_000, 160, 160),
        ("lc3@24k", 40, 16_000, 160, 240),
        ("lc3@32k", 40, 16_000, 160, 320),
        ("g722@64k", 22, 16_000, 2, 8),
        ("amr@12.2k", 40, 8_000, 160, 8 * 32),  # 244 bits and 4 of mode, in whole bytes
        ("amr@4.75k", 40, 8_000, 160, 8 * 13),
        ("codec2@3.2k", 160, 8_000, 160, 64),
        ("codec2@2.4k", 160, 8_000, 160, 48),
        ("codec2@1.6k", 160, 8_000, 320, 64),
        ("codec2@1.3k", 160, 8_000, 320, 52),
        ("codec2@0.7k", 240, 8_000, 320, 28),
    ],
)
def test_frames_take_what_the_standard_says(
    spec: str, delay: int, rate_hz: int, frame: int, frame_bits: int, speech: AudioClip
) -> None:
    _, payload = bitstream.unpack(spec, build(spec).encode(speech))
    frames = -(-(speech.n_samples * rate_hz // 16_000 + delay) // frame)
    assert len(payload) == -(-frames * frame_bits // 8)


def test_speech_at_known_rates(speech: AudioClip) -> None:
    """Published one-script measurements on such speech, each a little below what was found."""
    floors = {"lc3@16k": 9.0, "lc3@24k": 13.0, "lc3@32k": 15.5, "lc3@64k": 31.0, "g722@64k": 26.5}
    for spec, floor in floors.items():
        assert floor < snr_db(speech.samples, round_trip(spec, speech), 16_000) < floor + 3


def test_codec2_starts_its_random_phases_anew_for_every_clip() -> None:
    codec, other = build("codec2@3.2k"), build("codec2@3.2k")
    stream = codec.encode(noise(16_000))
    first = codec.decode(stream).samples
    assert np.array_equal(codec.decode(stream).samples, first)
    assert np.array_equal(other.decode(stream).samples, first)


def test_channels_are_coded_one_by_one(speech: AudioClip) -> None:
    both = AudioClip(np.concatenate([speech.samples, speech.samples[:, ::-1]]), 16_000)
    for spec in ("lc3@24k", "g722@64k", "amr@12.2k", "codec2@3.2k"):
        decoded = round_trip(spec, both)
        assert np.array_equal(decoded[:1], round_trip(spec, speech))


def test_a_length_that_the_frames_do_not_hold_is_refused() -> None:
    for spec in ("lc3@24k", "g722@64k", "amr@12.2k", "codec2@3.2k"):
        codec = build(spec)
        _, payload = bitstream.unpack(spec, codec.encode(noise(1_600)))
        header = bitstream.StreamHeader(16_000, 1, 16_000)
        with pytest.raises(BitstreamError, match=r"samples: 16000 in \d channels need"):
            codec.decode(bitstream.pack(spec, header, payload))
