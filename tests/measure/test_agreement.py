"""How near another way to run a network comes to eager, and what rows say of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from codecmark import create
from codecmark.classic.pcm import Pcm16Codec
from codecmark.clip import AudioClip
from codecmark.codec import Codec
from codecmark.corpus.condition import PreparedClip
from codecmark.errors import MetricError
from codecmark.measure import agreement
from codecmark.measure.measurement import Measurement
from codecmark.measure.scoring import Scorer
from codecmark.measure.timing import Timed, perf_counter_timer
from codecmark.networks import backends
from codecmark.networks.setup import Setup
from codecmark.system.execution import Execution
from entries import noise
from measured import CONDITION, measured

SPEC = "dac:16khz@6k"
pytestmark = pytest.mark.usefixtures("tiny_dac_16khz")


def test_agreement_is_a_ratio_in_db() -> None:
    clip = noise(8_000)
    scaled = AudioClip(clip.samples * np.float32(1.1), 16_000)
    assert agreement.agreement_db(clip, scaled) == pytest.approx(20, abs=0.01)
    with pytest.raises(MetricError, match="infinite"):
        agreement.agreement_db(clip, clip)
    with pytest.raises(MetricError, match="different lengths"):
        agreement.agreement_db(clip, noise(7_000))


def test_streams_are_the_same_and_any_execution_decodes_them() -> None:
    codec, narrow = create(SPEC), create(f"{SPEC}~bfloat16")
    stream = narrow.encode(noise(8_000))
    assert stream == codec.encode(noise(8_000))
    assert 25 < agreement.agreement_db(codec.decode(stream), narrow.decode(stream)) < 90
    assert narrow.info.spec == f"{SPEC}~bfloat16"
    assert (narrow.info.backend, narrow.info.dtype) == ("eager", "bfloat16")
    coded = create(f"{SPEC}+ac~bfloat16")
    assert coded.info.spec == f"{SPEC}+ac~bfloat16"
    assert np.array_equal(
        coded.decode(coded.encode(noise(8_000))).samples, narrow.decode(stream).samples
    )
    assert agreement.reference_of(coded, Setup.from_environment()).info.spec == f"{SPEC}+ac"


def test_the_reference_stays_on_the_device() -> None:
    reference = agreement.reference_of(create(f"{SPEC}~bfloat16-cpu"), Setup.from_environment())
    assert reference.info.spec == f"{SPEC}~cpu"
    assert reference.execution == Execution(device="cpu")


def test_the_reference_is_not_there_while_others_are_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[str] = []
    reference_of = agreement.reference_of

    def noted(codec: Codec, setup: Setup) -> Codec:
        built.append("reference")
        return reference_of(codec, setup)

    monkeypatch.setattr(agreement, "reference_of", noted)

    def timer(*given: Any, **named: Any) -> list[Timed[Any]]:
        built.append("timed")
        return perf_counter_timer(*given, **named)

    codec = create(f"{SPEC}~bfloat16")
    clips = [PreparedClip("n", "n", "music", noise(8_000))]
    measurement = Measurement(codec, clips, CONDITION, Setup())
    for _ in range(2):
        measurement.encode(timer)
        measurement.decode(timer)
        measurement.rows("r", Scorer(workers=1), memory=False)
        assert measurement._reference.codec is None
    assert built == ["timed", "timed", "reference"] * 2


def test_the_reference_multiplies_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    decode = Pcm16Codec.decode_payload

    def spy(*given: Any) -> Any:
        found.append([torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32])
        return decode(*given)

    monkeypatch.setattr(Pcm16Codec, "decode_payload", spy)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    codec = Pcm16Codec()
    clip = noise(100)
    assert agreement.decoded_by(codec, codec.encode(clip)).sha256() == clip.sha256()
    assert found == [[False, False]]
    assert torch.backends.cudnn.allow_tf32


def test_a_row_says_how_near_it_came_and_claims_no_quality() -> None:
    row = measured(create(f"{SPEC}~bfloat16"))
    assert row.agreement_db is not None
    assert 25 < row.agreement_db < 90
    assert (row.backend, row.dtype, row.snr_db) == ("eager", "bfloat16", None)
    assert measured(create(SPEC)).agreement_db is None


def test_output_equal_to_eagers_is_infinite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_multiply_in_bfloat16", lambda _: None)
    row = measured(create(f"{SPEC}~bfloat16"))
    assert row.agreement_db is None
    assert row.reasons["agreement_db"].startswith("infinite")
