"""How rows are made: complete, with reasons, of the right types."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import fields

from codecmark import ResultSchemaError
from codecmark.results.builder import RowBuilder
from codecmark.results.row import NEEDS_NO_REASON, ResultRow


def builder() -> RowBuilder:
    return RowBuilder(run_id="r1", spec="opus@24k", family="opus", condition="16k-mono")


@pytest.mark.parametrize("failed", [False, True])
def test_every_absent_value_has_a_reason_or_needs_none(failed: bool) -> None:
    given = {"snr_raw_db": "the metric process died", "encode_s": "not timed in this run"}
    making = builder()
    for name, reason in given.items():
        making.explain(reason, name)
    made = making.fail("encode: broke").finish() if failed else making.finish()
    absent = {f.name for f in fields(ResultRow) if getattr(made, f.name) is None}
    assert absent - made.reasons.keys() == NEEDS_NO_REASON - ({"reason"} if failed else set())
    assert {name: made.reasons[name] for name in given} == given
    assert made.reasons["lag_samples"] == given["snr_raw_db"]
    for name in ("encode_rounds", "encode_rtf", "encode_p95_s", "encode_first_call_s"):
        assert made.reasons[name] == given["encode_s"]
    expected = "the codec failed" if failed else "not measured in this run"
    assert made.reasons["bitrate_kbps"] == expected
    assert (made.status, made.reason) == (("failed", "encode: broke") if failed else ("ok", None))


def test_the_reason_of_an_unavailable_row_stands_for_everything() -> None:
    made = builder().lack("lyra is not here; fetch it").finish()
    assert (made.status, made.reasons) == ("unavailable", {})


def test_what_is_withheld_has_the_reason_and_no_value() -> None:
    making = builder().put(stream_bytes=np.int64(7), snr_db=np.float32(1.5))
    kept = making.finish()
    assert (kept.stream_bytes, kept.snr_db) == (7, 1.5)
    made = making.withhold("variable rate", "stream_bytes").note("level", "2 dB louder").finish()
    assert (made.stream_bytes, made.reasons["stream_bytes"]) == (None, "variable rate")
    assert made.notes == {"level": "2 dB louder"}
    assert (kept.stream_bytes, kept.notes) == (7, {})


@pytest.mark.parametrize(
    ("name", "value"), [("snr_db", float("nan")), ("clip_class", "podcast"), ("passes", 2**63)]
)
def test_a_row_cannot_be_made_of_what_could_not_be_read(name: str, value: object) -> None:
    with pytest.raises(ResultSchemaError, match=f"{name}: .* is not"):
        builder().put(**{name: value}).finish()
    with pytest.raises(ResultSchemaError, match="'mystery': not a field"):
        builder().put(mystery=1).finish()
    with pytest.raises(ResultSchemaError, match="mystery: has a reason"):
        builder().explain("unknown", "mystery").finish()


@pytest.mark.parametrize("name", ["device", "weights_sha256", "weight_sets", "host", "dtype"])
def test_what_a_codec_says_of_itself_takes_little_room(name: str) -> None:
    made = builder().put(**{name: "x" * 20_000_000}).note("y" * 5_000_000, "z").finish()
    assert len(made.to_json()) < 20_000
    assert "20000000 characters" in getattr(made, name)
    assert builder().put(clip="x" * 4_000).finish().clip == "x" * 4_000  # what finds a row again
