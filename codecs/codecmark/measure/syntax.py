"""Digests of source code that do not depend on where a module of one's own package lives.

Comments and docstrings cost nothing. An import from the own package is replaced by what it
reaches: the name, and the digest of the module that it comes from. So a module that is moved or
renamed leaves the digests of all that import it as they were, and an import that reaches other
code changes them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from codecmark.system.digest import text_sha256


class Reached(NamedTuple):
    """What an import of a dotted name reaches: a module, or a name inside one."""

    digest: str
    is_module: bool


Resolve = Callable[[str], Reached | None]  # None for what is not of the own package


def digest(tree: ast.Module, resolve: Resolve) -> str:
    """Return the digest of a module; the tree is changed."""
    return text_sha256(text(tree, resolve))


def text(tree: ast.Module, resolve: Resolve) -> str:
    """Return the tree as text, with the digests that `resolve` gives; the tree is changed."""
    nodes = list(ast.walk(tree))  # once, and nodes change in place: trees are large
    modules: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            if ast.get_docstring(node, clean=False):
                node.body = node.body[1:]
        elif isinstance(node, ast.Import):
            _replace(node, [(alias, resolve(alias.name)) for alias in node.names], modules)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            named = [(alias, resolve(f"{node.module}.{alias.name}")) for alias in node.names]
            _replace(node, named, modules)
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in modules:
            _become(node, ast.Constant(f"module {modules[node.id]}"))
    return ast.dump(tree)


def _replace(
    node: ast.stmt, aliases: list[tuple[ast.alias, Reached | None]], modules: dict[str, str]
) -> None:
    """Replace an import from the own package; add the modules that it names to `modules`."""
    if all(reached is None for _, reached in aliases):
        return
    texts = []
    for alias, reached in aliases:
        local = alias.asname or alias.name
        if reached is None:
            texts.append(f"{alias.name} {local}")
        elif reached.is_module:
            modules[local] = reached.digest
        else:
            texts.append(f"{alias.name} {local} {reached.digest}")
    _become(node, ast.Expr(ast.Constant("import " + ", ".join(texts))))


def _become(node: ast.AST, other: ast.AST) -> None:
    node.__class__ = type(other)
    vars(node).update(vars(other))
