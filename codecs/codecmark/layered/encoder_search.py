"""The encoder's search for step sizes, layer by layer.

For an SNR target it takes the largest step that meets it, for a rate target the finest that fits.

The SNR is that of the decoder's own output, noise filling included. The step of the base follows
from the first target, that of each waveform layer from a search.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from codecmark.errors import CodecError
from codecmark.layered import base as base_layer
from codecmark.layered import channel, coefficient_coding, mdct, quantiser, shaping
from codecmark.layered.base import Base, BaseCoding
from codecmark.layered.channel import Waveform
from codecmark.layered.mdct import SUPERFRAME, Floats, Modes
from codecmark.layered.noise_filling import GAINS, Filled, Filler
from codecmark.layered.spectra import Singles
from codecmark.layered.targets import SnrTarget

MARGIN_DB = 0.05
FLOOR_DB = 10.0  # of a shaped layer at a rate
_STRENGTHS = (shaping.STRONGEST, 4, 2, 0)
# of shaped layers: fewer and larger levels than without shaping, and half of the noise filling,
# whose level between levels of differing steps is known less well
_SHAPED_PRICE, _SHAPED_GAIN = 0.25, 4
_FILL_KBPS = 0.2  # noise filling may cost as much SNR as this much rate would gain
_PER_DB = quantiser.STEPS_PER_OCTAVE / 6.02
_ATTEMPTS = 16
_CLOSE_ENOUGH_DB = 0.05
_COARSEST = 0


@dataclass(frozen=True)
class Budget:
    """The most bytes that a channel's layers, up to this one, may take."""

    most_bytes: int


def encode(
    signal: Floats,
    targets: Sequence[SnrTarget] | Sequence[Budget],
    coding: BaseCoding,
    fill: Filler,
    *,
    shaped: bool = False,
) -> tuple[bytes, ...]:
    """Return the base layer and a waveform layer per target, for `[samples]` at 16 kHz.

    If `shaped`, the step follows what is heard, see `shaping`: an SNR is still reached, and a rate
    is spent at the strongest shaping that leaves `FLOOR_DB`, or without it if none does.
    """
    level = base_layer.level_of(signal)
    whole = base_layer.scaled(signal, level)
    superframes = len(whole) // SUPERFRAME
    if level == base_layer.SILENT:
        return base_layer.silence(superframes), *(b"" for _ in targets)
    base_data = _base_data(whole, level, targets[0], coding)
    base = base_layer.decode(coding, base_data, superframes)
    if base is None:
        raise CodecError("the base layer of a signal decoded to silence")
    waveforms = encode_layers(
        whole, len(signal), targets, base, fill, spent_bytes=len(base_data), shaped=shaped
    )
    return base_data, *waveforms


def encode_layers(
    whole: Floats,
    samples: int,
    targets: Sequence[SnrTarget] | Sequence[Budget],
    base: Base,
    fill: Filler,
    *,
    spent_bytes: int,
    energy: float | None = None,
    shaped: bool = False,
) -> list[bytes]:
    """Return a waveform layer per target.

    Parameters
    ----------
    whole : Floats
        The scaled signal, of whole superframes.
    samples : int
        How many of its samples count for the SNR.
    spent_bytes : int
        What was spent of a budget before.
    energy : float, optional
        Energy that the SNR refers to, if it is not that of `whole`.
    """
    layers: list[bytes] = []
    below: tuple[Waveform, ...] = ()
    for target in targets:
        if below:
            strengths: tuple[int, ...] = (below[0].strength,)
        else:
            strengths = _STRENGTHS if shaped else (0,)
        for strength in strengths:
            search = _Search(whole, samples, base, below, fill, energy, strength)
            if isinstance(target, SnrTarget):
                waveform = search.at_snr(target.snr_db + MARGIN_DB)
                break
            waveform = search.within(target.most_bytes - spent_bytes - sum(map(len, layers)))
            if search.snr_db(waveform) >= FLOOR_DB:
                break
        layers.append(channel.encode_waveform(waveform, base, below))
        below = *below, waveform
    return layers


def _base_data(whole: Floats, level: int, target: SnrTarget | Budget, coding: BaseCoding) -> bytes:
    """Return the base layer of a scaled signal, with the step that fits the first target."""
    values = coding.analyse(whole)
    superframes = len(whole) // SUPERFRAME

    def at_step(step_index: int) -> bytes:
        return base_layer.encode(coding, values, level, step_index, superframes)

    if isinstance(target, SnrTarget):
        return at_step(coding.step_for(target.snr_db))
    most_bytes = int(target.most_bytes * coding.share_of_rate)
    return _finest_within(at_step, coding.range_at_rate, most_bytes)


def _finest_within(
    at_step: Callable[[int], bytes], steps: tuple[int, int], most_bytes: int
) -> bytes:
    """Return the finest base layer of at most `most_bytes`, or the coarsest."""
    low, high = steps
    best = at_step(high)
    while low < high:
        middle = (low + high) // 2
        data = at_step(middle)
        if len(data) <= most_bytes:
            high, best = middle, data
        else:
            low = middle + 1
    return best


