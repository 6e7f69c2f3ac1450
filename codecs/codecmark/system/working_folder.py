"""The working folder, which relative paths of the whole process start from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def kept() -> Iterator[None]:
    """Come back to the folder of now, wherever code of others goes inside, as research code does.

    A folder that no longer exists is left as it is.
    """
    folder: Path | None = None
    with suppress(OSError):
        folder = Path.cwd()
    try:
        yield
    finally:
        if folder is not None:
            with suppress(OSError):
                os.chdir(folder)
