"""Speaker similarity: whether a decoded voice is still the same voice.

Embeddings of the published GE2E speaker encoder (Resemblyzer's weights) in a network of three LSTM
layers of this project's own; silences are not cut out, as its package does.

References
----------
Wan, Wang, Papir and Lopez Moreno, "Generalized End-to-End Loss for Speaker Verification",
arXiv 1710.10467.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from codecmark.clip import Samples

RATE_HZ = 16_000
FILE = "pretrained.pt"
_BANDS, _WIDTH, _LAYERS = 40, 256, 3
_WINDOW, _HOP = 400, 160
_FRAMES = 160  # of a part: 1.6 s
_STEP = 77  # between parts
_LEAST_COVERAGE = 0.75  # a last part that holds less of the clip is left out
_LEVEL_DB = -30.0  # quieter clips are brought to this RMS level


def similarity(reference: Samples, decoded: Samples, folder: Path) -> float:
    """Return the cosine of the embeddings of two of `[samples]` at 16 kHz, -1 to 1."""
    ours, theirs = (_embedding(samples, folder) for samples in (reference, decoded))
    return float(ours @ theirs)


def _embedding(samples: Samples, folder: Path) -> NDArray[np.float32]:
    """Return the mean of the embeddings of overlapping parts, of length 1, `[256]`."""
    rms = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    samples = samples * np.float32(max(1.0, 10 ** (_LEVEL_DB / 20) / rms))
    count = -(-(len(samples) + 1) // _HOP)
    starts = list(range(0, max(1, count - _FRAMES + _STEP + 1), _STEP))
    covered = (len(samples) - starts[-1] * _HOP) / (_FRAMES * _HOP)
    if covered < _LEAST_COVERAGE and len(starts) > 1:
        starts.pop()
    missing = (starts[-1] + _FRAMES) * _HOP - len(samples)
    mel = _mel(np.pad(samples, (0, max(0, missing))))
    parts = torch.from_numpy(np.stack([mel[start : start + _FRAMES] for start in starts]))
    with torch.inference_mode():
        mean: NDArray[np.float32] = _network(folder)(parts).mean(dim=0).numpy()
    unit: NDArray[np.float32] = mean / np.linalg.norm(mean)
    return unit


def _mel(samples: Samples) -> NDArray[np.float32]:
    import librosa

    power = librosa.feature.melspectrogram(
        y=samples, sr=RATE_HZ, n_fft=_WINDOW, hop_length=_HOP, n_mels=_BANDS
    )
    bands: NDArray[np.float32] = power.T.astype(np.float32)
    return bands


class _Network(nn.Module):
    """Mel power `[parts, frames, 40]` to embeddings of length 1, `[parts, 256]`."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(_BANDS, _WIDTH, _LAYERS, batch_first=True)
        self.linear = nn.Linear(_WIDTH, _WIDTH)

    def forward(self, mel: Tensor) -> Tensor:
        """Return the embeddings."""
        _, (hidden, _) = self.lstm(mel)
        return nn.functional.normalize(torch.relu(self.linear(hidden[-1])), dim=1)


@cache
def _network(folder: Path) -> _Network:
    network = _Network()
    published = torch.load(folder / FILE, map_location="cpu", weights_only=True)["model_state"]
    network.load_state_dict({name: published[name] for name in network.state_dict()})
    return network.eval()
