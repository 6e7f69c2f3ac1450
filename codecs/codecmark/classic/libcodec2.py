"""The libcodec2 of the package `pycodec2`, loaded anew for each clip.

The library draws the phases of unvoiced speech from a random generator whose state is a static
variable (`codec2_rand`) that cannot be reset: a second decoder in the same process returns
different samples for the same bytes. A copy of the library under another name has its own state.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pycodec2.pycodec2
from numpy.typing import NDArray

MODES = {3.2: 0, 2.4: 1, 1.6: 2, 1.3: 4, 0.7: 8}  # CODEC2_MODE_... of codec2.h by kbit/s


class Library:
    """A private copy of the library."""

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory() as folder:  # once loaded, the file is not needed
            self._library = ctypes.CDLL(shutil.copy(_path(), folder))
        self._library.codec2_create.restype = ctypes.c_void_p

    def close(self) -> None:
        """Unload the library."""
        ctypes.CDLL(None).dlclose(ctypes.c_void_p(self._library._handle))

    def encode(self, mode: int, frames: NDArray[np.int16], frame_bytes: int) -> NDArray[np.uint8]:
        """Encode `[n, samples]` to `[n, frame_bytes]`."""
        coded = np.zeros((len(frames), frame_bytes), np.uint8)
        with self._state(mode) as state:
            for source, target in zip(frames, coded, strict=True):
                self.encode_frame(state, source, target)
        return coded

    def decode(self, mode: int, coded: NDArray[np.uint8], samples: int) -> NDArray[np.int16]:
        """Decode `[n, frame_bytes]` to `[n, samples]`."""
        frames = np.zeros((len(coded), samples), np.int16)
        with self._state(mode) as state:
            for source, target in zip(coded, frames, strict=True):
                self.decode_frame(state, source, target)
        return frames

    def open(self, mode: int) -> ctypes.c_void_p:
        """Return the codec state for a new signal; `destroy` frees it."""
        return ctypes.c_void_p(self._library.codec2_create(mode))

    def destroy(self, state: ctypes.c_void_p) -> None:
        """Free a state."""
        self._library.codec2_destroy(state)

    def encode_frame(
        self, state: ctypes.c_void_p, frame: NDArray[np.int16], coded: NDArray[np.uint8]
    ) -> None:
        """Encode the next frame, contiguous `[samples]`, into `coded`."""
        self._library.codec2_encode(state, _address(coded), _address(frame))

    def decode_frame(
        self, state: ctypes.c_void_p, coded: NDArray[np.uint8], frame: NDArray[np.int16]
    ) -> None:
        """Decode the next frame into `frame`, contiguous `[samples]`."""
        self._library.codec2_decode(state, _address(frame), _address(coded))

    @contextmanager
    def _state(self, mode: int) -> Iterator[ctypes.c_void_p]:
        state = self.open(mode)
        try:
            yield state
        finally:
            self.destroy(state)


class LiveCoder:
    """Encoder or decoder of a live signal, with a private copy of the library."""

    def __init__(self, mode: int) -> None:
        self._library = Library()
        state = self._library.open(mode)
        self._state = state
        weakref.finalize(self, _release, self._library, state).atexit = False

    def encode(self, frame: NDArray[np.int16], frame_bytes: int) -> NDArray[np.uint8]:
        """Encode `[samples]` to `[frame_bytes]`."""
        coded = np.zeros(frame_bytes, np.uint8)
        self._library.encode_frame(self._state, frame, coded)
        return coded

    def decode(self, coded: NDArray[np.uint8], samples: int) -> NDArray[np.int16]:
        """Decode `[frame_bytes]` to `[samples]`."""
        frame = np.zeros(samples, np.int16)
        self._library.decode_frame(self._state, coded, frame)
        return frame


def _release(library: Library, state: ctypes.c_void_p) -> None:
    library.destroy(state)
    library.close()


def _address(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


class _DlInfo(ctypes.Structure):
    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("symbol", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


@cache
def _path() -> Path:
    """Return the file that the package's libcodec2 was loaded from."""
    extension = ctypes.CDLL(pycodec2.pycodec2.__file__)
    library = _DlInfo()
    ctypes.CDLL(None).dladdr(extension.codec2_create, ctypes.byref(library))
    return Path(os.fsdecode(library.file))
