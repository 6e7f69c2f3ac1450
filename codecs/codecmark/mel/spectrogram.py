"""A log-mel spectrogram with its format and the meaning of its axes, so mismatches are refused.

It prevents a failure known as "316 vs 80": a user's mel of 80 bands and 316 frames was passed to a
network that expected bands where the frames were, and the error mentioned sizes only. With 64
frames and 64 bands there would be no error at all, only noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from codecmark.errors import InputError
from codecmark.mel.front_end import MelFormat

AXES = ("channels", "frames", "bands")


@dataclass(frozen=True)
class MelSpectrogram:
    """Log-mel values with their format and axes.

    Attributes
    ----------
    values : torch.Tensor
    mel : MelFormat
    axes : tuple of str
        The meaning of each axis of `values`, in order.
    """

    values: torch.Tensor
    mel: MelFormat
    axes: tuple[str, ...] = AXES

    def transposed(self) -> MelSpectrogram:
        """Return the spectrogram with frames and bands exchanged, the layout of some libraries."""
        channels, first, second = self.axes
        return replace(self, values=self.values.transpose(1, 2), axes=(channels, second, first))

    def require(self, mel: MelFormat, consumer: str) -> torch.Tensor:
        """Return the values if `consumer` can take them.

        Raises
        ------
        InputError
            If the axes are not (channels, frames, bands), or the number of bands or the format
            differs; names both formats, the shape, the axes and the remedy.
        """
        shape = tuple(self.values.shape)
        meaning = " x ".join(f"{name} {size}" for name, size in zip(self.axes, shape, strict=False))
        if self.axes != AXES:
            raise InputError(
                f"{consumer} takes (channels, frames, bands); this mel has {meaning}: "
                "call .transposed() on it"
            )
        if len(shape) != 3 or shape[-1] != self.mel.bands:
            raise InputError(
                f"{consumer}: a mel of {self.mel.bands} bands has shape (channels, frames, "
                f"{self.mel.bands}), not {shape}: the last axis must be bands, the one before "
                "frames; exchange them"
            )
        if self.mel != mel:
            raise InputError(
                f"{consumer} was made for {mel.describe()}, (channels, frames, {mel.bands}); this "
                f"mel is {self.mel.describe()}, {meaning}. Compute the mel from the waveform in "
                "the vocoder's format: converting between formats loses information"
            )
        return self.values
