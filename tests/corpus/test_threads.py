from __future__ import annotations

import pytest

from codecmark.corpus import condition
from codecmark.errors import InputError

CONDITION = condition.named("16k-mono")


def test_threads_are_part_of_the_condition() -> None:
    threaded = condition.with_threads(CONDITION, 4)
    assert (threaded.name, threaded.threads) == ("16k-mono-4threads", 4)
    assert condition.named("16k-mono-4threads") == threaded
    assert condition.with_threads(CONDITION, 1) is CONDITION
    with pytest.raises(InputError, match="threads: must be 1 to 9999, got 0"):
        condition.with_threads(CONDITION, 0)
    for name in ("16k-mono-4threads-2threads", "16k-mono" + "-1threads" * 5_000):
        with pytest.raises(InputError, match="condition: no"):
            condition.named(name)
    most = condition.with_threads(CONDITION, 9_999)
    assert condition.named(most.name) == most
    with pytest.raises(InputError, match="must be 1 to 9999, got 10000"):
        condition.with_threads(CONDITION, 10_000)
    with pytest.raises(InputError, match="condition: no '9k-mono-2threads'"):
        condition.named("9k-mono-2threads")
