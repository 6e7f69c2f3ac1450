"""What a run ran on: recorded in every row, so that speeds of two machines are never mixed."""

from __future__ import annotations

import os
import platform
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_TIME = "%Y%m%dT%H%M%SZ"
_TIMED = re.compile(r"(\d{8}T\d{6}Z)-")
_PACKAGES = (
    "numpy", "scipy", "soxr", "soundfile", "av", "torch", "transformers", "diffusers", "librosa",
    "ai-edge-litert", "onnxruntime", "openvino", "lc3py", "pycodec2", "pesq", "pystoi",
    "visqol-python", "auraloss",
)  # fmt: skip


def new_run_id(stored: Iterable[str] = ()) -> str:
    """Return an id that sorts by time, e.g. `20261124T231500Z-1f3a`, and after those `stored`.

    A clock may have been wrong when those were made, or be so now: then this is a second later
    than the last of them says.
    """
    now = datetime.now(UTC)
    times = (_TIMED.match(run_id) for run_id in stored)
    last = max((match[1] for match in times if match), default="")
    if last >= f"{now:{_TIME}}":
        with suppress(ValueError, OverflowError):  # digits that are no time
            now = datetime.strptime(last, _TIME).replace(tzinfo=UTC) + timedelta(seconds=1)
    return f"{now:{_TIME}}-{secrets.token_hex(2)}"


@cache
def host() -> str:
    """Return processor, number of usable cores, memory and system; no names of machine or user."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_processor()}, {cores} cores, {memory_gib:.0f} GiB, {platform.system()}"


@cache
def versions() -> dict[str, str]:
    """Return the versions of what decides about figures; packages that are absent are left out."""
    versions = {"codecmark": version("codecmark"), "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
