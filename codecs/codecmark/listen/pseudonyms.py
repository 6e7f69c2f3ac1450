"""What listeners may be called: no address, nothing that acts, nobody who looks like another."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from codecmark.errors import InputError

LONGEST_NAME: Final = 40
_LONGEST_SPELLED: Final = 4 * LONGEST_NAME  # no letter of one code point is spelled with more
OTHER_TOOLS = ("webmushra ", "beaqlejs ")  # how the names of listeners begin that they asked
_ALPHABETS = {"LATIN", "GREEK", "CYRILLIC", "COPTIC", "ARMENIAN", "CHEROKEE", "GEORGIAN"}
_MARKS: Final = re.compile("m{3}")
# small letters and digits that look like a Latin letter in common typefaces, capitals among them
_LOOK_ALIKE = str.maketrans({
    **dict(zip("01i", "oll", strict=True)),
    **dict(zip("авгԁекһіјмнопрԛсѕтуԝхи", "abrdekhljmhonpqcstywxu", strict=True)),
    **dict(zip("αβγεζηικμνορτυχω", "abyezhlkmvoptuxw", strict=True)),
})  # fmt: skip


def is_pseudonym(name: str) -> bool:
    """Say whether a listener may be called so.

    No mail address, nothing that moves a cursor, and no sign in front that makes a table's program
    compute what follows.
    """
    if len(name) > LONGEST_NAME:  # normalising very many marks takes their square
        return False
    spellings = name, unicodedata.normalize("NFKC", name)  # a wide @ is one too
    return all(
        each.isprintable() and "@" not in each and len(each) <= LONGEST_NAME and each[:1].isalnum()
        for each in spellings
    )


def chosen(name: str) -> str:
    """Return a pseudonym that a listener chose, in one spelling; empty if none was.

    Raises
    ------
    InputError
        If it is none, or mixes alphabets whose letters look alike.
    """
    name = name.strip()
    if not name:
        return ""
    if len(name) > _LONGEST_SPELLED:  # normalising very many marks takes their square
        raise _refused()
    name = unicodedata.normalize("NFC", name)
    plain = unicodedata.normalize("NFKC", name)
    letters = {unicodedata.name(each, "").partition(" ")[0] for each in plain if each.isalpha()}
    marks = "".join("m" if unicodedata.category(each)[0] == "M" else "." for each in name)
    if not is_pseudonym(name) or len(letters & _ALPHABETS) > 1 or _MARKS.search(marks):
        raise _refused()
    if look(name).startswith(tuple(map(look, OTHER_TOOLS))):  # so are listeners from them called
        raise InputError(
            f"listener: {name!r} is kept for answers of another tool; choose another name"
        )
    return name


def _refused() -> InputError:
    return InputError(
        f"listener: use a pseudonym of at most {LONGEST_NAME} letters of one alphabet that "
        "begins with a letter or digit, no mail address"
    )


def look(name: str) -> str:
    """Return what names that look alike have in common."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(plain.translate(_LOOK_ALIKE).split())
