"""A log-mel spectrogram that knows its format and its axes, so that a wrong join is refused.

The failure this prevents has a name: "316 vs 80". A user's mel of 80 bands and 316 frames met a
network that wanted its bands where the frames were, and the error spoke of sizes only. With 64
frames and 64 bands there is no error at all, only noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from codecmark.errors import InputError
from codecmark.mel.front_end import MelFormat

AXES = ("channels", "frames", "bands")


@dataclass(frozen=True)
class MelSpectrogram:
    """Log-mel values with their meaning.

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
        """Return the spectrogram with frames and bands exchanged, as some libraries want it."""
        channels, first, second = self.axes
        return replace(self, values=self.values.transpose(1, 2), axes=(channels, second, first))

    def require(self, mel: MelFormat, consumer: str) -> torch.Tensor:
        """Return the values if `consumer` can take them.

        Raises
        ------
        InputError
            If the axes are not (channels, frames, bands), the number of bands is not the
            format's, or the format is another one; names both formats, the shape, the meaning of
            each axis and the remedy.
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
                f"{self.mel.bands}), not {shape}: the last axis counts bands, the one before "
                "frames; exchange them"
            )
        if self.mel != mel:
            raise InputError(
                f"{consumer} was made for {mel.describe()}, (channels, frames, {mel.bands}); this "
                f"mel is {self.mel.describe()}, {meaning}. Make the mel in the vocoder's format "
                "from the waveform: another format cannot be converted without loss"
            )
        return self.values
