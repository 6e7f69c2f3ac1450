"""Sheets to draw on with matplotlib, which not every installation has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codecmark.errors import UnavailableError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def sheet(width_inches: float, height_inches: float) -> Figure:
    """Return an empty figure.

    Raises
    ------
    UnavailableError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UnavailableError(
            "figures need matplotlib", "install it: pip install 'codecmark[figures]'"
        ) from error
    return Figure(figsize=(width_inches, height_inches), layout="constrained")
