"""A network's output spectrum, in parts."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from codecmark.mel.stft import Pair


@dataclass(frozen=True)
class SpectrumParts:
    """A spectrum as two parts: the network's own, and the corrected coded bins."""

    own: Pair
    coded: Pair | None = None

    @property
    def whole(self) -> Pair:
        """The sum of the parts."""
        if self.coded is None:
            return self.own
        return self.own[0] + self.coded[0], self.own[1] + self.coded[1]

    def cut(self, frames: slice) -> SpectrumParts:
        """Return a slice of the frames."""
        return SpectrumParts(_cut(self.own, frames), self.coded and _cut(self.coded, frames))

    @staticmethod
    def joined(blocks: list[SpectrumParts]) -> SpectrumParts:
        """Concatenate blocks of frames."""
        if len(blocks) == 1:
            return blocks[0]
        own = [block.own for block in blocks]
        coded = [block.coded for block in blocks if block.coded is not None]
        return SpectrumParts(_joined(own), _joined(coded) if coded else None)


def _cut(parts: Pair, frames: slice) -> Pair:
    return parts[0][:, frames], parts[1][:, frames]


def _joined(parts: list[Pair]) -> Pair:
    real, imaginary = zip(*parts, strict=True)
    return torch.cat(real, dim=1), torch.cat(imaginary, dim=1)
