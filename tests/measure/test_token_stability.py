"""Tokens under a shift and a gain: codecs whose tokens are known beforehand."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from codecmark import catalog
from codecmark.clip import AudioClip, Samples
from codecmark.codec import CodecInfo, Weights
from codecmark.corpus.condition import PreparedClip
from codecmark.measure.impairments import token_stability
from codecmark.measure.impairments.impaired import ImpairedCodec
from codecmark.measure.impairments.treatment import Treatment
from codecmark.networks.setup import Setup
from codecmark.neural.tokens import TokenCodec, Tokens
from entries import noise

RATE_HZ, HOP = 16_000, 160
CLIP = noise(RATE_HZ, seed=3).on_pcm16_grid()


class Signs(TokenCodec):
    """Says of each frame whether its first sample, and whether its loudest, is positive."""

    rate_hz, hop, codebooks, bits = RATE_HZ, HOP, 2, 1
    output_rate_hz = RATE_HZ

    def __init__(self, weights: str = "trained") -> None:
        self.info = CodecInfo(
            spec="signs", family="signs", algorithmic_delay_samples=0, licence="-", reference="-",
            weights=Weights(weights),  # type: ignore[arg-type]
        )  # fmt: skip

    def tokenize(self, frames: Samples) -> Tokens:
        framed = frames.reshape(frames.shape[0], -1, HOP)
        loudest = np.take_along_axis(framed, np.abs(framed).argmax(2)[:, :, None], 2)[:, :, 0]
        return np.stack([framed[:, :, 0] > 0, loudest > 0], axis=1).astype(np.int64)

    def synthesize(self, tokens: Tokens) -> Samples:
        return np.repeat(tokens[:, 0].astype(np.float32) - 0.5, HOP, axis=1)


def row_facts(treatment: Treatment, codec: TokenCodec) -> dict[str, float]:
    prepared = PreparedClip("voice", "someone", "speech", CLIP)
    impaired = ImpairedCodec(codec, treatment, Setup.from_environment())
    changed = treatment.changed(prepared)
    impaired.expect([(prepared, changed)])
    stream = impaired.encode(changed.audio)
    return dict(impaired.facts(hashlib.sha256(stream).hexdigest()))


def test_a_gain_changes_no_sign() -> None:
    assert row_facts(Treatment(level_db=-6.0), Signs()) == {"token_agreement": 1.0}


def test_a_shift_changes_what_hangs_on_one_sample() -> None:
    share = row_facts(Treatment(shift_samples=1), Signs())["token_agreement"]
    late = np.pad(CLIP.samples[0], (1, 0))[:-1]
    first = np.mean((late[::HOP] > 0) == (CLIP.samples[0, ::HOP] > 0))
    # of white noise the first signs agree by chance, the loudest sample nearly always stays
    assert share == pytest.approx((first + 1) / 2, abs=0.03)
    assert 0.6 < share < 0.9


def test_equal_clips_have_equal_tokens() -> None:
    assert token_stability.agreement(Signs(), CLIP, CLIP) == 1.0


@pytest.mark.parametrize(
    "treatment", [Treatment(noise_snr_db=20.0), Treatment(level_db=-6.0, passes=2)]
)
def test_where_more_than_the_place_or_level_changes_nothing_is_said(treatment: Treatment) -> None:
    assert row_facts(treatment, Signs()) == {}


def test_codecs_without_tokens_and_untrained_networks_have_no_figure() -> None:
    moved = AudioClip(CLIP.samples * np.float32(0.5), RATE_HZ)
    assert token_stability.agreement(catalog.create("opus@24k"), CLIP, moved) is None
    assert row_facts(Treatment(level_db=-6.0), Signs("random")) == {}
