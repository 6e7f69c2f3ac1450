"""libcodec2 as the package `pycodec2` brings it, loaded afresh for each clip.

The library draws the phases of unvoiced speech from a random generator in a static variable of
its own (`codec2_rand`), which nothing resets: a second decoder in the same process returns other
samples for the same bytes. A copy of the library under another name has variables of its own.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
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
    """One private copy of the library."""

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory() as folder:  # once loaded, the file is not needed
            self._library = ctypes.CDLL(shutil.copy(_path(), folder))
        self._library.codec2_create.restype = ctypes.c_void_p

    def close(self) -> None:
        """Unload it."""
        ctypes.CDLL(None).dlclose(ctypes.c_void_p(self._library._handle))

    def encode(self, mode: int, frames: NDArray[np.int16], frame_bytes: int) -> NDArray[np.uint8]:
        """Code `[n, samples]` to `[n, frame_bytes]`."""
        coded = np.zeros((len(frames), frame_bytes), np.uint8)
        with self._state(mode) as state:
            for source, target in zip(frames, coded, strict=True):
                self._library.codec2_encode(state, _address(target), _address(source))
        return coded

    def decode(self, mode: int, coded: NDArray[np.uint8], samples: int) -> NDArray[np.int16]:
        """Decode `[n, frame_bytes]` to `[n, samples]`."""
        frames = np.zeros((len(coded), samples), np.int16)
        with self._state(mode) as state:
            for source, target in zip(coded, frames, strict=True):
                self._library.codec2_decode(state, _address(target), _address(source))
        return frames

    @contextmanager
    def _state(self, mode: int) -> Iterator[ctypes.c_void_p]:
        state = ctypes.c_void_p(self._library.codec2_create(mode))
        try:
            yield state
        finally:
            self._library.codec2_destroy(state)


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
    """Ask the loader which file the package's libcodec2 came from."""
    extension = ctypes.CDLL(pycodec2.pycodec2.__file__)
    found = _DlInfo()
    ctypes.CDLL(None).dladdr(extension.codec2_create, ctypes.byref(found))
    return Path(os.fsdecode(found.file))
