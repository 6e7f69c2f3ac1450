"""Which extra of this distribution brings a package that is not installed.

`pip install codecmark` brings what the classic codecs and the metrics without networks need. The
rest comes with extras; whatever lacks a package names the extra that has it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from functools import cache
from traceback import walk_tb

from codecmark.errors import UnavailableError

# distributions that differ from the name of the imported module
DISTRIBUTIONS: Mapping[str, str] = {
    "ai_edge_litert": "ai-edge-litert", "lc3": "lc3py", "visqol": "visqol-python",
}  # fmt: skip
# imported modules by extra, as far as the plain installation lacks them; a test compares
# pyproject.toml
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "neural": (
        "constriction", "diffusers", "flatbuffers", "huggingface_hub", "librosa", "onnxruntime",
        "safetensors", "torch", "transformers",
    ),
    "chain": (
        "constriction", "diffusers", "huggingface_hub", "librosa", "numba", "safetensors", "torch",
        "transformers",
    ),
    "train": (
        "constriction", "diffusers", "huggingface_hub", "librosa", "mido", "numba",
        "safetensors", "torch", "transformers",
    ),
    "snac": ("snac",),
    "onnx": ("onnx", "onnxruntime", "onnxscript"),
    "openvino": ("openvino",),
    "ray": ("ray",),
    "scale": ("duckdb",),
    "bench": ("pytest", "pytest_benchmark"),
}  # fmt: skip
# which extra a part of the package needs; several would do for torch
_OF_A_PART: Mapping[str, str] = {
    "codecmark.neural": "neural", "codecmark.mel": "chain", "codecmark.layered": "chain",
    "codecmark.studies": "chain", "codecmark.training": "train",
}  # fmt: skip


@cache
def is_here(module: str) -> bool:
    """Return whether a package can be imported, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def is_complete(part: str) -> bool:
    """Return whether everything is installed that a module of this package may need."""
    extra = _extra_of(part)
    return extra is None or all(map(is_here, EXTRAS[extra]))


def missing(what: str, error: ImportError) -> UnavailableError | None:
    """Return the error that names a package that could not be imported and how to install it.

    Parameters
    ----------
    what : str
        What needs the package, for the message.
    error : ImportError
        As Python raised it. Its traceback says which part of this package was imported, and so
        which extra to name.

    Returns
    -------
    UnavailableError or None
        None if a part of this package itself is missing, or no module is named: that is a bug.
    """
    module = (error.name or "").partition(".")[0]
    if module in ("", "codecmark"):
        return None
    package = DISTRIBUTIONS.get(module, module)
    frames = (frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__))
    wanted = next(filter(None, map(_extra_of, frames)), None)
    return UnavailableError(f"{what} needs the package {package}", remedy(module, wanted))


def remedy(module: str, wanted: str | None = None) -> str:
    """Return what to install so that `module` can be imported: `wanted`, if that extra has it."""
    names = [extra for extra, modules in EXTRAS.items() if module in modules]
    if not names:
        return f"install it: pip install {DISTRIBUTIONS.get(module, module)}"
    return f"install it: pip install 'codecmark[{wanted if wanted in names else names[0]}]'"


def _extra_of(part: str) -> str | None:
    return _OF_A_PART.get(".".join(part.split(".")[:2]))
