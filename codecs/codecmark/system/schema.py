"""Data from files into msgspec structs, with errors that name the field, the value and the remedy.

A struct's `__post_init__` checks what types cannot; it raises `ValueError("FIELD: what is wrong")`.
`Described` says in words what a field holds, for messages.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from codecmark.errors import InputError
from codecmark.system import given_files

_Value = TypeVar("_Value")
_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.(?P<key>[^.\[\]]+)|\[(?P<index>\d+|\.\.\.)\]")
_MISSING = re.compile(r"^Object missing required field `(.+)`$")
_OF_MSGSPEC = ("Expected", "Invalid", "Number out of range")
_UNKNOWN = re.compile(r"^Object contains unknown field `(.+)`$", re.DOTALL)
_PLAIN = (
    (inspect.StrType, "text in quotes"),
    (inspect.BoolType, "true or false"),
    (inspect.IntType, "a whole number"),
    (inspect.FloatType, "a number"),
    (inspect.StructType, "a table of keys and values"),
    (inspect.DictType, "a table of keys and values"),
)


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds.

    Raises
    ------
    InputError
        If it cannot be read, or is no TOML; names the file.
    """
    try:
        return tomllib.loads(given_files.read(path).decode())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read as TOML ({error})") from error


def convert(values: object, kind: type[_Value]) -> _Value:
    """Return plain data (of TOML or JSON) as `kind`, checked.

    Raises
    ------
    InputError
        If a value is of another type, absent, or not known; names it as `table[1].field`.
    """
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise InputError(_in_words(str(error), values, kind)) from error
    except UnicodeEncodeError as error:  # half of a surrogate pair, which JSON can write
        raise InputError(f"a text is no Unicode ({error.reason})") from error


def require_text(values: object, where: str = "") -> None:
    """Check that every text in plain data is one line, printable and not empty.

    Raises
    ------
    InputError
        If one is not; names it.
    """
    if isinstance(values, dict):
        for key, value in values.items():
            require_text(value, f"{where}.{key}" if where else str(key))
    elif isinstance(values, list):
        for number, value in enumerate(values, start=1):
            require_text(value, f"{where}[{number}]")
    elif isinstance(values, str) and not (values.strip() and values.isprintable()):
        raise InputError(f"{where}: must be text in one line, not empty, not {values!r:.80}")


def one_of(name: str, value: str, choices: Sequence[str]) -> None:
    """Check that a field's value is one of `choices`, for use in `__post_init__`.

    Raises
    ------
    ValueError
        If it is none of them; says which is near.
    """
    if value not in choices:
        raise ValueError(f"{name}: {_none_of(value, choices)}")


def _none_of(value: object, choices: Sequence[str]) -> str:
    return f"no {value!r:.80};{near(value, choices)} choose {', '.join(choices)}"


def near(value: object, choices: Iterable[str]) -> str:
    """Return the question " did you mean X?", or nothing where no choice is near."""
    matches = get_close_matches(str(value), list(choices), n=1)
    return f" did you mean {matches[0]}?" if matches else ""


def _in_words(message: str, values: object, kind: type) -> str:
    """Put msgspec's message into the words of the file that the values came from."""
    match = _AT.match(message)
    assert match is not None  # noqa: S101 (the pattern matches everything)
    what, steps = match["what"], list(_steps(match["path"] or "$"))
    where = "".join(
        f".{step}" if isinstance(step, str) else f"[{step + 1}]" for step in steps
    ).removeprefix(".")
    prefix = f"{where}." if where else ""
    node, meaning = _type_at(inspect.type_info(kind), steps)
    if missing := _MISSING.match(what):
        _, described = _type_at(node, [missing[1]])
        return f"{prefix}{missing[1]}: is missing; it is {described}"
    if unknown := _UNKNOWN.match(what):
        known = [field.encode_name for field in getattr(_struct(node), "fields", ())]
        question = near(unknown[1], known)
        return f"{prefix}{unknown[1]}: no such key;{question} there are {', '.join(known)}"
    if not what.startswith(_OF_MSGSPEC):  # from a __post_init__, in our own words
        return f"{prefix}{what}"
    value = _value_at(values, steps)
    if isinstance(node, inspect.LiteralType) and isinstance(value, str):
        return (
            f"{where}: {_none_of(value, [str(choice) for choice in node.values if choice != ''])}"
        )
    return f"{where}: must be {meaning}, not {value!r:.80}"


def _steps(path: str) -> Iterator[str | int]:
    for step in _STEP.finditer(path):
        if step["key"] is not None:
            yield step["key"]
        else:
            yield int(step["index"]) if step["index"].isdigit() else 0


def _value_at(values: Any, steps: Sequence[str | int]) -> object:
    for step in steps:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return values
    return values


def _type_at(node: inspect.Type, steps: Sequence[str | int]) -> tuple[inspect.Type, str]:
    """Return the type of the value at `steps`, and what it is in words."""
    described = ""
    for step in steps:
        node = _bare(node)
        described = ""
        if isinstance(step, int):
            node = getattr(node, "item_type", node)
        else:
            fields = {f.encode_name: f.type for f in getattr(_struct(node), "fields", ())}
            node = fields.get(step, getattr(node, "value_type", node))
        if isinstance(node, inspect.Metadata):
            described = (node.extra_json_schema or {}).get("description", "")
    bare = _bare(node)
    return bare, described or _words(bare)


def _bare(node: inspect.Type) -> inspect.Type:
    """Return a type without its description, and an optional one without None."""
    if isinstance(node, inspect.Metadata):
        return _bare(node.type)
    if isinstance(node, inspect.UnionType):
        others = [kind for kind in node.types if not isinstance(kind, inspect.NoneType)]
        structs = [kind for kind in others if isinstance(kind, inspect.StructType)]
        if len(others) == 1 or structs:
            return _bare((structs or others)[0])
    return node


def _struct(node: inspect.Type) -> inspect.Type:
    return _bare(node)


def _words(node: inspect.Type) -> str:
    for kind, words in _PLAIN:
        if isinstance(node, kind):
            return words
    if isinstance(node, inspect.LiteralType):
        return f"one of {', '.join(str(choice) for choice in node.values if choice != '')}"
    if isinstance(node, inspect.UnionType):
        return " or ".join(_words(_bare(kind)) for kind in node.types)
    item = getattr(node, "item_type", None)
    if item is not None:
        inner = _bare(item)
        if isinstance(inner, inspect.StrType):
            return "a list of texts in quotes"
        return "a list of tables" if isinstance(inner, inspect.StructType) else "a list"
    return "another kind of value"
