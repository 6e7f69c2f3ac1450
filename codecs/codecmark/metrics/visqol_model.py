"""ViSQOL's two models, with the library's slow parts replaced by equal ones.

The library takes most of its time for gammatone filters, for the comparison of every patch with
every place where it might be found, and for a loop over samples in Python; and it compiles loops
that NumPy does without. What stands here gives the same scores to the last bit, see the tests.
"""

from __future__ import annotations

import copy
import hashlib
from collections import OrderedDict
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from visqol import VisqolApi, numba_accel, patch_selector
from visqol.gammatone import GammatoneSpectrogramBuilder
from visqol.patch_creator import ImagePatchCreator, RmsVad, VadPatchCreator

from codecmark.metrics import visqol_kernels

_SPECTROGRAMS_KEPT = 4_096  # of whole clips and of patches: some 100 clips, 50 MB
_FULL_SCALE = 32_768.0
_NONE_YET = -1e308

_Array = NDArray[np.float64]


@cache
def model(mode: Literal["speech", "audio"]) -> Any:
    """Return the model that measures two arrays of one rate."""
    loaded: Any = VisqolApi()
    if mode == "speech":  # without the lattice it over-predicts by one to two points: refuse that
        loaded.create(mode="speech", use_lattice_model=True)
    else:
        loaded.create(mode="audio")
    manager = loaded._manager
    manager.spect_builder = Spectrograms(manager.spect_builder)
    patches = SpeechPatches if mode == "speech" else Patches
    manager.patch_creator = patches(manager.patch_creator.patch_size)
    selector: Any = patch_selector
    selector._build_all_deg_patches = degraded_patches
    selector._dp_forward_pass = forward_pass
    # a few hundred steps a clip: not worth compiling
    selector._dp_backtrace = numba_accel._dp_backtrace.py_func
    return loaded


class Spectrograms(GammatoneSpectrogramBuilder):
    """Gammatone spectrograms, those of the last signals from memory, since references recur."""

    def __init__(self, of: GammatoneSpectrogramBuilder) -> None:
        super().__init__(of.filter_bank.num_bands, of.filter_bank.min_freq, of.speech_mode)
        self._made: OrderedDict[bytes, Any] = OrderedDict()

    def build(self, signal: Any, window: Any) -> Any:
        """Return the spectrogram of `signal`; the caller may change it."""
        key = hashlib.blake2b(signal.data.tobytes(), digest_size=16).digest()
        if key not in self._made:
            self._made[key] = super().build(signal, window)
            if len(self._made) > _SPECTROGRAMS_KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return copy.deepcopy(self._made[key])

    def forget(self) -> None:
        """Have every signal be new."""
        self._made.clear()

    @staticmethod
    def _build_numba(
        signal: _Array, window: Any, coefficients: _Array, hop: int, frames: int, bands: int
    ) -> _Array:
        feed, *numerator, last, first, a1, a2, gain = coefficients
        stages = [np.stack([feed, middle, last], axis=-1) for middle in numerator]
        stages[0] = stages[0] / gain[:, None]
        return visqol_kernels.gammatone_spectrogram(
            np.ascontiguousarray(signal),
            window.hann_window,
            np.stack(stages),
            np.stack([first, a1, a2], axis=-1),
            window.size,
            hop,
            bands,
            frames,
        )


class _Contiguous:
    """Gives patches as they lie in memory, so that what compares them is compiled once."""

    def create_patches_from_indices(self, spectrogram: _Array, starts: list[int]) -> list[_Array]:
        """Return the patches that begin at `starts`, `[bands, frames]`."""
        patches = super().create_patches_from_indices(spectrogram, starts)  # type: ignore[misc]
        return [np.ascontiguousarray(patch) for patch in patches]


class Patches(_Contiguous, ImagePatchCreator):
    """Patches one after the other."""


class SpeechPatches(_Contiguous, VadPatchCreator):
    """Patches in which there is voice."""

    def _get_voice_activity(
        self, signal: Any, start: int, samples: int, frame_samples: int
    ) -> list[float]:
        """Return 1 for each frame with voice, else 0; a rest at the end is no frame."""
        scaled = signal.data[start : start + samples] * _FULL_SCALE
        pcm = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)
        activity = RmsVad()
        for frame in pcm[: len(pcm) // frame_samples * frame_samples].reshape(-1, frame_samples):
            activity.process_chunk(frame)
        results: list[float] = activity.get_vad_results()
        return results


def degraded_patches(spectrogram: _Array, bands: int, width: int) -> _Array:
    """Return the patch at every offset, `[offsets, bands, width]`; 0 stands after the end."""
    offsets = spectrogram.shape[1]
    padded = np.zeros((bands, offsets + width))
    padded[:, :offsets] = spectrogram
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)[:, :offsets]
    return np.ascontiguousarray(windows.swapaxes(0, 1))


def forward_pass(
    reference: _Array,
    degraded: _Array,
    starts: NDArray[np.int64],
    count: int,
    offsets: int,
    search: int,
    weights: _Array,
    c1: float,
    c3: float,
) -> tuple[_Array, NDArray[np.int64]]:
    """Find for each reference patch and offset the best sum of similarities so far.

    Offsets rise from patch to patch; a patch that fits nowhere stays where the last one was.

    Returns
    -------
    sums : np.ndarray, shape=(patches, offsets)
    previous : np.ndarray, shape=(patches, offsets)
        Where the patch before lies; of equals the last one, -1 for the first patch.
    """
    lowest = np.maximum(0, starts[:count] - search)
    highest = np.minimum(offsets - 1, starts[:count] + search)
    similar = visqol_kernels.similarities(reference, degraded, lowest, highest, weights, c1, c3)
    sums = np.zeros((len(starts), offsets))
    previous = np.full((len(starts), offsets), -1, np.int64)
    for patch, (low, high) in enumerate(zip(lowest, highest, strict=True)):
        here = slice(low, high + 1)
        if patch == 0:
            sums[0, here] = similar[0, here]
            continue
        first = lowest[patch - 1]
        earlier = sums[patch - 1, first : high + 1]
        best = np.maximum.accumulate(np.append(_NONE_YET, earlier))[:-1]
        rises = np.where(earlier >= best, np.arange(first, high + 1), -1)
        at = np.maximum.accumulate(np.append(-1, rises))[low - first : -1]
        moved = similar[patch, here] + best[low - first :]
        stays = sums[patch - 1, here] > moved
        sums[patch, here] = np.where(stays, sums[patch - 1, here], moved)
        previous[patch, here] = np.where(stays, np.arange(low, high + 1), at)
    return sums, previous
