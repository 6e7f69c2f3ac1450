"""Snake, x + sin(a x)^2 / a (Ziyin et al., arXiv 2006.08195), in one pass with what is beside it.

PyTorch makes six passes over memory of each activation; these kernels make one, together with the
bias before it, the sum of a residual unit and the rounding to bfloat16. Arrays are rows of time by
channels: float32, or bfloat16 as the uint16 that holds its bits.

The filter behind it may see every d-th sample only. So a kernel puts those together: of T samples,
sample t becomes row 3 + (t % d) J + t // d, with J = ceil(T / d) + 3. The rows between, three
before each of the d parts and three behind the last, stay zero, and the filter has no dilation any
more.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import overload

EDGE = 3  # rows of zeros: a filter of seven taps sees three samples on either side

_PER_PI = np.float32(1 / math.pi)
_ROUNDER = np.float32(1.5 * 2**23)  # adding it leaves no bits for a fraction
_PI_HIGH = np.float32(3.140625)  # few bits, so that its multiples are exact
_PI_LOW = np.float32(math.pi - 3.140625)


def _fitted(terms: int = 7) -> list[np.float32]:
    """Return c of sin(r)^2 = r^2 (c0 + c1 r^2 + ...), within pi / 2 of 0, fitted to 1e-7."""
    squares = np.linspace(1e-4, (math.pi / 2) ** 2, 20_001)
    values = np.sin(np.sqrt(squares)) ** 2
    powers = squares[:, None] ** np.arange(1, terms + 1)
    found, *_ = np.linalg.lstsq(powers / values[:, None], np.ones_like(values), rcond=None)
    return [np.float32(one) for one in found]


_C0, _C1, _C2, _C3, _C4, _C5, _C6 = _fitted()
_OPTIONS: dict[str, Any] = {
    "cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract"},
}  # fmt: skip


@numba.njit(inline="always")
def _sine_squared(angle: Any) -> Any:
    turns = (angle * _PER_PI + _ROUNDER) - _ROUNDER
    rest = (angle - turns * _PI_HIGH) - turns * _PI_LOW
    v = rest * rest
    found = v * (_C0 + v * (_C1 + v * (_C2 + v * (_C3 + v * (_C4 + v * (_C5 + v * _C6))))))
    return min(max(found, np.float32(0)), np.float32(1))  # where the angle has no digits left


def _stored(value: Any, like: Any) -> Any:
    raise NotImplementedError("inside compiled code only")


def _loaded(value: Any) -> Any:
    raise NotImplementedError("inside compiled code only")


@overload(_stored, inline="always")
def _compiled_stored(value: Any, like: Any) -> Any:  # noqa: ARG001 - numba matches by name
    if like.dtype == types.uint16:

        def rounded(value: Any, like: Any) -> Any:  # noqa: ARG001 - to the nearest, ties to even
            bits = np.float32(value).view(np.uint32)
            odd = np.uint32(np.uint32(bits >> np.uint32(16)) & np.uint32(1))
            bits = np.uint32(np.uint32(bits + np.uint32(0x7FFF)) + odd)
            return np.uint16(np.uint32(bits >> np.uint32(16)))

        return rounded

    def unchanged(value: Any, like: Any) -> Any:  # noqa: ARG001
        return value

    return unchanged


@overload(_loaded, inline="always")
def _compiled_loaded(value: Any) -> Any:
    if value == types.uint16:

        def widened(value: Any) -> Any:
            return np.uint32(np.uint32(value) << np.uint32(16)).view(np.float32)

        return widened

    def unchanged(value: Any) -> Any:
        return value

    return unchanged


def rows_of(samples: int, dilation: int) -> tuple[int, int]:
    """Return the rows of one part, with the zeros behind it, and of all of them."""
    part = -(-samples // dilation) + EDGE
    return part, dilation * part + EDGE


@numba.njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def start(first: int, end: int, product: Any, bias: Any, signal: Any) -> None:
    """Set float32 `signal` to product + bias, from row `first` to `end`, as all of these do."""
    for t in range(first, end):
        for c in range(signal.shape[1]):
            signal[t, c] = _loaded(product[t, c]) + bias[c]


@numba.njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def enter(
    first: int, end: int, signal: Any, alpha: Any, inverse: Any, out: Any, dilation: int, part: int
) -> None:
    """Write snake(signal) to `out`, whose rows are ordered for a filter of this dilation."""
    for t in range(first, end):
        row = EDGE + (t % dilation) * part + t // dilation
        for c in range(signal.shape[1]):
            x = signal[t, c]
            out[row, c] = _stored(x + inverse[c] * _sine_squared(alpha[c] * x), out)


@numba.njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def activate(first: int, end: int, product: Any, bias: Any, alpha: Any, inverse: Any) -> None:
    """Replace product by snake(product + bias), in its own order of rows."""
    for t in range(first, end):
        for c in range(product.shape[1]):
            x = _loaded(product[t, c]) + bias[c]
            product[t, c] = _stored(x + inverse[c] * _sine_squared(alpha[c] * x), product)


@numba.njit(**_OPTIONS)  # type: ignore[untyped-decorator]
def leave(
    first: int, end: int, signal: Any, product: Any, bias: Any, dilation: int, part: int
) -> None:
    """Add product + bias to `signal`; the product's rows are ordered as `enter` ordered them."""
    for t in range(first, end):
        row = (t % dilation) * part + t // dilation
        for c in range(signal.shape[1]):
            signal[t, c] += _loaded(product[row, c]) + bias[c]
