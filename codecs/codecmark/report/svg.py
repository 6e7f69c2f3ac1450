"""Draw a chart with matplotlib as inline SVG that takes its colours from the page's style.

matplotlib writes `style` attributes, which a content-security policy without `unsafe-inline`
forbids; they become presentation attributes. Colours are placeholders that become CSS variables,
so that one drawing serves the dark and the light page.
"""

from __future__ import annotations

import math
import re
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

from codecmark.report.charts import OTHERS, Chart, Mark
from codecmark.system import plotting

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_INK, _MUTED, _GRID, _PAPER = "#010101", "#020202", "#030303", "#040404"
_VARIABLES = {
    _INK: "var(--ink)", _MUTED: "var(--muted)", _GRID: "var(--grid)", _PAPER: "var(--paper)",
    **{f"#0505{k:02x}": f"var(--c{k})" for k in range(OTHERS + 1)},
}  # fmt: skip
_MARKERS = "os^DvPXph*."
_SIZE_INCHES = (5.0, 3.6)  # 360 points wide: readable unscaled on a phone
_FONT = re.compile(r"([\d.]+)px")


def draw(chart: Chart) -> str:
    """Return the chart as an `<svg>` element.

    Raises
    ------
    UnavailableError
        If matplotlib is not installed.
    """
    figure = plotting.sheet(*_SIZE_INCHES)
    import matplotlib

    settings: Any = {
        "svg.fonttype": "none", "svg.hashsalt": chart.name, "font.size": 9.5, "text.color": _INK,
        "axes.edgecolor": _GRID, "axes.labelcolor": _MUTED, "xtick.color": _MUTED,
        "ytick.color": _MUTED, "grid.color": _GRID, "axes.spines.top": False,
        "axes.spines.right": False, "axes.axisbelow": True, "path.simplify": False,
        "text.parse_math": False,
    }  # fmt: skip
    with matplotlib.rc_context(settings):
        _plot(figure.subplots(), chart)
        file = BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return _inlined(file.getvalue(), chart)


def _plot(axes: Any, chart: Chart) -> None:
    axes.set_xscale("log")
    axes.grid(visible=True, linewidth=0.6)
    axes.tick_params(length=0)
    axes.set_xlabel(chart.x_label)
    axes.set_ylabel(chart.y_label)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda *_: "")
    if chart.target is not None:
        axes.axhline(chart.target, color=_INK, linewidth=0.9, linestyle=(0, (5, 3)), zorder=1)
        axes.annotate(
            f"target {chart.target:g}", (0, chart.target), xycoords=("axes fraction", "data"),
            xytext=(3, 3), textcoords="offset points", fontsize=8, color=_MUTED,
        )  # fmt: skip
    if len(chart.front) > 1:
        axes.plot(*zip(*chart.front, strict=True), color=_GRID, linewidth=5, zorder=1.5)
    for colour, points in chart.lines:
        (line,) = axes.plot(
            *zip(*points, strict=True), color=_colour(colour), linewidth=1.2, zorder=2
        )
        line.set_gid(f"curve-{colour}")
    middle = math.sqrt(min(m.x for m in chart.marks) * max(m.x for m in chart.marks))
    for index, mark in enumerate(chart.marks):
        fill = _colour(mark.colour) if mark.on_front or chart.lines else _PAPER
        (line,) = axes.plot(
            [mark.x], [mark.y], _MARKERS[mark.colour], color=_colour(mark.colour),
            markerfacecolor=fill, markeredgewidth=1, markersize=5, zorder=4,
        )  # fmt: skip
        line.set_gid(f"mark-{index}")
        if mark.highlighted:
            axes.plot(
                [mark.x], [mark.y], "o", color=_INK, markerfacecolor="none", markersize=11, zorder=5
            )
            left = mark.x > middle
            axes.annotate(
                mark.spec, (mark.x, mark.y), xytext=(-7, 6) if left else (8, -12),
                textcoords="offset points", ha="right" if left else "left", fontsize=9,
                color=_INK, zorder=6,
            )  # fmt: skip


def _colour(number: int) -> str:
    return f"#0505{number:02x}"


def _inlined(data: bytes, chart: Chart) -> str:
    """Turn a standalone file into an element of the page."""
    ET.register_namespace("", _SVG)
    root = ET.fromstring(data)  # noqa: S314 - matplotlib wrote it a moment ago
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}:
                parent.remove(child)
    for element in root.iter():
        _plain(element)
        mark = re.fullmatch(r"mark-(\d+)", element.get("id", ""))
        if mark:
            _titled(element, chart.marks[int(mark.group(1))])
        curve = re.fullmatch(r"curve-(\d+)", element.get("id", ""))
        if curve:
            element.set("class", f"curve family-{curve.group(1)}")
        if element.tag == f"{{{_SVG}}}g":
            element.attrib.pop("id", None)  # not unique over the charts of a page
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("tabindex", "0")
    root.set("aria-label", f"{chart.y_label} against {chart.x_label}: {chart.title}")
    return ET.tostring(root, encoding="unicode")


def _titled(element: ET.Element, mark: Mark) -> None:
    element.set("class", f"mark family-{mark.colour}")
    title = ET.Element(f"{{{_SVG}}}title")
    title.text = mark.tip
    element.insert(0, title)


def _plain(element: ET.Element) -> None:
    """Turn style and xlink attributes into plain ones, and placeholders into variables."""
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            size = _FONT.search(value)
            if size:
                element.set("font-size", size.group(1))
        elif name:
            element.set(name, value)
    element.attrib.pop("font-family", None)  # the page's own
    link = element.attrib.pop(_XLINK, None)
    if link is not None:
        element.set("href", link)
    for name in ("fill", "stroke"):
        if element.get(name, "") in _VARIABLES:
            element.set(name, _VARIABLES[element.get(name, "")])
