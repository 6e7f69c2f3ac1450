"""Options that `codecmark run` and the pytest plug-in share: what is measured, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from codecmark.corpus.entry import CLASSES, UNKNOWN_CLASS
from codecmark.metrics.table import ON_REQUEST
from codecmark.system.execution import BACKENDS, DEVICES, DTYPES, EAGER, NETWORKS_ON_BACKENDS


def add_class_argument(add: Callable[..., Any]) -> None:
    """Add the class of unlabelled clips; `add` is that of a parser or a pytest group."""
    add(
        "--class", dest="clip_class", choices=CLASSES, default=UNKNOWN_CLASS,
        help="what the clips are whose folder or manifest does not say: speech has metrics of "
        "its own (default: %(default)s)",
    )  # fmt: skip


def add_predictors_argument(add: Callable[..., Any]) -> None:
    """Add the choice of further predictors; `add` is that of a parser or a pytest group."""
    names = ", ".join(metric.field for metric in ON_REQUEST)
    add(
        "--predictors", metavar="NAME,...",
        help=f"predictors beside those of every run, for speech: {names}",
    )  # fmt: skip


def add_execution_arguments(add: Callable[..., Any]) -> None:
    """Add how networks run; `add` is that of a parser or a pytest group."""
    add(
        "--backend", choices=BACKENDS, default=EAGER.backend,
        help=f"what runs {NETWORKS_ON_BACKENDS} (default: %(default)s)",
    )  # fmt: skip
    add(
        "--dtype", choices=DTYPES, default=EAGER.dtype,
        help="what their layers multiply in (default: %(default)s)",
    )  # fmt: skip
    add("--device", choices=DEVICES, help="for every network (default: a GPU if there is one)")
    add("--threads", type=int, metavar="N", help="for every codec (default: the condition's, 1)")
