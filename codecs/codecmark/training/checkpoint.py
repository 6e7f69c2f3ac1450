"""Checkpoints on disk: written atomically, and read without running any code in them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from codecmark.errors import InputError

FORMAT = 1


def read(path: Path) -> dict[str, Any]:
    """Read a checkpoint; no code in it is run.

    Raises
    ------
    InputError
        If it is missing, damaged or of another version.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        version = state["format"]
    except Exception as error:
        raise InputError(
            f"{path}: is not a checkpoint ({type(error).__name__}: {error}); delete it, or name "
            "another folder"
        ) from error
    if version != FORMAT:
        raise InputError(
            f"{path}: has format {version}, this version reads {FORMAT}; train in another folder"
        )
    return dict(state)


def write(state: Mapping[str, Any], path: Path) -> None:
    """Write a checkpoint atomically."""
    part = path.with_suffix(".part")
    torch.save({"format": FORMAT, **state}, part)
    os.replace(part, path)  # noqa: PTH105
