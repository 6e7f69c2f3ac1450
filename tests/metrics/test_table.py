"""The table of metrics: complete, plain data, and true of the committed rows."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

import committed as committed_run
from codecmark.corpus.entry import CLASSES
from codecmark.metrics.learned import PREDICTORS
from codecmark.metrics.score import functions_for
from codecmark.metrics.table import METRICS, ON_REQUEST, QUALITY_FIELDS, TABLE
from codecmark.results.row import ResultRow


def test_every_metric_says_all_that_is_asked_of_it() -> None:
    assert all(name == metric.field for name, metric in TABLE.items())
    for metric in TABLE.values():
        assert metric.label, metric.field
        assert metric.hears, metric.field
        assert metric.misses, metric.field
        assert metric.range[0] < metric.range[1], metric.field
        assert set(metric.classes) < set(CLASSES), metric.field
        assert bool(metric.house) == (metric.kind == "predictor"), metric.field
        assert metric.level or metric.kind != "predictor", metric.field
    assert len({metric.label for metric in TABLE.values()}) == len(TABLE)
    assert len({metric.heading for metric in TABLE.values()}) == len(TABLE)


def test_directions() -> None:
    lower = {name for name, metric in TABLE.items() if not metric.higher_is_better}
    assert lower == {
        "lsd_db", "mel_distance_db", "mrstft_distance", "nmr_db", "bitrate_kbps",
        "nominal_bitrate_kbps", "encode_rtf", "decode_rtf", "encode_first_call_s",
        "decode_first_call_s", "peak_memory_mib", "parameters", "algorithmic_delay_ms",
    }  # fmt: skip
    assert all(TABLE[name].sign == (-1 if name in lower else 1) for name in TABLE)


def test_predictors_of_one_house_are_one_voice() -> None:
    houses: dict[str, list[str]] = {}
    for metric in TABLE.values():
        houses.setdefault(metric.house, []).append(metric.field)
    assert houses["Microsoft"] == ["distillmos", "dnsmos_ovrl", "plcmos"]
    assert houses["Google"] == ["visqol_mos_lqo", "zimtohrli"]


def test_what_is_computed_has_a_function_and_a_field_of_the_row() -> None:
    computed = {metric.field for metric in (*METRICS, *ON_REQUEST)}
    assert set(functions_for("speech")) | PREDICTORS.keys() == computed
    assert set(functions_for("music")) == {m.field for m in METRICS if m.applies_to("music")}
    # a licence is declared, not measured
    assert TABLE.keys() - {"licence"} <= {field.name for field in msgspec.structs.fields(ResultRow)}


# the committed run was made before them
YOUNGER = ("zimtohrli", "distillmos", "nmr_db")


@pytest.mark.parametrize("field", [field for field in QUALITY_FIELDS if field not in YOUNGER])
def test_committed_figures_are_within_their_range(field: str) -> None:
    low, high = TABLE[field].range
    rows = committed_run.rows()
    values = [value for row in rows if (value := getattr(row, field)) is not None]
    assert len(values) > 100
    assert all(low <= value <= high for value in values)


def test_the_table_loads_no_library_of_any_metric() -> None:
    program = (
        "import sys, codecmark.metrics.table;"
        "heavy = {'visqol', 'pesq', 'pystoi', 'librosa', 'scipy', 'torch', 'auraloss'};"
        "print(*heavy & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")
