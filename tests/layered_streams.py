"""A clip of speech and streams of it by the mel codec with waveform layers, made once each."""

from __future__ import annotations

from functools import cache

from codecmark import corpus
from codecmark.clip import AudioClip
from codecmark.corpus.condition import named, prepare
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.layered.mel_codec import MelWaveformCodec
from codecmark.metrics.waveform import snr_db
from codecmark.networks.setup import Setup
from codecmark.spec import Spec

SPEC = "mel:16k-64+wave@snr10"
SCALABLE = "snr10-snr15-snr20"


def codec(setting: str = "snr10") -> WaveformLayerCodec:
    return MelWaveformCodec.from_spec(Spec.parse(f"mel:16k-64+wave@{setting}"), Setup())


@cache
def speech() -> AudioClip:
    entries = [clip for clip in corpus.load() if clip.name == "es_female_1.flac"]
    return prepare(entries, named("16k-mono"))[0][0].audio.cropped(2.0)


@cache
def stream(setting: str = "snr10") -> bytes:
    return codec(setting).encode(speech())


def snr(clip: AudioClip, decoded: AudioClip) -> float:
    return snr_db(clip.samples, decoded.samples, clip.sample_rate_hz)
