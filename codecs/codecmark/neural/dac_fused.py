"""DAC's decoder for processors: fewer products and fewer passes over memory than PyTorch's layers.

The same function as transformers' `DacDecoder`, in float32 up to rounding. What differs:

- Signals are rows of time by channels, so that convolutions are matrix products.
- Snake is one pass with the sums beside it, see `snake`.
- A filter of seven taps with many channels is applied in the frequency domain, in blocks of 24
  rows that overlap by six (overlap-save): 2.7 products for each output and pair of channels
  instead of 7, and since the transform is orthogonal, no precision is lost as in Winograd's way.
- A transposed convolution of 2 s taps at stride s is one product of two neighbouring rows.
- With products in bfloat16 what lies between them is rounded once; sums of residual units and the
  last filter stay float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from codecmark.errors import UnavailableError
from codecmark.networks import runtime
from codecmark.networks.setup import Setup
from codecmark.neural import snake

_TAPS = 7
_OVERLAP = _TAPS - 1
_BLOCK = 24
_DILATIONS = (1, 3, 9)
FREQUENCY_FROM = 192  # channels: with fewer, the transforms cost what they save
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Snake(NamedTuple):
    """An activation's factor of each channel, and one over it."""

    alpha: NDArray[np.float32]
    inverse: NDArray[np.float32]

    @classmethod
    def of(cls, layer: Any) -> Snake:
        """Take it from transformers' layer, which keeps its factor from 0 in the same way."""
        alpha = _flat(layer.alpha)
        return cls(alpha, (1 / (alpha + np.float32(1e-9))).astype(np.float32))


