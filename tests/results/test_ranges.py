"""Figures that cannot be are refused, by the reader and by the writer alike."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from msgspec import Meta
from msgspec.structs import replace

from codecmark.__main__ import main
from codecmark.errors import ResultSchemaError
from codecmark.metrics.table import TABLE
from codecmark.results import store
from codecmark.results.lines import sealed
from codecmark.results.row import ResultRow
from made_rows import row

IMPOSSIBLE: list[tuple[str, Any]] = [
    ("encode_s", -0.1), ("encode_s", 1e308), ("decode_rtf", -1.0), ("clip_s", -5.0),
    ("stream_bytes", -(2**62)), ("stream_bytes", 0), ("parameters", -1), ("threads", -1),
    ("bitrate_kbps", -8.0), ("snr_db", 1e308), ("snr_db", -1e308), ("pesq_wb", 4.7),
    ("pesq_wb", -0.5), ("visqol_mos_lqo", 5.1), ("zimtohrli", 0.5), ("estoi", 1.5),
    ("correlation", -1.01), ("mushra", 101.0), ("loss_percent", -5.0), ("lsd_db", -1.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_an_impossible_figure_is_named_with_file_line_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, value: float
) -> None:
    store.append(tmp_path, [row()])
    with pytest.raises(ResultSchemaError, match=f"{name}: .* is not "):
        store.append(tmp_path, [replace(row("flac"), **{name: value})])
    record = json.loads(row("flac").to_json()) | {name: value}
    path = tmp_path / "rows" / "r1.jsonl"
    path.write_bytes(path.read_bytes() + sealed(json.dumps(record, separators=(",", ":"))))
    for command in ("leaderboard", "report"):
        assert main([command, str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert f"r1.jsonl line 3: {name}: " in said
        assert "is not a" in said
        assert "codecmark verify DIR --salvage" in said


def test_the_ends_of_a_scale_are_on_it(tmp_path: Path) -> None:
    ends = {name: metric.range for name, metric in TABLE.items() if inf not in metric.range}
    for end in (0, 1):
        figures = {name: ends[name][end] for name in ends if name in ResultRow.__struct_fields__}
        store.append(tmp_path, [replace(row(f"opus@{end + 6}k"), **figures)])
    assert len(store.read(tmp_path)) == 2


def test_rows_and_the_table_of_metrics_have_the_same_ranges() -> None:
    kinds = get_type_hints(ResultRow, include_extras=True)
    for name, metric in TABLE.items():
        if name in kinds:
            low, high = metric.range
            bounds = _bounds(kinds[name])
            assert bounds.ge == (low if low > -inf else -1e15), name
            assert bounds.le in ((high,) if high < inf else (1e15, 2**63 - 1)), name


def test_every_number_has_bounds() -> None:
    for name, kind in get_type_hints(ResultRow, include_extras=True).items():
        if {int, float} & {get_args(part)[0] for part in _annotated(kind)}:
            assert _bounds(kind).le is not None
        else:
            assert not {int, float} & {kind, *get_args(kind)}, name


def _annotated(kind: Any) -> list[Any]:
    return [part for part in (kind, *get_args(kind)) if get_origin(part) is Annotated]


def _bounds(kind: Any) -> Meta:
    ((_, bounds),) = map(get_args, _annotated(kind))
    assert isinstance(bounds, Meta)
    return bounds
