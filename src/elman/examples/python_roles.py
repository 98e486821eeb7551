"""The role of each identifier of a Python source, from its syntax tree.

The role depends first on the node (stored, called, after a dot, imported, in a signature), then on
how the file uses the same name elsewhere, and last on PEP 8, where a CapitalizedWord is a class.
"""

from __future__ import annotations

import ast
import builtins
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_BUILTINS = frozenset(dir(builtins))
_CAPITALIZED_WORD = re.compile(r"_*[A-Z][A-Z0-9]*[a-z]")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class IdentifierUse(NamedTuple):
    """The start of a token as in `ast`: lines from 1, columns in bytes of UTF-8 from 0."""

    line: int
    column: int


def roles_of_identifiers(tree: ast.Module) -> dict[IdentifierUse, str]:
    """The role of the identifier at each position: `attribute`, `builtin`, `class`, `decorator`,
    `function`, `module`, `parameter` or `variable`.

    Identifiers without a node are missing: those after `def`, `class` and `except ... as`, those of
    `global` and `nonlocal`, and modules where they are imported.
    """
    roles = _Roles(tree)
    roles.visit(tree)
    return roles.by_position


class _Roles(ast.NodeVisitor):
    """Visits parents before their children; the first role of a position wins."""

    def __init__(self, tree: ast.Module) -> None:
        self.by_position: dict[IdentifierUse, str] = {}
        self.known = _known_names(tree)
        self.shadows = [set(_stored(tree.body))]  # the names stored in each open scope

    def of_name(self, name: str, otherwise: str) -> str:
        """The role of a name that is read; `otherwise` if nothing determines it."""
        if any(name in stored for stored in self.shadows[1:]):
            return otherwise
        if name in self.known:
            return self.known[name]
        if name in _BUILTINS and name not in self.shadows[0]:
            return "builtin"
        return "class" if _CAPITALIZED_WORD.match(name) else otherwise

    def give(self, node: ast.expr, role: str) -> None:
        """Give a role to a name, or to the last name of a dotted one; ignore other nodes."""
        if isinstance(node, ast.Name):
            self.give_at(node.lineno, node.col_offset, role)
        elif isinstance(node, ast.Attribute):
            self.give_end(node, node.attr, role)

    def give_at(self, line: int, column: int, role: str) -> None:
        self.by_position.setdefault(IdentifierUse(line, column), role)

    def give_end(self, node: ast.expr | ast.alias, name: str, role: str) -> None:
        """Give a role to the name at the end of a node."""
        assert node.end_lineno is not None  # ast.parse sets every position
        assert node.end_col_offset is not None
        self.give_at(node.end_lineno, node.end_col_offset - len(name.encode()), role)

    @contextmanager
    def scope(self, arguments: ast.arguments, body: Iterable[ast.AST]) -> Iterator[None]:
        names = {node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg)}
        self.shadows.append(names.union(_stored(body)))
        yield
        self.shadows.pop()

    # The methods that ast.NodeVisitor calls are named after its nodes.

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.give(node, self.of_name(node.id, "variable"))
        else:
            self.give(node, "class" if _CAPITALIZED_WORD.match(node.id) else "variable")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.give(node, "class" if _CAPITALIZED_WORD.match(node.attr) else "attribute")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        self.use(node.func, "function")
        self.generic_visit(node)

    def use(self, node: ast.expr, role: str) -> None:
        """Give a role to an expression used as a function or a class; capitals mean a class."""
        if isinstance(node, ast.Name):
            self.give(node, self.of_name(node.id, role))
        elif isinstance(node, ast.Attribute):
            self.give(node, "class" if _CAPITALIZED_WORD.match(node.attr) else role)
        elif isinstance(node, ast.Tuple):
            for each in node.elts:
                self.use(each, role)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.use(node.type, "class")
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.decorate(node.decorator_list)
        for base in node.bases:
            self.use(base, "class")
        self.generic_visit(node)

    def visit_FunctionDef(self, node: _Function) -> None:
        self.decorate(node.decorator_list)
        with self.scope(node.args, node.body):
            self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        with self.scope(node.args, [node.body]):
            self.generic_visit(node)

    def decorate(self, decorators: list[ast.expr]) -> None:
        for each in decorators:
            self.give(each.func if isinstance(each, ast.Call) else each, "decorator")

    def visit_arg(self, node: ast.arg) -> None:
        self.give_at(node.lineno, node.col_offset, "parameter")
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg is not None:
            self.give_at(node.lineno, node.col_offset, "parameter")
        self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            role = self.of_name(alias.asname or alias.name, "variable")
            self.give_at(alias.lineno, alias.col_offset, role)
            if alias.asname is not None:
                self.give_end(alias, alias.asname, role)


def _known_names(tree: ast.Module) -> dict[str, str]:
    """The roles of the names that a file defines or imports anywhere.

    A name imported from a module is a class if it is a CapitalizedWord, a function if it is called
    anywhere, and a variable otherwise; a name imported from a bare package is a module.
    """
    known: dict[str, str] = {}
    imported: dict[str, str] = {}  # local name -> original name
    called: set[str] = set()
    methods: set[ast.AST] = set()  # used as attributes
    for node in ast.walk(tree):  # visits a class before its body
        if isinstance(node, ast.ClassDef):
            known[node.name] = "class"
            methods.update(node.body)
        elif isinstance(node, _Function) and node not in methods:
            known[node.name] = "function"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                known[alias.asname or alias.name.split(".")[0]] = "module"
        elif isinstance(node, ast.ImportFrom):
            names = {alias.asname or alias.name: alias.name for alias in node.names}
            if node.module is None:
                known |= dict.fromkeys(names, "module")
            imported |= names
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called.add(node.func.id)
    for name in imported.keys() - known.keys():
        kind = "function" if name in called else "variable"
        known[name] = "class" if _CAPITALIZED_WORD.match(imported[name]) else kind
    return known


def _stored(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names stored in one scope, without nested scopes."""
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not isinstance(node, ast.ClassDef | ast.Lambda | _Function):
            yield from _stored(ast.iter_child_nodes(node))
