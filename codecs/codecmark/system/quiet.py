"""What libraries print by themselves does not reach the terminal of a command.

C++ libraries write to the descriptors, Python ones warn or draw bars of their own; worker processes
inherit both. With `CODECMARK_VERBOSE=1` everything is shown.
"""

from __future__ import annotations

import os
import sys
import warnings

VERBOSE = "CODECMARK_VERBOSE"
_SETTINGS = {  # read by the libraries when they are imported, here and in workers
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "DIFFUSERS_VERBOSITY": "error",
}


def begin() -> None:
    """Keep the terminal to this process's own `sys.stdout` and `sys.stderr`, from now on.

    For the program, not for a library: it replaces the process's descriptors 1 and 2.
    """
    if os.environ.get(VERBOSE) == "1":
        return
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    sys.stdout.flush()
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        kept = os.fdopen(
            os.dup(descriptor),
            "w",
            buffering=1,
            encoding=stream.encoding,
            errors="backslashreplace",
        )
        os.dup2(nowhere, descriptor)
        setattr(sys, name, kept)
    os.close(nowhere)
