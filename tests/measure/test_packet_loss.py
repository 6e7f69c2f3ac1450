"""Packets that are lost or damaged: the same seconds for every codec, and what stands for them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from codecmark import AudioClip, InputError, catalog
from codecmark.codec import Codec
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import BitstreamError
from codecmark.measure.impairments import bit_errors, concealment, libopus, loss_patterns, packets
from codecmark.measure.impairments.impaired import ImpairedCodec
from codecmark.measure.impairments.packets import PacketStream
from codecmark.measure.impairments.treatment import Treatment
from codecmark.metrics import waveform
from codecmark.networks.setup import Setup
from codecmark.results import axes
from codecmark.run.planned_clip import PlannedClip
from small_runs import planned, two_clips, work

WITH_PACKETS = ("opus@24k", "opus@24k-vbr-fec10", "lc3@32k", "g722@64k", "amr@12.2k")


@cache
def built(spec: str) -> Codec:
    return catalog.create(spec)


def packet_stream(spec: str, clip: AudioClip) -> PacketStream:
    return packets.of(built(spec), built(spec).encode(clip))


def decoded(spec: str, clip: AudioClip, text: str) -> AudioClip:
    codec = ImpairedCodec(built(spec), Treatment.of(axes.parse(text)), Setup.from_environment())
    prepared = PreparedClip("voice", "someone", "speech", clip)
    codec.expect([(prepared, prepared)])
    return codec.decode(codec.encode(clip))


def snr_db(clip: AudioClip, other: AudioClip) -> float:
    if np.array_equal(clip.samples, other.samples):
        return float("inf")
    return waveform.snr_db(clip.samples, other.samples, clip.sample_rate_hz)


@pytest.mark.parametrize("spec", WITH_PACKETS)
def test_packets_that_all_arrive_decode_to_what_the_stream_does(
    spec: str, speech: AudioClip
) -> None:
    stream = packet_stream(spec, speech)
    nothing = np.zeros(len(stream.packets), bool)
    sound = stream.finished(concealment.decode(stream, nothing, "own"))
    whole = built(spec).decode(built(spec).encode(speech))
    # of AMR there are two decoders, one in integers
    assert snr_db(whole, sound) > (25 if spec.startswith("amr") else 60)


def test_every_codec_loses_the_same_seconds(speech: AudioClip) -> None:
    slots = Treatment.of({"loss_percent": 10.0}).lost_slots(speech.duration_s, "voice")
    assert slots.sum() / len(slots) == pytest.approx(0.1, abs=0.5 / len(slots))
    seconds = {}
    for spec in (*WITH_PACKETS, "opus@12k-60ms"):
        stream = packet_stream(spec, speech)
        delay_s = stream.delay_samples / stream.rate_hz
        lost = loss_patterns.of_packets(slots, len(stream.packets), stream.packet_s, delay_s)
        starts = np.flatnonzero(lost) * stream.packet_s
        ten_ms = [round(100 * start) + k for start in starts
                  for k in range(round(100 * stream.packet_s))]  # fmt: skip
        seconds[spec] = set(ten_ms)
    exact = {spec: lost for spec, lost in seconds.items() if "60ms" not in spec}
    assert len({frozenset(lost) for lost in exact.values()}) == 1
    assert len(seconds["opus@24k"]) == 2 * slots.sum()
    # packets of 60 ms are lost by their middle: as much of the time, as near as they allow
    assert len(seconds["opus@12k-60ms"]) == pytest.approx(2 * slots.sum(), rel=0.5)


@pytest.mark.parametrize(("pattern", "digest"), [("gilbert-elliott", "a9d2"), ("random", "ffe2")])
def test_patterns_are_the_same_on_every_machine(pattern: str, digest: str) -> None:
    lost = loss_patterns.synthetic(pattern, 10, 5_000, "voice")
    assert lost.sum() == pytest.approx(500, abs=1)
    assert hashlib.sha256(np.packbits(lost).tobytes()).hexdigest()[:4] == digest
    assert not np.array_equal(lost, loss_patterns.synthetic(pattern, 10, 5_000, "another"))
    assert not loss_patterns.synthetic(pattern, 0, 100, "voice").any()


def test_bursts_are_longer_than_random_losses() -> None:
    runs = {}
    for pattern in loss_patterns.SYNTHETIC:
        lost = loss_patterns.synthetic(pattern, 10, 10_000, "voice")
        runs[pattern] = lost.sum() / (np.diff(lost.astype(int)) == 1).sum()
    # random: 1 / 0.9. In the bad state a loss is followed by another if it stays there, 5 of 6
    # times, and loses again, 3 of 4 times; by way of the good state hardly ever
    assert runs["random"] == pytest.approx(1 / 0.9, rel=0.05)
    assert runs["gilbert-elliott"] == pytest.approx(1 / (1 - 5 / 6 * 0.75), rel=0.1)


def test_a_recording_is_known_by_what_it_holds(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "call.txt").write_text("0 0 1\n0 0 0 0 1 0 0\n")
    first, second = (
        Treatment.of({"loss_pattern": str(tmp_path / folder / "call.txt")}) for folder in "ab"
    )
    assert first == second
    assert first.axes["loss_percent"] == 20
    assert str(first.loss_pattern).startswith("call-")
    lost = first.lost_slots(1.0, "voice")
    assert (len(lost), lost.sum()) == (50, 10)
    assert np.array_equal(lost[:10], lost[10:20])
    (tmp_path / "empty.txt").write_text("0 1 2")
    with pytest.raises(InputError, match=r"empty.txt must hold 0 and 1"):
        Treatment.of({"loss_pattern": str(tmp_path / "empty.txt")})
    with pytest.raises(InputError, match="is neither gilbert-elliott nor random, nor a file"):
        Treatment.of({"loss_pattern": "burst"})


def test_redundancy_is_decoded_by_libopus_itself(speech: AudioClip) -> None:
    """The copy of a lost packet in the next one brings back more than its absence does."""
    gains = []
    for spec in ("opus@24k-vbr-fec10", "opus@24k-vbr"):
        stream = packet_stream(spec, speech)
        lost = np.zeros(len(stream.packets), bool)
        lost[20::10] = True
        whole = concealment.decode(stream, ~lost & lost, "own")
        with_copies = concealment.decode(stream, lost, "own")
        decoder = stream.open()
        without = np.concatenate(
            [
                decoder.conceal(None) if gone else decoder.decode(packet)
                for gone, packet in zip(lost, stream.packets, strict=True)
            ],
            axis=1,
        )
        samples = stream.packet_samples
        gone = np.repeat(lost, samples)
        errors = [np.square((sound - whole)[0, gone]).sum() for sound in (without, with_copies)]
        gains.append(10 * np.log10(errors[0] / errors[1]))
    assert gains[0] > 3
    assert abs(gains[1]) < 0.01  # without copies the next packet tells it nothing


def test_what_stands_for_a_lost_packet(speech: AudioClip) -> None:
    stream = packet_stream("g722@64k", speech)
    lost = np.zeros(len(stream.packets), bool)
    lost[100:106] = True
    size = stream.packet_samples
    quiet = concealment.decode(stream, lost, "silence")
    assert not quiet[:, 100 * size : 106 * size].any()
    repeated = concealment.decode(stream, lost, "repetition")
    assert np.array_equal(repeated[:, : 100 * size], quiet[:, : 100 * size])
    half = size // 2
    before = repeated[0, 99 * size : 99 * size + half]
    assert np.array_equal(repeated[0, 100 * size : 100 * size + half], before)
    third = repeated[0, 102 * size : 102 * size + half]
    assert np.abs(third).max() <= 0.4 * np.abs(before).max() + 1e-6
    assert not repeated[:, 103 * size : 106 * size].any()


@pytest.mark.parametrize("spec", WITH_PACKETS)
def test_repetition_comes_nearer_than_silence_does_nothing(spec: str, speech: AudioClip) -> None:
    clean = decoded(spec, speech, "loss_percent=0")
    for kind in ("silence", "repetition"):
        lossy = decoded(spec, speech, f"loss_percent=10,concealment={kind}")
        assert lossy.n_samples == speech.n_samples
        assert 0 < snr_db(clean, lossy) < 20


def test_recovery_is_the_time_until_the_sound_is_the_old_one() -> None:
    rate = 16_000
    whole = np.sin(np.arange(rate) / 10)[None].astype(np.float32)
    stream = PacketStream(None, [b""] * 50, 320, rate, 0, None)  # type: ignore[arg-type]
    lost = np.zeros(50, bool)
    lost[[10, 11, 30]] = True
    wrong = whole.copy()
    wrong[:, 10 * 320 : 12 * 320 + 480] = 0  # and 30 ms more
    wrong[:, 30 * 320 : 31 * 320 + 160] *= 0.5  # and 10 ms more
    wrong[:, 40 * 320 : 40 * 320 + 160] *= 1.05  # 26 dB below: as good as the old one
    assert concealment.recovery_s(stream, lost, wrong, whole) == pytest.approx(0.02)
    assert concealment.recovery_s(stream, lost & False, whole, whole) is None


def test_bits_are_wrong_as_often_as_asked_and_nowhere_else() -> None:
    sent = [bytes(1_000)] * 20
    arrived = bit_errors.flipped(sent, 1e-3, "voice")
    wrong = sum(int.from_bytes(packet, "big").bit_count() for packet in arrived)
    assert wrong == pytest.approx(160, abs=40)
    assert arrived == bit_errors.flipped(sent, 1e-3, "voice")
    assert arrived != bit_errors.flipped(sent, 1e-3, "another")


@pytest.mark.parametrize("spec", WITH_PACKETS)
def test_damaged_packets_cost_quality_and_break_nothing(spec: str, speech: AudioClip) -> None:
    clean = decoded(spec, speech, "loss_percent=0")
    few = snr_db(clean, decoded(spec, speech, "bit_error_rate=1e-5"))
    many = snr_db(clean, decoded(spec, speech, "bit_error_rate=1e-2"))
    assert many < few


def test_libopus_refuses_what_is_no_packet() -> None:
    decoder = libopus.Decoder(1, 960)
    with pytest.raises(BitstreamError, match="libopus: corrupted stream"):
        decoder.decode(b"\xff\xff\xff")
    assert decoder.conceal(None).shape == (1, 960)


def test_rows_of_lost_packets(tmp_path: Path) -> None:
    clips: list[PlannedClip] = two_clips(tmp_path / "corpus")
    treatment = Treatment.of({"loss_percent": 20.0})
    options = {"timed": False, "treatment": treatment}
    rows = work(planned(clips, tmp_path, "lc3@32k", **options), tmp_path)
    for row in rows:
        assert (row.status, row.loss_percent, row.concealment) == ("ok", 20, "own")
        assert row.loss_pattern == "gilbert-elliott"
        assert row.recovery_s is not None
    assert planned(clips, tmp_path, "lc3@32k", **options).count == 0


@pytest.mark.parametrize(
    ("spec", "text", "message"),
    [
        ("flac", "loss_percent=10", "flac: it has no packets to lose here, as opus"),
        ("vorbis@q3", "bit_error_rate=0.001", "vorbis@q3: it has no packets"),
        ("g722@64k", "loss_percent=10", "g722@64k: its decoder conceals nothing here; use silence"),
    ],
)
def test_codecs_without_packets_are_refused_by_name(
    tmp_path: Path, spec: str, text: str, message: str
) -> None:
    clips = two_clips(tmp_path / "corpus")
    treatment = Treatment.of(axes.parse(text))
    with pytest.raises(InputError, match=message):
        planned(clips, tmp_path, spec, timed=False, treatment=treatment)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("loss_percent=95", "loss_percent: 95.0 is outside 0..90"),
        ("loss_pattern=random", "random needs loss_percent"),
        ("loss_percent=5,concealment=hope", "no 'hope'; choose from own, silence, repetition"),
    ],
)
def test_what_cannot_be_asked_for(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Treatment.of(axes.parse(text))
