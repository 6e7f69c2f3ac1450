"""Detection of the bundled clips in training data, where they must not be.

A clip is recognised by the digest of its file, by the file that it was cut from, and by its loudest
second, which is correlated with all training data at a quarter of the rate.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codecmark import corpus
from codecmark.clip import resample
from codecmark.corpus.audio_files import read_audio
from codecmark.corpus.csv_manifest import NAME as CSV_NAME
from codecmark.system.digest import file_sha256

_RATE_HZ = 4_000
_SNIPPET = 4_000  # samples
_BLOCK = 1 << 17
_SAME = 0.9  # correlation; other recordings of the same words stay below 0.5


@dataclass(frozen=True)
class HeldOut:
    """The bundled clips.

    Attributes
    ----------
    names : tuple of str
    hashes : frozenset of str
        SHA-256 digests of the files.
    files : frozenset of tuple
        Package and name of the files that they were cut from.
    snippets : np.ndarray, shape=(clips, samples)
        The loudest second of each, at unit energy.
    """

    names: tuple[str, ...]
    hashes: frozenset[str]
    files: frozenset[tuple[str, str]]
    snippets: NDArray[np.float32]

    @classmethod
    def bundled(cls) -> HeldOut:
        """Return the clips of the bundled corpus."""
        folder = corpus.bundled_folder()
        with (folder / CSV_NAME).open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        snippets = [_loudest_second(folder / row["name"]) for row in rows]
        return cls(
            tuple(row["name"] for row in rows),
            frozenset(row["sha256"] for row in rows),
            frozenset((row["source_package"], Path(row["file"]).name) for row in rows),
            np.stack(snippets),
        )

    def reason(self, path: Path, package: str, samples: NDArray[np.float32]) -> str | None:
        """Return why mono `samples` at 16 kHz must not be trained on; None if they may be."""
        if file_sha256(path) in self.hashes:
            return "is a bundled clip"
        if (package, path.name) in self.files:
            return "a bundled clip was cut from it"
        best, index = self._correlation(samples)
        if best > _SAME:
            return f"contains {self.names[index]} (correlation {best:.2f})"
        return None

    def _correlation(self, samples: NDArray[np.float32]) -> tuple[float, int]:
        """Return the highest normalised correlation with a snippet, and the snippet's index."""
        signal = _low(samples[None], 16_000)
        signal = np.pad(signal, (0, _SNIPPET))
        energy = np.concatenate([[0.0], np.cumsum(signal.astype(np.float64) ** 2)])
        norm = np.sqrt(np.maximum(energy[_SNIPPET:] - energy[:-_SNIPPET], 0))
        quiet = norm < 1e-3
        size = min(_BLOCK, 1 << (len(signal) + _SNIPPET).bit_length())
        spectra = np.conj(np.fft.rfft(self.snippets, size))
        best, index = 0.0, 0
        for start in range(0, len(signal) - _SNIPPET + 1, size - _SNIPPET):
            block = np.fft.rfft(signal[start : start + size], size)
            here = min(size - _SNIPPET, len(norm) - start)
            correlations = np.abs(np.fft.irfft(block * spectra, size)[:, :here])
            correlations /= np.where(quiet, np.inf, norm)[start : start + here]
            if correlations.size and correlations.max() > best:
                best, index = float(correlations.max()), int(correlations.max(axis=1).argmax())
        return best, index


def _loudest_second(path: Path) -> NDArray[np.float32]:
    clip = read_audio(path).with_channels(1)
    signal = _low(clip.samples, clip.sample_rate_hz)
    signal = np.pad(signal, (0, max(0, _SNIPPET - len(signal))))
    energy = np.concatenate([[0.0], np.cumsum(signal.astype(np.float64) ** 2)])
    start = int((energy[_SNIPPET:] - energy[:-_SNIPPET]).argmax())
    snippet = signal[start : start + _SNIPPET]
    return np.asarray(snippet / np.linalg.norm(snippet), np.float32)


def _low(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    length = -(-samples.shape[1] * _RATE_HZ // rate_hz)
    return np.asarray(resample(samples, rate_hz, _RATE_HZ, length)[0])
