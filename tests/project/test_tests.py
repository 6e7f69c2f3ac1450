"""No test that cannot fail: each one asserts something, itself or through what it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from places import LONGEST_FIRST, TESTS

CHECKS = {"raises", "warns", "fail", "check_returncode"}


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in sorted(TESTS.rglob("*.py"))}


def functions(modules: Iterable[ast.Module]) -> Iterator[ast.FunctionDef]:
    for tree in modules:
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def called(node: ast.AST) -> str:
    """The last name of what a call calls; empty for any other node."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def is_constant(node: ast.Assert) -> bool:
    """`assert True`, or `assert (value, "message")`, which holds for any value."""
    return isinstance(node.test, ast.Constant | ast.Tuple)


def asserting(modules: Iterable[ast.Module]) -> set[str]:
    """Names of the functions that assert something, or call one that does."""
    names: set[str] = set()
    callees: dict[str, set[str]] = {}
    for function in functions(modules):
        nodes = list(ast.walk(function))
        called_names = {called(node) for node in nodes}
        callees.setdefault(function.name, set()).update(called_names)
        if (
            any(isinstance(node, ast.Assert) and not is_constant(node) for node in nodes)
            or not called_names.isdisjoint(CHECKS)
            or any(name.startswith("assert_") for name in called_names)
        ):
            names.add(function.name)
    while more := {name for name, others in callees.items() if others & names} - names:
        names |= more
    return names


def toothless(modules: Iterable[ast.Module]) -> list[str]:
    """Describe each test that cannot fail, and each check that proves nothing."""
    modules = list(modules)
    helpers = asserting(modules)
    problems = []
    for function in functions(modules):
        if function.name.startswith("test_") and function.name not in helpers:
            problems.append(f"{function.name} asserts nothing")
        for node in ast.walk(function):
            if isinstance(node, ast.Assert) and is_constant(node):
                problems.append(f"{function.name}: {ast.unparse(node)}")
            if called(node) == "raises" and isinstance(node, ast.Call) and node.args:
                kind = ast.unparse(node.args[0])
                if kind in {"Exception", "BaseException"}:
                    problems.append(
                        f"{function.name}: raises({kind}) takes any mistake for success"
                    )
    return problems


def test_every_test_can_fail() -> None:
    assert len(trees()) > 50
    assert toothless(trees().values()) == []


@pytest.mark.parametrize(
    ("source", "problems"),
    [
        ("def test_a():\n    f()", ["test_a asserts nothing"]),
        ("def test_a():\n    with suppress(E):\n        f()", ["test_a asserts nothing"]),
        ("def test_a():\n    assert f()", []),
        ("def g():\n    assert f()\ndef test_a():\n    g()", []),
        ("def test_a():\n    with pytest.raises(ValueError):\n        f()", []),
        ("def test_a():\n    np.testing.assert_allclose(f(), 1)", []),
        ("def test_a():\n    assert True", ["test_a asserts nothing", "test_a: assert True"]),
        (
            "def test_a():\n    with pytest.raises(Exception):\n        f()",
            ["test_a: raises(Exception) takes any mistake for success"],
        ),
    ],
)
def test_what_is_found(source: str, problems: list[str]) -> None:
    assert toothless([ast.parse(source)]) == problems


def test_the_files_that_come_first_are_there() -> None:
    assert set(LONGEST_FIRST) <= {path.name for path in trees()}
