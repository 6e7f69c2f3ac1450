"""The sources and versions that a record of parity is about, so that stale records are detected."""

from __future__ import annotations

import ast
import hashlib
from importlib.metadata import version
from pathlib import Path

import codecmark

# modules between a clip and its tokens, and between tokens and a clip
_SOURCES = (
    "causal_stream",
    "dac",
    "dac_blocks",
    "dac_original",
    "encodec",
    "encodec_network",
    "encodec_original",
    "encodec_segments",
    "encodec_stereo",
    "original_checkpoints",
    "tokens",
    "torch_tokens",
)
OURS = ("torch", "transformers", "numpy")
THEIRS = ("encodec", "descript-audio-codec")


def sources() -> str:
    """Return the first 16 digits of the SHA-256 of the wrappers' code.

    Comments, docstrings and imports are ignored, so moving a module does not invalidate the record.
    """
    folder = Path(codecmark.__file__).parent / "neural"
    digest = hashlib.sha256()
    for name in _SOURCES:
        source = (folder / f"{name}.py").read_text(encoding="utf-8")
        digest.update(f"{name}\n{_code(source)}\n".encode())
    return digest.hexdigest()[:16]


def versions() -> dict[str, str]:
    """Return the versions of the packages of both sides, without build suffixes."""
    return {name: version(name).partition("+")[0] for name in (*OURS, *THEIRS)}


def _code(source: str) -> str:
    """Return a module as a syntax tree without docstrings and imports."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.With | ast.If):
            continue
        if not isinstance(node, ast.With | ast.If) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:]
        node.body = [
            statement
            for statement in node.body
            if not isinstance(statement, ast.Import | ast.ImportFrom)
        ]
    return ast.dump(tree)
