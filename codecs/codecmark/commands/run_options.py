"""The options of `codecmark run`."""

from __future__ import annotations

import argparse
from pathlib import Path

from codecmark.commands import measuring_options, stored_rows
from codecmark.corpus import condition

_ITEM_LIMIT_S = 900.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--corpus", type=Path, metavar="PATH",
        help="folder, manifest or audio file (default: the bundled clips)",
    )  # fmt: skip
    measuring_options.add_class_argument(parser.add_argument)
    parser.add_argument("--codecs", metavar="SPEC,...", help="specs or families, comma-separated")
    parser.add_argument("--all", action="store_true", help="every catalog entry")
    parser.add_argument(
        "--condition", default=condition.DEFAULT_CONDITION, metavar="NAME,...",
        help=f"what every codec is given, of {', '.join(condition.CONDITIONS)}; several are worked "
        "through one after the other, into one run (default: %(default)s)",
    )  # fmt: skip
    measuring_options.add_predictors_argument(parser.add_argument)
    parser.add_argument(
        "--limit", type=int, metavar="N", help="at most N clips that can be used, over all classes"
    )
    parser.add_argument(
        "--axes", action="append", metavar="NAME=VALUE,...",
        help="what clips go through beside the codec, e.g. passes=3 or noise_snr_db=20; given "
        "several times, each is worked through, `none` too; nothing is timed then",
    )  # fmt: skip
    stored_rows.add_folder(parser, "--out", "where rows and leaderboard go")
    what = parser.add_argument_group("what to do")
    what.add_argument("--dry-run", action="store_true", help="only show what is missing")
    what.add_argument(
        "--new", action="store_true", help="start a new run: measure everything afresh"
    )
    what.add_argument(
        "--retry-failed", action="store_true",
        help="try again what failed, was unavailable or lacked its weights",
    )  # fmt: skip
    what.add_argument(
        "--no-timing", action="store_true", help="quality and size only, on all cores"
    )
    how = parser.add_argument_group("how to do it")
    how.add_argument(
        "--engine", choices=("pool", "in-process", "ray"), default="pool",
        help="worker processes, this one, or a Ray cluster (default: %(default)s)",
    )  # fmt: skip
    how.add_argument(
        "--workers", type=int, metavar="N",
        help="processes (default: one for each core); timing has one of its own, which then works "
        "alone",
    )  # fmt: skip
    how.add_argument(
        "--gpus", type=float, default=0.0, metavar="N",
        help="of a GPU for each worker on Ray, e.g. 0.5 (default: %(default)g)",
    )  # fmt: skip
    how.add_argument(
        "--time-limit", type=float, metavar="SECONDS", default=_ITEM_LIMIT_S,
        help="for each call of a codec, for loading it, and for scoring its clips; on Ray for all "
        "of these together (default: %(default)g)",
    )  # fmt: skip
    measuring_options.add_execution_arguments(how.add_argument)
    how.add_argument(
        "--shard", metavar="K/N",
        help="only the K-th of N parts, into DIR/shards/; `codecmark merge` joins them",
    )  # fmt: skip
