"""Brian2 expressions taken apart: the names in them, and the parts of a conjunction."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Set

__all__ = ["conjunction", "conjuncts", "names_in"]


def names_in(expression: str | ast.AST, except_in_calls_of: Set[str] = frozenset()) -> set[str]:
    """Names of variables and functions in an expression, without those in the calls of some functions."""
    node = ast.parse(expression, mode="eval") if isinstance(expression, str) else expression
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in except_in_calls_of:
        return set()
    inner = [names_in(child, except_in_calls_of) for child in ast.iter_child_nodes(node)]
    return set().union({node.id} if isinstance(node, ast.Name) else (), *inner)


def conjuncts(expression: str) -> list[ast.expr]:
    """Return the parts of ``A and B and ...``, or the expression itself."""
    tree = ast.parse(expression, mode="eval").body
    return tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]


def conjunction(parts: Iterable[ast.expr]) -> str:
    """Join parts to ``(A) and (B) and ...``; nothing at all is true."""
    return " and ".join(f"({ast.unparse(part)})" for part in parts) or "True"
