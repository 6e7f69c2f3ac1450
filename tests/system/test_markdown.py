from __future__ import annotations

from codecmark.system import markdown


def test_sections_of_a_page_are_replaced() -> None:
    page = "# Page\n\nWhat.\n\n## One\n\n1\n\n## Two\n\n2\n"
    found = markdown.with_sections(page, {"Three": "3", "One": "first\n"})
    assert found == "# Page\n\nWhat.\n\n## One\n\nfirst\n\n## Two\n\n2\n\n## Three\n\n3\n"
    assert markdown.with_sections(found, {}) == found
