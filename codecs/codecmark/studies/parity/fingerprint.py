"""Which sources and versions a record of parity speaks of, so that a stale one is found."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

import codecmark

# what lies between a clip and its tokens, and between tokens and a clip
_SOURCES = (
    "wrappers/causal_stream.py",
    "wrappers/dac.py",
    "wrappers/dac_blocks.py",
    "wrappers/dac_original.py",
    "wrappers/encodec.py",
    "wrappers/encodec_network.py",
    "wrappers/encodec_original.py",
    "wrappers/encodec_stereo.py",
    "wrappers/original_checkpoints.py",
    "wrappers/tokens.py",
    "wrappers/torch_tokens.py",
)
OURS = ("torch", "transformers", "numpy")
THEIRS = ("encodec", "descript-audio-codec")


def sources() -> str:
    """Return the SHA-256 of the wrappers' sources, to 16 digits."""
    root = Path(codecmark.__file__).parent
    digest = hashlib.sha256()
    for name in _SOURCES:
        digest.update(f"{name}\n".encode() + (root / name).read_bytes())
    return digest.hexdigest()[:16]


def versions() -> dict[str, str]:
    """Return the versions of both sides, without the name of a build."""
    return {name: version(name).partition("+")[0] for name in (*OURS, *THEIRS)}
