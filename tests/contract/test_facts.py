from __future__ import annotations

import pytest

from codecmark.catalog import facts
from codecmark.errors import UnavailableError
from described import described, specs


@pytest.mark.parametrize("spec", list(specs()))
def test_what_a_list_says_is_what_the_codec_says(spec: str) -> None:
    try:
        found = described(spec)
    except UnavailableError as error:
        pytest.skip(str(error))
    assert facts.table()[spec] == found, "run python tests/described.py"


def test_the_table_has_every_codec_with_a_network_and_no_other() -> None:
    assert list(facts.table()) == list(specs()), "run python tests/described.py"
