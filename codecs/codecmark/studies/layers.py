"""Measurements of the layered codec: its parts one by one, and in comparison with Opus and LC3.

The parts are decoded from the same streams: base alone, waveform layer alone, both without phase
retrieval. The bits of the waveform layer are also counted without conditioning on the mel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from codecmark import catalog
from codecmark.bitstream import frame
from codecmark.clip import Samples
from codecmark.corpus.condition import Condition, PreparedClip
from codecmark.errors import UnavailableError
from codecmark.layered import base as base_layer
from codecmark.layered import channel, coefficient_coding, container, mdct
from codecmark.layered.codec import WaveformLayerCodec
from codecmark.layered.fill_griffinlim import PhaseRetrieval
from codecmark.layered.mel_base import MelBase
from codecmark.measure.codec_rows import CodecRows
from codecmark.measure.scoring import Job, Scorer
from codecmark.measure.timing import Input, Output, Timed, perf_counter_timer
from codecmark.metrics.score import Scores
from codecmark.metrics.table import VISQOL_FIELD
from codecmark.metrics.waveform import snr_db
from codecmark.networks import trained_sets
from codecmark.networks.setup import Setup
from codecmark.results.row import ResultRow
from codecmark.studies import rate_bound
from codecmark.system import host

OURS = "mel:16k-64+wave"
CURVE = tuple(f"{OURS}@snr{db}" for db in (8, 10, 12, 15, 20))
RATES = tuple(f"{OURS}@{kbps}k" for kbps in (6, 8, 12, 16))
ANCHORED_CURVE = tuple(f"{OURS}+anchored@snr{db}" for db in (8, 10, 12, 15))
ANCHORED = (*ANCHORED_CURVE, *(f"{OURS}+anchored@{kbps}k" for kbps in (6, 8, 12, 16)))
LATENTS = ("audioldm2:compact+wave@snr10", "audioldm2:compact+wave@snr12")
OTHERS = (
    "opus@6k-vbr", "opus@9k-vbr", "opus@12k-vbr", "opus@16k-vbr", "opus@24k-vbr", "opus@32k-vbr",
    "lc3@16k", "lc3@24k", "lc3@32k", "lc3@48k", "mel:16k-64/griffinlim-64",
)  # fmt: skip
PARTS = ("both layers", "base alone", "waveform layer alone", "both, without phase retrieval")
ABLATED = CURVE[1]
TARGET = {"snr_db": 10.0, VISQOL_FIELD: 4.0}  # of the whole codec
ASKED_DB = 12.0  # SNR that the waveform layer was to reach below 1.5 kbit/s


@dataclass(frozen=True)
class Parts:
    """Scores and rates of the parts, for one clip.

    Attributes
    ----------
    scores : dict[str, Scores]
        Scores by part, in the order of `PARTS`.
    base_kbps, waveform_kbps, unconditioned_kbps : float
        Rates of the layers; the last is that of the waveform layer conditioned on a flat mel.
    bound_kbps, asked_bound_kbps : float
        Estimated lower bound of the waveform layer's rate, see `rate_bound`: at its own SNR, and at
        `ASKED_DB`.
    """

    clip: PreparedClip
    scores: dict[str, Scores]
    base_kbps: float
    waveform_kbps: float
    unconditioned_kbps: float
    bound_kbps: float
    asked_bound_kbps: float


def specs(setup: Setup) -> tuple[str, ...]:
    """Return the specs to measure; those with trained weights only if the weights are present."""
    measurable = [*CURVE, *RATES]
    for name, trained in (("anchored", ANCHORED), ("compact", LATENTS)):
        try:
            trained_sets.locate_trained(name, setup.weights)
        except UnavailableError:
            continue
        measurable += trained
    return *measurable, *OTHERS


def measure(
    specs: Sequence[str], clips: Sequence[PreparedClip], condition: Condition, setup: Setup
) -> Iterator[list[ResultRow]]:
    """Yield the rows of each codec, with every clip timed once."""
    run_id = host.new_run_id()
    with Scorer() as scorer:
        for spec in specs:
            codec = CodecRows(run_id, spec, clips[0], condition, setup)
            codec.take(clips)
            codec.encode(_once)
            codec.decode(_once)
            yield codec.rows(scorer, memory=False)


def take_apart(clips: Sequence[PreparedClip], setup: Setup) -> Iterator[Parts]:
    """Yield the parts of each clip that is not silent."""
    codec = catalog.create(ABLATED, setup)
    assert isinstance(codec, WaveformLayerCodec)  # noqa: S101 - the catalog's own
    with Scorer() as scorer:
        for clip in clips:
            stream = codec.encode(clip.audio)
            header, payload = frame.unpack(ABLATED, stream)
            ((base_data, waveform_data),), _ = container.unpack(payload, 1, 2, 2)
            superframes = mdct.superframes(header.n_samples)
            base = base_layer.decode(MelBase(), base_data or b"", superframes)
            if base is None:
                continue
            waveform = channel.decode_waveform(waveform_data or b"", base)
            scale, seconds = base.peak / 0.5, clip.audio.duration_s
            unfilled = channel.filled([waveform], base, PhaseRetrieval(rounds=1))
            decoded = (
                codec.decode(stream).samples,
                codec.decode_layers(stream, upto=1).clip.samples,
                _fitted(mdct.synthesise(waveform.coefficients(), waveform.modes) * scale, clip),
                _fitted(unfilled.signal(waveform.gain) * scale, clip),
            )
            rate_hz, reference = clip.audio.sample_rate_hz, clip.audio.samples
            jobs = [
                Job(reference, output, rate_hz, clip.clip_class, setup.weights)
                for output in decoded
            ]
            original = reference[0].astype(np.float64)
            flat = np.full_like(base.envelope, int(base.envelope.mean()))
            flat_bytes = len(coefficient_coding.encode(waveform.levels, waveform.modes, flat))
            yield Parts(
                clip,
                dict(zip(PARTS, scorer.score(jobs), strict=True)),
                len(base_data or b"") * 8 / seconds / 1000,
                len(waveform_data or b"") * 8 / seconds / 1000,
                (3 + flat_bytes) * 8 / seconds / 1000,
                rate_bound.least_bits(original, snr_db(reference, decoded[2], rate_hz))
                / seconds
                / 1000,
                rate_bound.least_bits(original, ASKED_DB) / seconds / 1000,
            )


def _fitted(signal: np.ndarray, clip: PreparedClip) -> Samples:
    samples: Samples = signal[None, : clip.audio.n_samples].astype(np.float32)
    return samples


def _once(
    call: Callable[[Input], Output],
    inputs: Sequence[Input],
    *,
    before: Callable[[], None],
    rounds: int,  # noqa: ARG001 - one is enough here
) -> list[Timed[Output]]:
    return perf_counter_timer(call, inputs, before=before, rounds=1)
