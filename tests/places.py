"""Where this checkout and its tests are."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
REPOSITORY = TESTS.parent
VOICE = TESTS / "data" / "audio" / "ru_male_1.flac"  # lossless speech, 5 s at 16 kHz
COMMITTED = REPOSITORY / "results"  # what is committed, never what a user's run writes

# test files, so that no processor ends with a long one alone; what starts clusters stands apart
LONGEST_FIRST = (
    "test_codec_contract.py", "test_ray_kills.py", "test_page_in_browser.py", "test_benchmarks.py",
    "test_engines.py", "test_kills.py", "test_either_way.py",
)  # fmt: skip
