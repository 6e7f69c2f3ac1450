"""Detection of the bundled clips and of the test half in training data, where they must not be.

A clip is recognised by the digest of its file, and by the package and name of the file that it was
cut from; a bundled clip also by its loudest second, which is correlated with all training data at a
quarter of the rate. The audio of the test half may not be here: `codecmark corpus verify --overlap`
correlates it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from codecmark import corpus
from codecmark.clip import resample
from codecmark.corpus import halves
from codecmark.corpus.audio_files import read_audio
from codecmark.corpus.csv_manifest import NAME as CSV_NAME
from codecmark.system.digest import file_sha256

_RATE_HZ = 4_000
_SNIPPET = 4_000  # samples
_BLOCK = 1 << 17
_SAME = 0.9  # correlation; other recordings of the same words stay below 0.5


@dataclass(frozen=True)
class HeldOut:
    """The clips that must not be trained on.

    Attributes
    ----------
    names : tuple of str
        Of the bundled clips.
    hashes, files : mapping
        SHA-256 digests of files, and packages with names of files; each with what it identifies.
    snippets : np.ndarray, shape=(clips, samples)
        The loudest second of each bundled clip, at unit energy.
    """

    names: tuple[str, ...]
    hashes: Mapping[str, str]
    files: Mapping[tuple[str, str], str]
    snippets: NDArray[np.float32]

    @classmethod
    def bundled(cls) -> HeldOut:
        """Return the clips of the bundled corpus and of the test half."""
        folder = corpus.bundled_folder()
        with (folder / CSV_NAME).open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        snippets = [_loudest_second(folder / row["name"]) for row in rows]
        locked = halves.built_in().half("test")
        hashes = {clip.sha256: f"is a file of the test half ({clip.name})" for clip in locked}
        files = {
            (
                clip.origin,
                PurePosixPath(clip.path).name,
            ): f"{clip.name} of the test half is cut from it"
            for clip in locked
        }
        for row in rows:
            hashes[row["sha256"]] = "is a bundled clip"
            key = row["source_package"], Path(row["file"]).name
            files[key] = "a bundled clip was cut from it"
        return cls(tuple(row["name"] for row in rows), hashes, files, np.stack(snippets))

    def reason(self, path: Path, package: str, samples: NDArray[np.float32]) -> str | None:
        """Return why mono `samples` at 16 kHz must not be trained on; None if they may be."""
        known = self.hashes.get(file_sha256(path)) or self.files.get((package, path.name))
        if known is not None:
            return known
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