class FrequencyFilter:
    """Seven taps by overlap-save, on rows that have three rows of zeros at both ends.

    The spectrum of a block is real and imaginary parts of 12 frequencies; those of the first are
    the sums at 0 and at half the sample rate, which are real both.
    """

    def __init__(self, weight: torch.Tensor, dtype: torch.dtype) -> None:
        forward, backward = _transforms(_BLOCK)
        self._forward, self._backward = (
            torch.tensor(matrix, dtype=dtype) for matrix in (forward, backward)
        )
        taps = weight.double().numpy().transpose(1, 2, 0)  # into, taps, out of
        self._parts = [torch.tensor(part, dtype=dtype) for part in _spectral_weights(taps, _BLOCK)]

    def rows(self, count: int) -> int:
        """Return how many rows of input it takes for at least this many."""
        new = _BLOCK - _OVERLAP
        return -(-(count - _OVERLAP) // new) * new + _OVERLAP

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Turn `[n, channels]` into `[n - 6, channels]`."""
        new, channels = _BLOCK - _OVERLAP, rows.shape[1]
        blocks = (len(rows) - _OVERLAP) // new
        seen = rows.as_strided((blocks, _BLOCK, channels), (new * channels, channels, 1))
        spectra = torch.bmm(self._forward.expand(blocks, -1, -1), seen)
        pairs = spectra.view(blocks, _BLOCK // 2, 2 * channels).transpose(0, 1)
        filtered = torch.stack([torch.bmm(pairs, part) for part in self._parts])
        filtered = filtered.view(_BLOCK, blocks, -1).transpose(0, 1)
        return torch.bmm(self._backward.expand(blocks, -1, -1), filtered).flatten(0, 1)


class PlainFilter:
    """Seven taps as PyTorch applies them, with channels last."""

    def __init__(self, weight: torch.Tensor, dtype: torch.dtype) -> None:
        wide = weight.to(dtype)[:, :, None]
        self._weight = wide.contiguous(memory_format=torch.channels_last)

    def rows(self, count: int) -> int:
        """Return how many rows of input it takes for this many: the same."""
        return count

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        """Turn `[n, channels]` into `[n - 6, channels]`."""
        return torch.conv2d(rows.T[None, :, None], self._weight)[0, :, 0].T.contiguous()


@dataclass(frozen=True)
class Unit:
    """A residual unit: Snake, seven taps at a dilation, Snake, one tap."""

    dilation: int
    before: Snake
    filter: FrequencyFilter | PlainFilter
    filter_bias: NDArray[np.float32]
    between: Snake
    mix: torch.Tensor
    mix_bias: NDArray[np.float32]

    @classmethod
    def of(cls, layer: Any, dilation: int, dtype: torch.dtype, frequency_from: int) -> Unit:
        """Take it from transformers' layer."""
        weight = layer.conv1.weight
        kind = FrequencyFilter if weight.shape[1] >= frequency_from else PlainFilter
        return cls(
            dilation, Snake.of(layer.snake1), kind(weight, dtype), _flat(layer.conv1.bias),
            Snake.of(layer.snake2), layer.conv2.weight[:, :, 0].T.contiguous().to(dtype),
            _flat(layer.conv2.bias),
        )  # fmt: skip


@dataclass(frozen=True)
class Upsampling:
    """Snake and a transposed convolution of 2 s taps at stride s."""

    before: Snake
    weight: torch.Tensor
    bias: NDArray[np.float32]
    stride: int

    @classmethod
    def of(cls, layer: Any, dtype: torch.dtype) -> Upsampling:
        """Take it from transformers' block."""
        weight = layer.conv_t1.weight  # into, out of, taps
        stride = weight.shape[2] // 2
        # output t s + j is row t by tap j and the row before by tap s + j
        halves = [
            half.transpose(1, 2).flatten(1)
            for half in (weight[:, :, stride:], weight[:, :, :stride])
        ]
        both = torch.cat(halves).to(dtype)
        return cls(Snake.of(layer.snake1), both, _flat(layer.conv_t1.bias), stride)


def on_processor(decoder: Any, setup: Setup) -> FusedDecoder:
    """Return transformers' `DacDecoder` in this form, in the dtype that the setup asks for.

    Raises
    ------
    UnavailableError
        If that is another dtype, or the setup's device is no processor.
    """
    chosen = setup.network_execution()
    if chosen.dtype not in _DTYPES:
        raise UnavailableError(
            f"dtype: {chosen.backend} runs {' or '.join(_DTYPES)}, not {chosen.dtype}",
            "choose one of them, or another backend",
        )
    if (device := runtime.device(setup)).type != "cpu":
        raise UnavailableError(
            f"backend: {chosen.backend} runs on the processor, not on {device}",
            "add --device cpu, or choose eager or compile",
        )
    return FusedDecoder(decoder, _DTYPES[chosen.dtype])


class FusedDecoder(torch.nn.Module):
    """See the module.

    Parameters
    ----------
    decoder : transformers' DacDecoder
        Is not kept.
    dtype : {torch.float32, torch.bfloat16}
        Of the products.
    frequency_from : int
        Filters of as many channels are applied in the frequency domain.
    """

    def __init__(
        self, decoder: Any, dtype: torch.dtype, frequency_from: int = FREQUENCY_FROM
    ) -> None:
        super().__init__()
        self._dtype = dtype
        self._pool: ThreadPoolExecutor | None = None
        self._first = decoder.conv1.weight.permute(2, 1, 0).flatten(0, 1).to(dtype)
        self._first_bias = decoder.conv1.bias.clone()
        self._blocks = [
            (
                Upsampling.of(block, dtype),
                [
                    Unit.of(getattr(block, f"res_unit{n}"), dilation, dtype, frequency_from)
                    for n, dilation in enumerate(_DILATIONS, start=1)
                ],
            )
            for block in decoder.block
        ]
        self._last_snake = Snake.of(decoder.snake1)
        self._last = decoder.conv2.weight[0].clone()  # channels, taps
        self._last_bias = float(decoder.conv2.bias)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Turn `[batch, channels, frames]` into `[batch, 1, samples]`."""
        return torch.stack([self._decoded(latent) for latent in latents])[:, None]

    def _decoded(self, latent: torch.Tensor) -> torch.Tensor:
        padded = torch.nn.functional.pad(latent, (snake.EDGE, snake.EDGE)).T.to(self._dtype)
        seen = padded.unfold(0, _TAPS, 1).transpose(1, 2).flatten(1)
        signal = torch.mm(seen, self._first).float() + self._first_bias
        for upsampling, units in self._blocks:
            signal = self._upsampled(signal, upsampling)
            for unit in units:
                self._add(signal, unit)
        return self._finished(signal)

    def _upsampled(self, signal: torch.Tensor, layer: Upsampling) -> torch.Tensor:
        count, channels = signal.shape
        active = torch.zeros(count + 2 * snake.EDGE, channels, dtype=self._dtype)
        self._each(snake.enter, count, _array(signal), *layer.before, _array(active), 1, 0)
        first = snake.EDGE - 1
        pairs = torch.cat([active[first : first + count + 1], active[first + 1 : -first]], 1)
        product = torch.mm(pairs, layer.weight).view((count + 1) * layer.stride, -1)
        padding = math.ceil(layer.stride / 2)
        longer = torch.empty((count + 1) * layer.stride - 2 * padding, product.shape[1])
        kept = product[padding : padding + len(longer)]
        self._each(snake.start, len(longer), _array(kept), layer.bias, _array(longer))
        return longer

    def _add(self, signal: torch.Tensor, unit: Unit) -> None:
        """Add a residual unit's output to its input."""
        count, channels = signal.shape
        part, needed = snake.rows_of(count, unit.dilation)
        rows = torch.zeros(unit.filter.rows(needed), channels, dtype=self._dtype)
        order = unit.dilation, part
        self._each(snake.enter, count, _array(signal), *unit.before, _array(rows), *order)
        filtered = unit.filter(rows)
        self._each(snake.activate, len(filtered), _array(filtered), unit.filter_bias, *unit.between)
        mixed = torch.mm(filtered, unit.mix)
        self._each(snake.leave, count, _array(signal), _array(mixed), unit.mix_bias, *order)

    def _finished(self, signal: torch.Tensor) -> torch.Tensor:
        count, channels = signal.shape
        active = torch.zeros(count + 2 * snake.EDGE, channels)
        self._each(snake.enter, count, _array(signal), *self._last_snake, _array(active), 1, 0)
        taps = torch.mm(active, self._last)
        shifted = torch.stack([taps[tap : tap + count, tap] for tap in range(_TAPS)])
        return torch.tanh(shifted.sum(0) + self._last_bias)

    def _each(self, kernel: Callable[..., None], rows: int, *arguments: Any) -> None:
        """Run a kernel over all rows, in as many parts as torch has threads."""
        workers = torch.get_num_threads()
        if workers == 1:
            kernel(0, rows, *arguments)
            return
        self._pool = self._pool or ThreadPoolExecutor(workers)
        cuts = [rows * part // workers for part in range(workers + 1)]
        list(self._pool.map(lambda a, b: kernel(a, b, *arguments), cuts[:-1], cuts[1:]))


def _transforms(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what makes a block's spectrum of its rows, and its last `size` - 6 rows of that.

    Rows of the first are by frequency, real part before imaginary; columns of the second have all
    real parts before all imaginary ones.
    """
    angles = 2 * np.pi / size * np.outer(np.arange(size // 2), np.arange(size))
    alternating = (-1.0) ** np.arange(size)
    real, imaginary = np.cos(angles), -np.sin(angles)
    imaginary[0] = alternating
    weights = np.full((size // 2, 1), 2 / size)
    weights[0] = 1 / size
    back = np.concatenate([weights * real, weights * imaginary])[:, : size - _OVERLAP]
    return np.stack([real, imaginary], axis=1).reshape(size, size), back.T


def _spectral_weights(taps: NDArray[np.float64], size: int) -> list[NDArray[np.float64]]:
    """Return the matrices from a frequency's two parts to its real and to its imaginary part."""
    frequencies = np.arange(size // 2 + 1)
    shifts = np.exp(2j * np.pi / size * np.outer(frequencies, np.arange(_TAPS)))
    response = np.einsum("fk,iko->fio", shifts, taps)  # outputs lie before their inputs
    inner, zero = response[:-1], np.zeros_like(response[0].real)
    real = np.concatenate([inner.real, -inner.imag], axis=1)
    imaginary = np.concatenate([inner.imag, inner.real], axis=1)
    real[0] = np.concatenate([response[0].real, zero])
    imaginary[0] = np.concatenate([zero, response[-1].real])
    return [real, imaginary]


def _flat(parameter: torch.Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(parameter.detach().float().flatten().numpy())


def _array(tensor: torch.Tensor) -> NDArray[Any]:
    """Return the tensor's memory as numba takes it."""
    return tensor.view(torch.uint16).numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy()
