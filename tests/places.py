"""Where this checkout and its tests are."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
REPOSITORY = TESTS.parent
COMMITTED = REPOSITORY / "results"  # what is committed, never what a user's run writes
