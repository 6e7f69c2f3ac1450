"""One picture of a run: what the bits buy, by the waveform and by two predictors of quality."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from codecmark.analysis.curves import Curve, curves
from codecmark.errors import InputError
from codecmark.metrics.table import TABLE, VISQOL_FIELD
from codecmark.results.row import ResultRow
from codecmark.system import plotting

_PANELS = ("snr_db", "pesq_wb", VISQOL_FIELD)
_LEAST_KBPS, _MOST_KBPS = 2.0, 130.0
_COLOURS = (*(f"C{index}" for index in range(10)), "black", "navy", "darkgreen", "maroon")
_SALT = "codecmark"  # identifiers in the file, and so its bytes, are those of the last time


def draw(
    rows: Iterable[ResultRow], path: Path, names: Sequence[str], clip_class: str = "speech"
) -> list[str]:
    """Draw the curves of the codecs `names` over bitrate, one panel for each metric.

    Parameters
    ----------
    rows : iterable of ResultRow
        Of one condition.
    path : Path
        An `.svg` or `.png` file.
    names : sequence of str
        Specs without their settings, e.g. `opus`; a codec with one setting is a point. Points
        below 2 and above 130 kbit/s lie outside.
    clip_class : str
        Class of the clips.

    Returns
    -------
    list of str
        Those of `names` that have no figure to draw.

    Raises
    ------
    InputError
        If none of `names` has a figure, or the ending of `path` is no picture's.
    UnavailableError
        If matplotlib is not installed.
    """
    if path.suffix not in {".svg", ".png"}:
        raise InputError(f"picture: {path.name} must end in .svg or .png")
    rows = list(rows)
    by_metric = {metric: curves(rows, metric, clip_class) for metric in _PANELS}
    drawable = [
        name
        for name in names
        if any(name in found and found[name].points for found in by_metric.values())
    ]
    if not drawable:
        raise InputError(f"picture: no figure of {', '.join(names)} on {clip_class} in these rows")
    sheet = plotting.sheet(11, 4.2)
    panels: Any = sheet.subplots(1, len(_PANELS))
    for panel, metric in zip(panels, _PANELS, strict=True):
        label = ", ".join(filter(None, (TABLE[metric].label, TABLE[metric].written_unit)))
        _draw_panel(panel, by_metric[metric], drawable)
        panel.set(title=label, xlabel="kbit/s", xscale="log", xlim=(_LEAST_KBPS, _MOST_KBPS))
        panel.set_xticks([3, 6, 12, 24, 48, 96], ["3", "6", "12", "24", "48", "96"], minor=False)
        panel.minorticks_off()
        panel.grid(alpha=0.25)
    handles, labels = panels[0].get_legend_handles_labels()
    sheet.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    _save(sheet, path)
    return [name for name in names if name not in drawable]


def _draw_panel(panel: Any, found: dict[str, Curve], names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        points = found[name].points if name in found else ()
        panel.plot(
            [point.rate_kbps for point in points],
            [point.quality.mean for point in points],
            marker="os^vDP*X"[index % 8],
            markersize=5,
            linewidth=1.4,
            color=_COLOURS[index % len(_COLOURS)],
            label=name,
        )


def _save(sheet: Any, path: Path) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": _SALT, "svg.fonttype": "none"}):
        metadata = {"Date": None} if path.suffix == ".svg" else None
        sheet.savefig(path, dpi=150, metadata=metadata)
