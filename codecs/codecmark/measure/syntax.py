"""Digests of source code that do not depend on where a module of one's own package lives.

Comments and docstrings cost nothing. An import from the own package is replaced by what it
reaches: the name, and the digest of the module that it comes from. So a module that is moved or
renamed leaves the digests of all that import it as they were, and an import that reaches other
code changes them.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable
from typing import NamedTuple


class Reached(NamedTuple):
    """What an import of a dotted name reaches: a module, or a name inside one."""

    digest: str
    is_module: bool


Resolve = Callable[[str], Reached | None]  # None for what is not of the own package


def digest(tree: ast.Module, resolve: Resolve) -> str:
    """Return the digest of a module; the tree is changed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:]
    imports = _Imports(resolve)
    imports.visit(tree)
    _ModuleNames(imports.modules).visit(tree)
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


class _Imports(ast.NodeTransformer):
    """Replaces imports from the own package."""

    def __init__(self, resolve: Resolve) -> None:
        self.modules: dict[str, str] = {}
        self._resolve = resolve

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        if node.level or not node.module:
            return node
        return self._replaced(
            node, [(alias, f"{node.module}.{alias.name}") for alias in node.names]
        )

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        return self._replaced(node, [(alias, alias.name) for alias in node.names])

    def _replaced(self, node: ast.stmt, aliases: list[tuple[ast.alias, str]]) -> ast.stmt:
        found = [(alias, self._resolve(name)) for alias, name in aliases]
        if all(reached is None for _, reached in found):
            return node
        texts = []
        for alias, reached in found:
            local = alias.asname or alias.name
            if reached is None:
                texts.append(f"{alias.name} {local}")
            elif reached.is_module:
                self.modules[local] = reached.digest
            else:
                texts.append(f"{alias.name} {local} {reached.digest}")
        return ast.Expr(ast.Constant("import " + ", ".join(texts)))


class _ModuleNames(ast.NodeTransformer):
    """Replaces the local names of modules of the own package."""

    def __init__(self, modules: dict[str, str]) -> None:
        self._modules = modules

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._modules:
            return ast.Constant(f"module {self._modules[node.id]}")
        return node