class _Search:
    """Search for the waveform layer above `below`, which codes their residual in their blocks."""

    def __init__(
        self,
        whole: Floats,
        samples: int,
        base: Base,
        below: tuple[Waveform, ...],
        fill: Filler,
        energy: float | None = None,
        strength: int = 0,
    ) -> None:
        self._strength, self._offsets = strength, shaping.offsets(base.mel, strength)
        self._price = _SHAPED_PRICE if strength else quantiser.PRICE
        if below:
            self._envelope = below[0].envelope
        else:
            self._envelope = base.encoder_condition.envelope
            if self._offsets is not None:
                self._envelope = self._envelope - self._offsets
        self._whole, self._samples, self._base, self._below = whole, samples, base, below
        self._fill = fill
        self._energy = float(np.sum(whole[:samples] ** 2)) if energy is None else energy
        self._modes: Modes = below[0].modes if below else np.ones(base.superframes, np.int64)
        self._coefficients = mdct.analyse(whole, self._modes)
        for layer in below:
            self._coefficients = self._coefficients - layer.coefficients()
        self._weights = shaping.weights(self._offsets, self._modes)
        self._coefficients = self._coefficients / self._weights
        largest = float(np.abs(self._coefficients).max())
        # a quarter of the range: another choice of blocks may concentrate the energy
        octaves = math.log2(quantiser.LARGEST / 4 / max(largest, 1e-9))
        self._finest = min(max(int(octaves * quantiser.STEPS_PER_OCTAVE), 0), quantiser.STEPS - 1)

    def at_snr(self, snr_db: float) -> Waveform:
        """Return the smallest layer whose decoded SNR is at least `snr_db`."""
        step_index = self._coded_to(snr_db + 1)
        self._choose_modes(step_index)
        step_index = self._coded_to(snr_db + 1)
        gain = self._gain(self._layer(step_index))
        best: Waveform | None = None
        nearest, missing = self._layer(self._finest), np.inf
        low, high = _COARSEST, self._finest  # bounds of the answer
        for attempt in range(_ATTEMPTS):
            step_index = min(max(step_index, low), high)
            layer = replace(self._layer(step_index), gain=gain)
            excess = self._snr_db(self._filled(layer).signal(gain)) - snr_db
            if excess >= 0:
                best, high = layer, step_index - 1
                if excess < _CLOSE_ENOUGH_DB:
                    break
            else:
                low = step_index + 1
                if -excess < missing:
                    nearest, missing = layer, -excess
            if low > high:
                break
            towards = -1 if excess >= 0 else 1
            step_index += towards * max(1, round(abs(excess) * _PER_DB)) * (1 + attempt // 4)
        return best or nearest

    def within(self, most_bytes: int) -> Waveform:
        """Return the finest layer of at most `most_bytes`, or the coarsest."""
        low = self._within(most_bytes, _COARSEST, self._finest)
        self._choose_modes(low)
        low = self._within(most_bytes, max(low - 64, _COARSEST), min(low + 64, self._finest))
        layer = self._layer(low)
        return replace(layer, gain=self._gain(layer))

    def snr_db(self, layer: Waveform) -> float:
        """Return the decoded SNR of a layer."""
        return self._snr_db(self._filled(layer).signal(layer.gain))

    def _within(self, most_bytes: int, low: int, high: int) -> int:
        """Return the index of the finest step from `low` to `high` that fits, or `low`."""
        while low < high:
            middle = (low + high + 1) // 2
            if self._bytes(self._layer(middle)) <= most_bytes:
                low = middle
            else:
                high = middle - 1
        return low

    def _choose_modes(self, step_index: int) -> None:
        if self._below:
            return
        step = quantiser.step_size(step_index)
        self._modes = quantiser.choose_modes(
            self._whole, self._base.superframes, step, self._offsets
        )
        self._weights = shaping.weights(self._offsets, self._modes)
        self._coefficients = mdct.analyse(self._whole, self._modes) / self._weights

    def _layer(self, step_index: int) -> Waveform:
        step = quantiser.step_size(step_index)
        over_step = channel.over_step(self._envelope, self._below, step_index)
        ratio = coefficient_coding.ratios(over_step, self._modes)
        levels = quantiser.quantise(self._coefficients, self._modes, ratio, step, self._price)
        inward = quantiser.centroids(self._coefficients, levels, step)
        return Waveform(
            levels, self._modes, step_index, GAINS - 1, inward, self._envelope, self._strength,
            self._offsets,
        )  # fmt: skip

    def _bytes(self, layer: Waveform) -> int:
        return len(channel.encode_waveform(layer, self._base, self._below))

    def _filled(self, layer: Waveform) -> Filled:
        return channel.filled((*self._below, layer), self._base, self._fill)

    def _coded_to(self, snr_db: float) -> int:
        """Return the index of the largest step whose coefficients alone reach the SNR."""
        low, high = _COARSEST, self._finest
        while low < high:
            middle = (low + high) // 2
            coded = self._layer(middle).coefficients()
            error = self._coefficients * self._weights - coded
            if _ratio_db(self._energy, float(np.sum(error**2))) >= snr_db:
                high = middle
            else:
                low = middle + 1
        return low

    def _gain(self, layer: Waveform) -> int:
        """Return the highest gain of the noise filling whose loss of SNR is worth it."""
        if self._strength:
            return _SHAPED_GAIN
        coarser = self._layer(max(layer.step_index - quantiser.STEPS_PER_OCTAVE // 2, 0))
        saved = self._bytes(layer) - self._bytes(coarser)
        per_db = max(saved * 8 / 3.01, 1e-9)
        allowed_db = _FILL_KBPS * len(self._whole) / 16 / per_db
        filled = self._filled(layer)
        lowest = self._snr_db(filled.signal(0))
        for gain in range(GAINS - 1, 0, -1):
            if lowest - self._snr_db(filled.signal(gain)) <= allowed_db:
                return gain
        return 0

    def _snr_db(self, decoded: Singles) -> float:
        error = self._whole[: self._samples] - decoded[: self._samples]
        return _ratio_db(self._energy, float(np.sum(error**2)))


def _ratio_db(signal: float, error: float) -> float:
    return 10 * math.log10(signal / error) if error > 0 else math.inf
