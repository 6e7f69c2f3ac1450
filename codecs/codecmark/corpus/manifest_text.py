"""The text of a manifest, read as far as a manifest can sensibly go."""

from __future__ import annotations

import gzip
from pathlib import Path

from codecmark.errors import InputError

LARGEST_BYTES = 64 << 20  # a quarter of a million clips; a packed file of 65 kB can hold as much


def read(path: Path) -> str:
    """Return the text of a manifest in UTF-8, unpacked if its name ends in `.gz`.

    Raises
    ------
    InputError
        If it is larger than `LARGEST_BYTES`, packed or not.
    OSError, EOFError, ValueError, zlib.error
        If it cannot be read, is damaged or no such text.
    """
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise InputError(
            f"{path}: more than {LARGEST_BYTES >> 20} MiB of text; split it into several manifests"
        )
    return data.decode("utf-8-sig")
