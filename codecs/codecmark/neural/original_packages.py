"""The reference implementations, `encodec` and `descript-audio-codec`, where they are installed."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from codecmark.errors import UnavailableError

_DISTRIBUTIONS = {"encodec": "encodec", "dac": "descript-audio-codec"}


def load(package: str) -> Any:
    """Import `encodec` or `dac`.

    Raises
    ------
    UnavailableError
        If it, or what it needs, is absent or cannot be loaded; says what to do.
    """
    try:
        with warnings.catch_warnings():
            # written for an older torch: its scripting and its weight norm were renamed
            warnings.simplefilter("ignore")
            return importlib.import_module(package)
    except Exception as error:
        raise UnavailableError(
            f"#original needs the package {_DISTRIBUTIONS[package]}, which cannot be imported "
            f"({type(error).__name__}: {error})",
            "make parity-environment, and run .venv-parity/bin/codecmark",
        ) from error
