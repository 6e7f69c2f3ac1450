"""Rows of decoded files: there is audio, but neither a stream nor a codec that ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codecmark.clip import AudioClip
from codecmark.corpus.condition import PreparedClip
from codecmark.measure.pairing import Pair
from codecmark.measure.scoring import Job
from codecmark.metrics import rate, waveform
from codecmark.metrics.score import Scores
from codecmark.networks.weights import WeightLocator
from codecmark.results.builder import RowBuilder
from codecmark.system import host

_RAW_SNR = "snr_raw_db"
_OF_THE_STREAM = (
    "bitrate_kbps", "payload_bytes", "stream_bytes", "stream_sha256", "compression_ratio",
)  # fmt: skip
_OF_THE_CODEC = (
    "encode_s", "decode_s", "peak_memory_mib", "parameters", "algorithmic_delay_ms", "device",
    "threads", "backend",
)  # fmt: skip


@dataclass(frozen=True)
class PreparedPair:
    """Reference and decoded clip as a condition presents them, aligned to the same samples."""

    clip: PreparedClip
    decoded: AudioClip
    pair: Pair
    predictors: tuple[str, ...] = ()

    def job(self, weights: WeightLocator) -> Job:
        """Return what a scorer needs."""
        return Job(
            self.pair.reference,
            self.pair.decoded,
            self.clip.audio.sample_rate_hz,
            self.clip.clip_class,
            weights,
            self.predictors,
        )

    def complete(self, scores: Scores, refused: Mapping[str, str] | None = None) -> Scores:
        """Return the scores with the alignment before them included, and without `refused` ones."""
        values, reasons = dict(scores.values), dict(scores.reasons)
        moved, lag = self.pair.moved_samples, scores.lag_samples
        if self.pair.decoded is not self.pair.as_it_is:
            raw = Scores()
            rate_hz = self.clip.audio.sample_rate_hz
            length = self.pair.as_it_is.shape[1]
            reference = self.clip.audio.samples[:, :length]
            raw.take(_RAW_SNR, lambda: waveform.snr_db(reference, self.pair.as_it_is, rate_hz))
            values.pop(_RAW_SNR, None)
            values |= raw.values
            reasons |= raw.reasons
        for name, reason in (refused or {}).items():
            values.pop(name, None)
            reasons[name] = reason
        return Scores(values, reasons, None if lag is None else lag + moved, scores.visqol_mode)

    def put(self, builder: RowBuilder, scores: Scores) -> None:
        """Set the fields of the clip and of the quality of its decoded version."""
        audio = self.clip.audio
        builder.put(
            **clip_fields(self.clip),
            pcm16_bytes=rate.pcm16_bytes(audio.n_samples, audio.channels),
            decoded_sha256=self.decoded.sha256(),
            level_difference_db=self.pair.level_db,
            lag_samples=scores.lag_samples,
            visqol_mode=scores.visqol_mode,
            **scores.values,
        )
        for name, reason in scores.reasons.items():
            builder.explain(reason, name)
        for topic, text in self.pair.notes.items():
            builder.note(topic, text)


def clip_fields(clip: PreparedClip) -> dict[str, str | float]:
    """Return the fields of a row that say which clip it is of."""
    return {
        "clip": clip.name,
        "clip_sha256": clip.audio.sha256(),
        "clip_s": clip.audio.duration_s,
        "source": clip.source,
        "clip_class": clip.clip_class,
    }


def without_codec(builder: RowBuilder, no_stream: str, no_codec: str) -> RowBuilder:
    """Explain every field that needs a stream, or a codec that ran."""
    builder.put(host=host.host(), versions=host.versions())
    return builder.explain(no_stream, *_OF_THE_STREAM).explain(no_codec, *_OF_THE_CODEC)
